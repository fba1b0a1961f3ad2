import { existsSync } from "node:fs";
import type { Draw } from "../../support/draw.ts";
import type { Around, Drawn } from "./random.ts";

type Open = { readonly [key: string]: unknown };

const MIB = 2 ** 20;

/** A disk of this host, for limits on it; undefined where there is none. */
const disk = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/xvda"].find((path) => existsSync(path));

/** `HostConfig` of a random container: what fits together, as the engine would refuse the rest. */
export function randomHost(
  draw: Draw,
  state: Drawn["state"],
  around: Around,
  uts: string,
): { readonly [key: string]: unknown } {
  const share = `container:${around.helper}`;
  const networkMode = draw.one([
    ...["", "default", "bridge", "none", "host", share],
    ...around.networks.flatMap(({ name }) => [name, name]),
  ]);
  const pidMode = draw.chance(0.1) ? draw.one(["host", share]) : "";
  const bridged = !["none", "host", share].includes(networkMode);
  // A namespace's own settings cannot be set where the namespace is another's.
  const sysctls = networkMode === "host" || networkMode === share ? 0 : 0.15;
  return {
    ...(networkMode === "" ? {} : { NetworkMode: networkMode }),
    ...(pidMode === "" ? {} : { PidMode: pidMode }),
    ...limits(draw),
    ...storage(draw, around),
    ...draw.fields({
      PortBindings: [bridged ? 0.25 : 0, () => ports(draw)],
      PublishAllPorts: [bridged ? 0.1 : 0, () => true],
      RestartPolicy: [state === "restarting" ? 1 : 0.3, () => restart(draw, state)],
      Sysctls: [sysctls, () => ({ "net.ipv4.ip_unprivileged_port_start": String(draw.int(0, 1024)) })],
      Devices: [
        0.1,
        () => [{ PathOnHost: "/dev/null", PathInContainer: "/dev/other", CgroupPermissions: draw.one(["rwm", "r"]) }],
      ],
      DeviceCgroupRules: [0.1, () => draw.some(["c 1:3 rwm", "c 13:* r", "a 42:42 m"])],
      DeviceRequests: [
        state === "created" ? 0.3 : 0,
        () => [{ Driver: "none", Count: -1, Capabilities: [["gpu"]], Options: { a: "b" } }],
      ],
      CapAdd: [0.2, () => draw.some(["NET_ADMIN", "CAP_SYS_TIME", "SYS_PTRACE", "NET_BIND_SERVICE"])],
      CapDrop: [0.2, () => draw.some(["MKNOD", "AUDIT_WRITE", "CAP_NET_RAW"])],
      SecurityOpt: [
        0.2,
        () =>
          draw.some(
            [
              "no-new-privileges",
              "no-new-privileges:true",
              "seccomp=unconfined",
              "label=disable",
              'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
            ],
            2,
          ),
      ],
      GroupAdd: [0.15, () => draw.some(["1235", "4000"])],
      ReadonlyRootfs: [0.1, () => true],
      Privileged: [0.07, () => true],
      ShmSize: [0.15, () => draw.int(1, 64) * MIB],
      IpcMode: [0.2, () => draw.one(["private", "shareable", "host", "none", share])],
      UTSMode: [uts === "host" ? 1 : 0, () => uts],
      CgroupnsMode: [0.1, () => draw.one(["private", "host"])],
      UsernsMode: [0.05, () => "host"],
      Init: [0.3, () => draw.chance(0.7)],
      Dns: [bridged ? 0.15 : 0, () => draw.some(["10.9.9.9", "10.9.9.8"])],
      DnsSearch: [bridged ? 0.1 : 0, () => draw.one([["example.test"], ["."]])],
      DnsOptions: [bridged ? 0.1 : 0, () => ["ndots:2"]],
      ExtraHosts: [bridged ? 0.2 : 0, () => draw.some(["db:10.9.8.7", "gate:host-gateway", "six:fd00::7"])],
      LogConfig: [0.3, () => logging(draw)],
      Annotations: [0.1, () => ({ "com.example.note": draw.one(["1", "", "ü"]) })],
      Links: [
        networkMode === "" || networkMode === "default" || networkMode === "bridge" ? 0.2 : 0,
        () => [draw.one([around.helper, `${around.helper}:db`])],
      ],
      MaskedPaths: [0.08, () => draw.one([[], ["/proc/kcore"]])],
      ReadonlyPaths: [0.08, () => draw.one([[], ["/proc/sys"]])],
      Isolation: [0.1, () => draw.one(["", "default"])],
      ConsoleSize: [0.1, () => [draw.int(10, 60), draw.int(40, 200)]],
      Runtime: [0.1, () => draw.one(["runc", "io.containerd.runc.v2"])],
      CgroupParent: [0.05, () => "/unsprawl-test"],
      ContainerIDFile: [0.05, () => "/tmp/unsprawl-test.cid"],
      VolumeDriver: [0.05, () => "local"],
    }),
  };
}

