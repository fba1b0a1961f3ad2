import { repeatedFlag, optionalFlag, keyValueFlags, type FlagInput } from "../../../src/engine/run-flags.ts";

/** The engine's size of /dev/shm (moby daemon/config, DefaultShmSize). */
const SHM = 64 * 1024 * 1024;

/** The flags for how a container is kept running, its rights, what it shares, and its user. */
export function hostFlags(made: FlagInput): string[] {
  const { host, info } = made;
  const { Name = "", MaximumRetryCount = 0 } = host.RestartPolicy ?? {};
  const init = host["Init"];
  return [
    ...(Name === "" || Name === "no"
      ? []
      : ["--restart", MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name]),
    ...optionalFlag("--rm", host.AutoRemove),
    ...(init === false ? ["--init=false"] : optionalFlag("--init", init)),
    ...optionalFlag("--privileged", host["Privileged"]),
    ...optionalFlag("--read-only", host["ReadonlyRootfs"]),
    ...repeatedFlag("--cap-add", host["CapAdd"]),
    ...repeatedFlag("--cap-drop", host["CapDrop"]),
    ...repeatedFlag("--group-add", host["GroupAdd"]),
    ...security(made),
    ...(host["ShmSize"] === SHM ? [] : optionalFlag("--shm-size", host["ShmSize"])),
    ...unless("--ipc", host.IpcMode, "private"),
    ...optionalFlag("--pid", host.PidMode),
    ...optionalFlag("--uts", host["UTSMode"]),
    ...optionalFlag("--userns", host["UsernsMode"]),
    // Private is the default on cgroup v2, host on v1 (moby daemon/config, DefaultCgroupNamespaceMode).
    ...unless("--cgroupns", host["CgroupnsMode"], info["CgroupVersion"] === "1" ? "host" : "private"),
    ...optionalFlag("--cgroup-parent", host["CgroupParent"]),
    ...logging(made),
    ...keyValueFlags("--annotation", host.Annotations),
    ...unless("--runtime", host.Runtime, info.DefaultRuntime ?? "runc"),
    ...unless("--isolation", host["Isolation"], "default"),
    ...keyValueFlags("--storage-opt", host["StorageOpt"]),
  ];
}

function unless(name: string, value: unknown, usual: string): string[] {
  return value === usual ? [] : optionalFlag(name, value);
}

/** The driver is named together with its options. */
function logging({ host, info }: FlagInput): string[] {
  const { Type = "", Config } = host.LogConfig ?? {};
  const usual = Type === (info["LoggingDriver"] ?? "json-file") && Object.keys(Config ?? {}).length === 0;
  return usual ? [] : [...optionalFlag("--log-driver", Type), ...keyValueFlags("--log-opt", Config)];
}

/**
 * What the engine hides and write-protects by default (moby oci/defaults.go); newer ones also hide the optional paths.
 */
const MASKED = ["asound", "acpi", "kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi"]
  .map((name) => `/proc/${name}`)
  .concat("/sys/firmware");
const MASKED_BY_SOME =
  /^(\/proc\/interrupts|\/sys\/devices\/(virtual\/powercap|system\/cpu\/cpu\d+\/thermal_throttle))$/;
const READONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `/proc/${name}`);

function security({ host, cannot }: FlagInput): string[] {
  const options = ((host["SecurityOpt"] ?? []) as readonly string[]).filter((option) => {
    // The client reads a file and sends its content (docker/cli cli/command/container/opts.go, parseSecurityOpts).
    const profile = /^seccomp[=:]\s*\{/.test(option);
    if (profile) cannot("its seccomp profile: save it to a file and add --security-opt seccomp=FILE");
    return !profile;
  });
  const open = host["Privileged"] === true;
  const masked = host["MaskedPaths"] as readonly string[] | null | undefined;
  const readonly = host["ReadonlyPaths"] as readonly string[] | null | undefined;
  if (masked?.length === 0 && readonly?.length === 0) options.push("systempaths=unconfined");
  else if (!usual(masked, open ? [] : MASKED, MASKED_BY_SOME) || !usual(readonly, open ? [] : READONLY, /^$/))
    cannot("its own lists of hidden and write-protected paths (MaskedPaths, ReadonlyPaths)");
  return options.flatMap((option) => ["--security-opt", option]);
}

function usual(paths: readonly string[] | null | undefined, all: readonly string[], some: RegExp): boolean {
  if (!paths) return true;
  return all.every((path) => paths.includes(path)) && paths.every((path) => all.includes(path) || some.test(path));
}
