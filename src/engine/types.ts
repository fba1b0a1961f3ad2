import type { JsonObject } from "../kit/json-object.ts";
/**
 * The parts of Engine API documents that unsprawl reads. Everything else is passed through unchanged, so every document
 * also has an index signature. Source: Docker Engine API v1.41 to v1.45.
 */

export type Mount = JsonObject & {
  readonly Type: string;
  readonly Name?: string;
  /** Of a volume. */
  readonly Driver?: string;
  readonly Source?: string;
  readonly Destination: string;
  readonly RW?: boolean;
  readonly Mode?: string;
};

export type Healthcheck = JsonObject & {
  readonly Test?: readonly string[] | null;
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly Retries?: number;
  readonly StartPeriod?: number;
};

/** `Config` of a container or an image. */
export type RunConfig = JsonObject & {
  readonly Hostname?: string;
  readonly User?: string;
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Entrypoint?: readonly string[] | null;
  readonly Image?: string;
  readonly Labels?: { readonly [key: string]: string } | null;
  readonly Healthcheck?: Healthcheck | null;
  readonly OnBuild?: readonly string[] | null;
  readonly Volumes?: { readonly [path: string]: unknown } | null;
  readonly WorkingDir?: string;
  readonly StopTimeout?: number;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[] | null;
  readonly Tty?: boolean;
};

export type HostConfig = JsonObject & {
  readonly Binds?: readonly string[] | null;
  readonly Mounts?:
    | readonly (JsonObject & { readonly Type?: string; readonly Source?: string; readonly Target?: string })[]
    | null;
  readonly NetworkMode?: string;
  readonly IpcMode?: string;
  readonly PidMode?: string;
  readonly AutoRemove?: boolean;
  readonly Runtime?: string;
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number };
  readonly LogConfig?: { readonly Type?: string; readonly Config?: { readonly [key: string]: string } | null };
  readonly VolumesFrom?: readonly string[] | null;
  readonly Links?: readonly string[] | null;
  readonly Annotations?: { readonly [key: string]: string } | null;
  readonly PortBindings?: {
    readonly [port: string]: readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null;
  } | null;
};

export type NetworkEndpoint = JsonObject & {
  readonly IPAMConfig?: JsonObject | null;
  readonly Links?: readonly string[] | null;
  readonly Aliases?: readonly string[] | null;
  readonly DriverOpts?: { readonly [key: string]: string } | null;
  readonly NetworkID?: string;
  readonly EndpointID?: string;
  readonly MacAddress?: string;
  readonly GwPriority?: number;
};

export type ContainerDoc = JsonObject & {
  readonly Id: string;
  readonly Name: string;
  /** RFC 3339, UTC, to the nanosecond. */
  readonly Created?: string;
  readonly Image: string;
  readonly Platform?: string;
  readonly State: JsonObject & {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting?: boolean;
    readonly ExitCode?: number;
    readonly Pid?: number;
    readonly Error?: string;
    readonly StartedAt?: string;
    readonly Health?: {
      readonly Status: string;
      readonly Log?: readonly { readonly ExitCode?: number; readonly Output?: string }[] | null;
    } | null;
  };
  readonly RestartCount?: number;
  readonly Config: RunConfig;
  readonly HostConfig: HostConfig;
  readonly Mounts?: readonly Mount[] | null;
  readonly NetworkSettings?: {
    readonly Networks?: { readonly [name: string]: NetworkEndpoint } | null;
    readonly Ports?: { readonly [port: string]: unknown } | null;
  } | null;
};

/** The parts of Podman's own description of a container that unsprawl reads. Source: libpod/define/container_inspect.go. */
export type PodmanContainer = JsonObject & {
  readonly Name: string;
  /** The folder on the engine's host where Podman keeps the container's files. */
  readonly StaticDir: string;
  readonly Config: JsonObject & {
    readonly Env?: readonly string[] | null;
    /** Those that are mounted as files. */
    readonly Secrets?: readonly { readonly Name: string }[] | null;
  };
  readonly HostConfig: JsonObject & { readonly LogConfig?: JsonObject | null };
};

export type ImageDoc = JsonObject & {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Architecture?: string;
  readonly Os?: string;
  readonly Config?: RunConfig | null;
  readonly RootFS?: { readonly Layers?: readonly string[] | null } | null;
  readonly Size?: number;
};

export type HistoryLine = { readonly Id?: string; readonly CreatedBy?: string; readonly Comment?: string };

export type EngineInfo = JsonObject & {
  readonly ID: string;
  readonly Name: string;
  readonly DockerRootDir: string;
  readonly Runtimes?: { readonly [name: string]: { readonly path?: string; readonly runtimeArgs?: readonly string[] } };
  readonly DefaultRuntime?: string;
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
};

/** Whether Podman answers in the place of Docker: only its answer names the version of Buildah. */
export const isPodman = (info: EngineInfo): boolean => typeof info["BuildahVersion"] === "string";
