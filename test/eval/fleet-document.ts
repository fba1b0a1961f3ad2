import type { Random } from "./tools/random.ts";
import { SERVICES } from "./tools/words.ts";

/** What differs between the containers of a fleet. Commands are as rows have them: a line, or JSON of the words. */
export type Parts = {
  readonly image: string;
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly cmd: string | undefined;
  readonly entrypoint: string | undefined;
  readonly health: string | undefined;
};

/** One element of what `docker inspect CONTAINER` prints. */
export function containerDocument(random: Random, name: string, parts: Parts): object {
  const id = random.hex(64);
  const project = random.pick(SERVICES);
  const entrypoint = words(parts.entrypoint);
  const cmd = words(parts.cmd) ?? (entrypoint === null ? ["/docker-entrypoint.sh", "run"] : null);
  const argv = [...(entrypoint ?? []), ...(cmd ?? [])];
  const folder = `/var/lib/docker/containers/${id}`;
  const health =
    parts.health === undefined
      ? {}
      : { Healthcheck: { Test: test(parts.health), Interval: 30_000_000_000, Timeout: 5_000_000_000, Retries: 3 } };
  const composed = [
    ["com.docker.compose.project", project],
    ["com.docker.compose.service", name],
    ["com.docker.compose.config-hash", random.hex(64)],
    ["com.docker.compose.version", "2.29.7"],
  ] as const;
  return {
    Id: id,
    Created: `2025-0${random.int(1, 9)}-1${random.int(0, 9)}T08:15:42.${random.of("d", 9)}Z`,
    Path: argv[0],
    Args: argv.slice(1),
    State: {
      Status: "running",
      Running: true,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: random.int(900, 99_999),
      ExitCode: 0,
      Error: "",
      StartedAt: "2025-09-21T08:15:43.123456789Z",
      FinishedAt: "0001-01-01T00:00:00Z",
    },
    Image: `sha256:${random.hex(64)}`,
    ResolvConfPath: `${folder}/resolv.conf`,
    HostnamePath: `${folder}/hostname`,
    HostsPath: `${folder}/hosts`,
    LogPath: `${folder}/${id}-json.log`,
    Name: `/${name}`,
    RestartCount: 0,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "docker-default",
    ExecIDs: null,
    HostConfig: hostConfig(random, project),
    GraphDriver: { Data: layers(random), Name: "overlay2" },
    Mounts: [
      {
        Type: "volume",
        Name: `${project}_data`,
        Source: `/var/lib/docker/volumes/${project}_data/_data`,
        Destination: "/data",
        Driver: "local",
        Mode: "z",
        RW: true,
        Propagation: "",
      },
    ],
    Config: {
      Hostname: id.slice(0, 12),
      Domainname: "",
      User: "",
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      ExposedPorts: { "8080/tcp": {} },
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: parts.env.map(([key, value]) => `${key}=${value}`),
      Cmd: cmd,
      ...health,
      Image: `${parts.image}:latest`,
      Volumes: null,
      WorkingDir: "/app",
      Entrypoint: entrypoint,
      OnBuild: null,
      Labels: Object.fromEntries([...composed, ...parts.labels]),
    },
    NetworkSettings: network(random, project, name),
  };
}

function hostConfig(random: Random, project: string): object {
  return {
    Binds: [`${project}_data:/data:z`],
    ContainerIDFile: "",
    LogConfig: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
    NetworkMode: `${project}_default`,
    PortBindings: { "8080/tcp": [{ HostIp: "", HostPort: String(random.int(20_000, 60_000)) }] },
    RestartPolicy: { Name: "unless-stopped", MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: "",
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: "private",
    Dns: [],
    ExtraHosts: [],
    IpcMode: "private",
    Privileged: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    ShmSize: 67_108_864,
    Runtime: "runc",
    Memory: 536_870_912,
    NanoCpus: 0,
    MaskedPaths: ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list"],
    ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
  };
}

function layers(random: Random): object {
  const folder = (): string => `/var/lib/docker/overlay2/${random.hex(64)}`;
  const own = folder();
  return {
    LowerDir: `${own}-init/diff:${folder()}/diff:${folder()}/diff`,
    MergedDir: `${own}/merged`,
    UpperDir: `${own}/diff`,
    WorkDir: `${own}/work`,
  };
}

function network(random: Random, project: string, name: string): object {
  const address = `172.${random.int(17, 31)}.0.${random.int(2, 250)}`;
  return {
    SandboxID: random.hex(64),
    SandboxKey: `/var/run/docker/netns/${random.hex(12)}`,
    Ports: { "8080/tcp": null },
    Networks: {
      [`${project}_default`]: {
        IPAMConfig: null,
        Links: null,
        Aliases: [name],
        DriverOpts: null,
        NetworkID: random.hex(64),
        EndpointID: random.hex(64),
        Gateway: "172.18.0.1",
        IPAddress: address,
        IPPrefixLen: 16,
        MacAddress: "02:42:ac:12:00:03",
        DNSNames: [name],
      },
    },
  };
}

function words(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  return text.startsWith("[") ? (JSON.parse(text) as string[]) : ["/bin/sh", "-c", text];
}

/** `Test` of a health check, from `CMD-SHELL …` or the words. */
function test(text: string): string[] {
  return text.startsWith("[") ? (JSON.parse(text) as string[]) : ["CMD-SHELL", text.replace(/^CMD-SHELL /, "")];
}
