import {
  repeatedFlag,
  optionalFlag,
  csvRecord,
  type FlagInput,
  type Dictionary,
} from "../../../src/engine/run-flags.ts";

type MountSpec = {
  readonly Type?: string;
  readonly Source?: string;
  readonly Target?: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: Dictionary<unknown> | null;
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Subpath?: string;
    readonly Labels?: Dictionary<string> | null;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Dictionary<string> | null } | null;
  } | null;
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number; readonly Options?: unknown } | null;
  readonly ImageOptions?: { readonly Subpath?: string } | null;
};

/**
 * The flags of volumes, binds, mounts and tmpfs. A path of `Config.Volumes` is listed beside the volume that holds its
 * data.
 */
export function storageFlags({ config, host, cannot }: FlagInput): string[] {
  const tmpfs = Object.entries((host["Tmpfs"] ?? {}) as Dictionary<string>);
  return [
    ...Object.keys(config.Volumes ?? {}).flatMap((path) => ["-v", path]),
    ...repeatedFlag("-v", host.Binds),
    ...repeatedFlag("--mount", host.Mounts, (mount: MountSpec) => csvRecord(mountFields(mount, cannot))),
    ...tmpfs.flatMap(([path, options]) => ["--tmpfs", options === "" ? path : `${path}:${options}`]),
    ...repeatedFlag("--volumes-from", host.VolumesFrom),
    ...optionalFlag("--volume-driver", host["VolumeDriver"]),
  ];
}

const RECURSIVE = {
  NonRecursive: "disabled",
  ReadOnlyNonRecursive: "writable",
  ReadOnlyForceRecursive: "readonly",
} as const;

/** As docker/cli opts/mount.go parses them. */
function mountFields(mount: MountSpec, cannot: FlagInput["cannot"]): string[] {
  const { Type = "volume", Source = "", Target = "", ReadOnly, Consistency = "" } = mount;
  if (mount.BindOptions?.["CreateMountpoint"] === true)
    cannot(`that the folder mounted at ${Target} is made where it is missing`);
  if (mount.TmpfsOptions?.Options) cannot(`the options of the tmpfs at ${Target}`);
  return [
    `type=${Type}`,
    ...field("source", Source),
    `target=${Target}`,
    ...(ReadOnly ? ["readonly"] : []),
    ...field("consistency", Consistency),
    ...bindFields(mount.BindOptions),
    ...volumeFields(mount.VolumeOptions),
    ...tmpfsFields(mount.TmpfsOptions),
    ...field("image-subpath", mount.ImageOptions?.Subpath),
  ];
}

const field = (name: string, value: unknown): string[] =>
  typeof value === "string" && value !== "" ? [`${name}=${value}`] : [];
const map = (name: string, values: Dictionary<string> | null | undefined): string[] =>
  Object.entries(values ?? {}).map(([key, value]) => `${name}=${key}=${value}`);

function bindFields(bind: MountSpec["BindOptions"]): string[] {
  // The client requires the propagation, which is what the engine then uses anyway.
  const forced = bind?.["ReadOnlyForceRecursive"] === true;
  // One field each: every one of them sets another switch.
  const recursive = Object.entries(RECURSIVE).filter(([key]) => bind?.[key] === true);
  return [
    ...field("bind-propagation", bind?.["Propagation"] || (forced ? "rprivate" : "")),
    ...recursive.map(([, how]) => `bind-recursive=${how}`),
  ];
}

const volumeFields = (volume: MountSpec["VolumeOptions"]): string[] => [
  ...(volume?.NoCopy ? ["volume-nocopy"] : []),
  ...field("volume-subpath", volume?.Subpath),
  ...map("volume-label", volume?.Labels),
  ...field("volume-driver", volume?.DriverConfig?.Name),
  ...map("volume-opt", volume?.DriverConfig?.Options),
];

const tmpfsFields = (tmpfs: MountSpec["TmpfsOptions"]): string[] => [
  ...(tmpfs?.SizeBytes ? [`tmpfs-size=${tmpfs.SizeBytes}`] : []),
  ...(tmpfs?.Mode ? [`tmpfs-mode=${tmpfs.Mode.toString(8)}`] : []),
];
