import { repeatedFlag, optionalFlag, keyValueFlags, csvRecord, type FlagInput } from "../../../src/engine/run-flags.ts";
import { trimEndOf } from "../../../src/kit/text/trim.ts";

type Rate = { readonly Path?: string; readonly Rate?: number; readonly Weight?: number };
type Device = {
  readonly PathOnHost?: string;
  readonly PathInContainer?: string;
  readonly CgroupPermissions?: string;
};
type Ulimit = { readonly Name?: string; readonly Soft?: number; readonly Hard?: number };
type DeviceRequest = {
  readonly Driver?: string;
  readonly Count?: number;
  readonly DeviceIDs?: readonly string[] | null;
  readonly Capabilities?: readonly (readonly string[])[] | null;
  readonly Options?: { readonly [key: string]: string } | null;
};

const RATES = [
  ["--device-read-bps", "BlkioDeviceReadBps"],
  ["--device-write-bps", "BlkioDeviceWriteBps"],
  ["--device-read-iops", "BlkioDeviceReadIOps"],
  ["--device-write-iops", "BlkioDeviceWriteIOps"],
] as const;

/** The flags for memory, processors, disks, processes, kernel settings and devices. */
export function limitFlags({ host, cannot }: FlagInput): string[] {
  if (host["KernelMemoryTCP"]) cannot("the limit of the kernel's TCP memory");
  const disks = RATES.filter(([, key]) => ((host[key] ?? []) as readonly unknown[]).length > 0);
  // docker/cli issue 5321.
  if (disks.length > 0) cannot("the speed limits of disks with clients from 23.0 to 27.1.1, which drop them silently");
  const rate = ({ Path, Rate, Weight }: Rate): string => `${Path ?? ""}:${Rate ?? Weight ?? 0}`;
  const memory = Number(host["Memory"] ?? 0);
  const swappiness = host["MemorySwappiness"];
  return [
    ...optionalFlag("--memory", memory),
    // Twice the memory is the engine's default (moby daemon/daemon_unix.go, adaptContainerSettings).
    ...(memory > 0 && host["MemorySwap"] === memory * 2 ? [] : optionalFlag("--memory-swap", host["MemorySwap"])),
    ...optionalFlag("--memory-reservation", host["MemoryReservation"]),
    // Zero is a value here; -1 is the client's word for none.
    ...(typeof swappiness === "number" && swappiness >= 0 ? ["--memory-swappiness", String(swappiness)] : []),
    ...optionalFlag("--kernel-memory", host["KernelMemory"]),
    ...optionalFlag("--oom-kill-disable", host["OomKillDisable"]),
    ...optionalFlag("--oom-score-adj", host["OomScoreAdj"]),
    ...optionalFlag("--pids-limit", host["PidsLimit"]),
    ...optionalFlag("--cpus", decimal(host["NanoCpus"])),
    ...optionalFlag("--cpu-shares", host["CpuShares"]),
    ...optionalFlag("--cpu-period", host["CpuPeriod"]),
    ...optionalFlag("--cpu-quota", host["CpuQuota"]),
    ...optionalFlag("--cpu-rt-period", host["CpuRealtimePeriod"]),
    ...optionalFlag("--cpu-rt-runtime", host["CpuRealtimeRuntime"]),
    ...optionalFlag("--cpuset-cpus", host["CpusetCpus"]),
    ...optionalFlag("--cpuset-mems", host["CpusetMems"]),
    ...optionalFlag("--cpu-count", host["CpuCount"]),
    ...optionalFlag("--cpu-percent", host["CpuPercent"]),
    ...optionalFlag("--io-maxiops", host["IOMaximumIOps"]),
    ...optionalFlag("--io-maxbandwidth", host["IOMaximumBandwidth"]),
    ...optionalFlag("--blkio-weight", host["BlkioWeight"]),
    ...repeatedFlag("--blkio-weight-device", host["BlkioWeightDevice"], rate),
    ...disks.flatMap(([name, key]) => repeatedFlag(name, host[key], rate)),
    ...repeatedFlag(
      "--ulimit",
      host["Ulimits"],
      ({ Name, Soft, Hard }: Ulimit) => `${Name ?? ""}=${Soft ?? 0}:${Hard ?? 0}`,
    ),
    ...keyValueFlags("--sysctl", host["Sysctls"]),
    ...repeatedFlag("--device", host["Devices"], device),
    ...repeatedFlag("--device-cgroup-rule", host["DeviceCgroupRules"]),
    ...((host["DeviceRequests"] ?? []) as readonly DeviceRequest[]).flatMap((one) => request(one, cannot)),
  ];
}

/** Billionths as a decimal number, without the errors of binary fractions: `1500000000` is `1.5`. */
function decimal(nano: unknown): string {
  if (typeof nano !== "number" || nano === 0) return "";
  const digits = String(nano).padStart(10, "0");
  return trimEndOf(trimEndOf(`${digits.slice(0, -9)}.${digits.slice(-9)}`, "0"), ".");
}

/** Podman leaves the permissions out. */
function device({ PathOnHost = "", PathInContainer = "", CgroupPermissions = "" }: Device): string {
  const mode = CgroupPermissions === "" || CgroupPermissions === "rwm" ? "" : `:${CgroupPermissions}`;
  return `${PathOnHost}${PathInContainer === PathOnHost && mode === "" ? "" : `:${PathInContainer || PathOnHost}`}${mode}`;
}

/** `--gpus` always asks for the capability `gpu` and takes one list of capabilities (docker/cli opts/gpus.go). */
function request(one: DeviceRequest, cannot: FlagInput["cannot"]): string[] {
  const { Driver = "", Count = 0 } = one;
  const ids = one.DeviceIDs ?? [];
  // The Container Device Interface: a device by its qualified name.
  if (Driver === "cdi") return ids.flatMap((id) => ["--device", id]);
  const [capabilities = [], ...others] = one.Capabilities ?? [];
  if (others.length > 0 || !capabilities.includes("gpu")) {
    cannot("devices asked for by capabilities other than a GPU's");
    return [];
  }
  const more = capabilities.filter((name) => name !== "gpu");
  const options = Object.entries(one.Options ?? {}).map(([key, value]) => `${key}=${value}`);
  const count = Count === -1 ? "all" : String(Count);
  const fields = [
    ...(Driver === "" ? [] : [`driver=${Driver}`]),
    ...(ids.length > 0 ? [`device=${ids.join(",")}`] : [`count=${count}`]),
    ...(more.length === 0 ? [] : [`capabilities=${more.join(",")}`]),
    ...(options.length === 0 ? [] : [`options=${csvRecord(options)}`]),
  ];
  return ["--gpus", fields.length === 1 && ids.length === 0 ? count : csvRecord(fields)];
}