function limits(draw: Draw): Open {
  const memory = draw.int(32, 128) * MIB;
  const [memoryToo, quota] = [draw.chance(0.2), draw.chance(0.5)];
  return {
    ...(memoryToo ? { Memory: memory } : {}),
    ...draw.fields({
      MemoryReservation: [0.1, () => 16 * MIB],
      MemorySwap: [memoryToo ? 0.5 : 0, () => draw.one([-1, memory, memory * 2])],
      MemorySwappiness: [0.1, () => draw.one([0, 60, 100, -1])],
      OomKillDisable: [memoryToo ? 0.2 : 0, () => draw.chance(0.5)],
      OomScoreAdj: [0.1, () => draw.one([-500, 100, 1000])],
      CpuShares: [0.1, () => draw.int(2, 1024)],
      NanoCpus: [quota ? 0.1 : 0, () => draw.one([5e8, 1e9])],
      CpuPeriod: [quota ? 0 : 0.15, () => 50_000],
      CpuQuota: [quota ? 0 : 0.15, () => draw.one([25_000, 50_000])],
      CpusetCpus: [0.1, () => draw.one(["0", "0-1", "0,1"])],
      CpusetMems: [0.05, () => "0"],
      BlkioWeight: [0.05, () => draw.int(10, 1000)],
      BlkioDeviceReadBps: [disk ? 0.05 : 0, () => [{ Path: disk, Rate: draw.int(1, 9) * MIB }]],
      BlkioDeviceWriteIOps: [disk ? 0.05 : 0, () => [{ Path: disk, Rate: draw.int(100, 900) }]],
      PidsLimit: [0.15, () => draw.one([0, -1, 100])],
      Ulimits: [
        0.2,
        () =>
          draw.some([
            { Name: "nofile", Soft: 1000, Hard: 2000 },
            { Name: "core", Soft: 0, Hard: 0 },
            { Name: "nproc", Soft: 500, Hard: 500 },
          ]),
      ],
    }),
  };
}

/** Each place is mounted at once only, as the engine refuses it twice. */
function storage(draw: Draw, around: Around): Open {
  let at = 0;
  const place = (): string => `/m${at++}${draw.one(["", "", "/deep", "/"])}`;
  const named = (): string => `rnd-volume-${draw.int(0, 9)}`;
  return draw.fields({
    Binds: [
      0.3,
      () =>
        Array.from({ length: draw.int(1, 3) }, () =>
          draw.one([
            () => place(),
            () => `${named()}:${place()}`,
            () => `${named()}:${place()}:${draw.one(["ro", "rw", "nocopy", "ro,nocopy", "z"])}`,
            () => `/usr/share:${place()}:${draw.one(["ro", "ro,rslave", "ro,private", "z", "ro,Z"])}`,
          ])(),
        ),
    ],
    Mounts: [0.3, () => Array.from({ length: draw.int(1, 3) }, () => mount(draw, place(), named()))],
    Tmpfs: [0.15, () => ({ [place()]: draw.one(["", "size=1m", "rw,noexec,mode=1777"]) })],
    VolumesFrom: [0.15, () => [`${around.helper}${draw.one(["", ":ro", ":rw"])}`]],
  });
}

function mount(draw: Draw, target: string, name: string): Open {
  const common = { Target: target, ...draw.fields({ Consistency: [0.1, () => "cached"] }) };
  const readOnly = draw.fields({ ReadOnly: [0.3, () => true] });
  const options = draw.fields({
    NoCopy: [0.3, () => true],
    Labels: [0.2, () => ({ a: "b" })],
    DriverConfig: [0.2, () => ({ Name: "local" })],
  });
  return draw.one<Open>([
    { Type: "volume", ...common },
    { Type: "volume", Source: name, ...common, ...readOnly },
    { Type: "volume", Source: name, ...common, ...readOnly, VolumeOptions: options },
    {
      Type: "volume",
      ...common,
      VolumeOptions: { DriverConfig: { Name: "local", Options: { type: "tmpfs", device: "tmpfs", o: "size=1m" } } },
    },
    {
      Type: "bind",
      Source: "/usr/lib",
      Target: target,
      ReadOnly: true,
      BindOptions: draw.fields({
        Propagation: [0.4, () => draw.one(["rprivate", "rslave"])],
        NonRecursive: [0.3, () => true],
        ReadOnlyNonRecursive: [0.2, () => true],
        CreateMountpoint: [0.2, () => true],
      }),
    },
    {
      Type: "tmpfs",
      Target: target,
      TmpfsOptions: draw.fields({ SizeBytes: [0.5, () => MIB], Mode: [0.5, () => 0o700] }),
    },
  ]);
}

function ports(draw: Draw): Open {
  const bind = (): Open => ({
    ...draw.fields({ HostIp: [0.5, () => draw.one(["127.0.0.1", "0.0.0.0", ""])] }),
    HostPort: draw.one(["", "0", String(draw.int(20_000, 29_999)), String(draw.int(20_000, 29_999))]),
  });
  const names = draw.some([`${draw.int(1000, 9000)}/tcp`, `${draw.int(1000, 9000)}/udp`]);
  return Object.fromEntries(names.map((name) => [name, draw.one([[bind()], [bind(), bind()]])]));
}

function restart(draw: Draw, state: Drawn["state"]): Open {
  if (state === "restarting") return { Name: draw.one(["always", "unless-stopped"]) };
  // One that ended by itself would be started over and over.
  const over = state === "exited" ? ["no"] : ["no", "always", "unless-stopped"];
  return draw.one<Open>([
    ...over.map((Name) => ({ Name })),
    { Name: "on-failure", MaximumRetryCount: state === "exited" ? 1 : draw.int(0, 5) },
  ]);
}

function logging(draw: Draw): Open {
  return draw.one<Open>([
    { Type: "json-file", Config: { "max-size": "1m", "max-file": "2", labels: "a" } },
    { Type: "json-file" },
    { Type: "local", Config: { "max-size": "2m" } },
    { Type: "local" },
    { Type: "none", Config: {} },
  ]);
}
