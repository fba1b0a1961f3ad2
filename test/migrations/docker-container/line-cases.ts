import type { Case } from "./cases.ts";

const ODD = 'it\'s "$HOME" `id` \\ \t%s\u00e4\u202e\n last line\n\n';

/** Flags that `cases` leaves out, as raw JSON carries them over without a thought. `ports` are free ones of this host. */
export function lineCases(docker: (...args: string[]) => string, ports: readonly number[]): readonly Case[] {
  return [
    {
      what: "odd text",
      joins: "n",
      args: ["-e", `ODD=${ODD}`, "--label", `odd=${ODD}`],
      // A sleep would end at words that are no times, and be seen before or after.
      command: ["sh", "-c", "exec sleep 100000", "-%'\\\u00e4", "", "~"],
    },
    {
      what: "swap",
      joins: "o",
      args: ["--memory", "64m", "--memory-swap", "-1", "--memory-swappiness", "0", "--oom-kill-disable"],
    },
    {
      what: "processors, one by one",
      joins: "p",
      args: ["--cpu-period", "50000", "--cpu-quota", "25000", "--cpuset-cpus", "0", "--cpuset-mems", "0"],
    },
    {
      what: "disks",
      joins: "q",
      args: ["--blkio-weight", "300", "--blkio-weight-device", "/dev/null:200"],
      created: true,
    },
    {
      what: "graphics processors",
      joins: "q",
      args: ["--gpus", 'driver=nvidia,"device=0,1","capabilities=compute,utility","options=a=b,c=d"'],
      created: true,
    },
    { what: "all graphics processors", args: ["--gpus", "all", "--gpus", "2"], created: true },
    { what: "devices by their qualified names", joins: "q", args: ["--device", "vendor.com/class=one"], created: true },
    { what: "privileged", joins: "n", args: ["--privileged"] },
    {
      what: "hidden paths shown",
      joins: "o",
      args: ["--security-opt", "systempaths=unconfined", "--security-opt", "seccomp=unconfined"],
    },
    {
      what: "another's namespaces",
      args: ["--pid", "container:rc-linked", "--ipc", "container:rc-linked", "--network", "container:rc-linked"],
    },
    { what: "the host's namespaces", joins: "p", args: ["--ipc", "host", "--userns", "host", "--cgroupns", "host"] },
    {
      what: "a runtime and a group",
      joins: "p",
      args: ["--runtime", "io.containerd.runc.v2", "--cgroup-parent", "/rl-parent"],
    },
    { what: "removed at its end", joins: "r", args: ["--rm", "--init=false", "--log-driver", "none"] },
    { what: "attached once", args: ["--interactive"], created: true, before: (name) => docker("start", name) },
    {
      what: "one network with everything",
      args: [
        "--network",
        'name=rl-six,alias=front,ip=10.43.7.8,ip6=fd00:231:6::7,link-local-ip=169.254.7.8,"driver-opt=com.example.note=a,b"',
        "--link",
        "rl-linked:db",
        "--mac-address",
        "06:42:ac:11:65:43",
      ],
    },
    {
      what: "the bridge and a network of a user's",
      args: [],
      before: (name) => docker("network", "connect", "--ip", "10.231.1.78", "--alias", "back", "rc-one", name),
    },
    {
      what: "links on two networks",
      args: ["--network", "rl-six", "--link", "rl-linked:db"],
      before: (name) => docker("network", "connect", "--link", "rl-linked:cache", "rl-one", name),
    },
    {
      what: "its first network left",
      args: ["--network", "rc-one"],
      before: (name) => {
        docker("network", "connect", "rc-two", name);
        docker("network", "disconnect", "rc-one", name);
      },
    },
    {
      what: "ports of all kinds",
      joins: "s",
      args: ["-p", `[::1]:${ports[0]}:80/udp`, "-p", `127.0.0.1::81`, "-p", `${ports[1]}:82`, "-p", `${ports[2]}:82`],
    },
    { what: "all ports", joins: "r", args: ["-P", "--expose", "7000-7001/udp"] },
    {
      what: "mounts with options",
      joins: "s",
      args: [
        "--mount",
        "type=bind,source=/usr/lib,target=/a,readonly,bind-propagation=rprivate,bind-recursive=readonly",
        "--mount",
        "type=bind,source=/usr/lib,target=/b,readonly,bind-recursive=writable,consistency=cached",
        "--mount",
        'type=bind,source=/usr/lib,"target=/c,d",bind-recursive=disabled',
        "--mount",
        "type=volume,source=rl-options,target=/e,volume-label=a=b,volume-opt=type=tmpfs,volume-opt=device=tmpfs",
      ],
    },
  ];
}
