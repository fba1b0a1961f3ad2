import { NETWORK, type Tolerance, type Tolerances } from "./compare.ts";

/*
 * What a container may do, field by field. Docker Engine API, ContainerInspect; the names of HostConfig as in moby
 * `api/types/container/hostconfig.go`. Not in a table, and so equal in any case: what changes rights in either way
 * (namespaces, cgroup, user, entrypoint, image, runtime, `SecurityOpt`, `CapDrop`, `ReadonlyRootfs`), and whatever a
 * later engine adds.
 */

/** Where the log is sent, if not to this host. */
export const LOG = "the log's receiver";
/** Which of the variables that move the container has. */
export const DELIVERED = "delivered";

const each = (fields: readonly string[], tolerance: Tolerance): Tolerances =>
  Object.fromEntries(fields.map((field) => [field, tolerance]));
const host = (...names: readonly string[]): string[] => names.map((name) => `HostConfig.${name}`);
const config = (...names: readonly string[]): string[] => names.map((name) => `Config.${name}`);

/** Nothing but fewer rights: what hides more of the host takes rights away. */
export const AS_IT_WAS: Tolerances = each(host("MaskedPaths", "ReadonlyPaths"), "may grow");

/** No more rights, whatever else the container has become. */
export const NO_MORE_RIGHTS: Tolerances = {
  ...AS_IT_WAS,
  ...each(
    [
      ...host("Privileged", "CapAdd", "Devices", "DeviceRequests", "DeviceCgroupRules", "GroupAdd", "Sysctls"),
      ...host("VolumesFrom", "PortBindings", "PublishAllPorts", "Links"),
      ...["Mounts", LOG],
    ],
    "may shrink",
  ),
  [NETWORK]: "may change",
  ...each(
    [
      ...config("Hostname", "Domainname", "Tty", "OpenStdin", "StdinOnce", "Env", "Cmd", "Healthcheck", "ArgsEscaped"),
      ...config("Image", "WorkingDir", "NetworkDisabled", "OnBuild", "Labels", "StopSignal", "StopTimeout", "Shell"),
      ...config("ExposedPorts"),
      ...host("RestartPolicy", "AutoRemove", "Annotations", "LogConfig", "Init", "StorageOpt", "Tmpfs", "ShmSize"),
      ...host("VolumeDriver", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "OomScoreAdj", "OomKillDisable"),
      ...host("Memory", "MemoryReservation", "MemorySwap", "MemorySwappiness", "KernelMemory", "KernelMemoryTCP"),
      ...host("NanoCpus", "CpuShares", "CpuPeriod", "CpuQuota", "CpuRealtimePeriod", "CpuRealtimeRuntime", "CpuCount"),
      ...host("CpuPercent", "CpusetCpus", "CpusetMems", "PidsLimit", "Ulimits", "DiskQuota"),
      ...host("BlkioWeight", "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps"),
      ...host("BlkioDeviceReadIOps", "BlkioDeviceWriteIOps", "IOMaximumIOps", "IOMaximumBandwidth"),
      DELIVERED,
    ],
    "may differ",
  ),
};

/** Fields that the engine fills in according to its configuration and version. */
export const FILLED: ReadonlySet<string> = new Set([
  ...host("LogConfig", "Ulimits", "Init", "ShmSize", "MaskedPaths", "ReadonlyPaths", "OomScoreAdj", "OomKillDisable"),
  LOG,
]);

/** Whether rights depend on single items of a field. */
export const countsByItem = (field: string): boolean =>
  ["may shrink", "may grow"].includes(NO_MORE_RIGHTS[field] ?? "");
