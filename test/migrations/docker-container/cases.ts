import type Dockerode from "dockerode";
import { expect } from "vitest";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { DEEP, SEED } from "../../support/deep.ts";
import type { Doc } from "./compare.ts";

/** An image that sets everything itself, so that what comes from it can be mistaken for the container's own. */
export const OPINIONATED = "unsprawl-test/opinionated:1";

/** Makes that image; made again it is the same. */
export async function makeOpinionated(docker: Dockerode): Promise<void> {
  const base = await docker.createContainer({ Image: BUSYBOX, Cmd: ["true"] });
  const changes = [
    'ENV PATH=/bin TEAM=image KEPT="two words"',
    "LABEL team=image other=image",
    "USER 1234:1235",
    "WORKDIR /tmp",
    "VOLUME /declared",
    "EXPOSE 8080/tcp",
    "STOPSIGNAL SIGUSR1",
    'HEALTHCHECK --interval=1s CMD ["true"]',
    'ENTRYPOINT ["sleep"]',
    'CMD ["100000"]',
  ];
  const [repo = "", tag = ""] = OPINIONATED.split(":");
  await base.commit({ repo, tag, changes: changes.join("\n") });
  await base.remove();
}

export type Case = {
  readonly what: string;
  readonly args: readonly string[];
  readonly image?: string;
  readonly command?: readonly string[];
  /** Done with the running container before it is migrated. */
  readonly before?: (name: string) => void;
  /** Holds of the new container, beyond that it is equal. */
  readonly after?: (name: string, old: Doc) => void;
  readonly created?: true;
  readonly flags?: readonly string[];
  /** Cases of one letter fit into one container: only in a deep run each has one to itself. */
  readonly joins?: string;
};

/** The cases, those that fit together as one. */
export function joined(cases: readonly Case[]): readonly Case[] {
  if (DEEP) return cases;
  return [...Map.groupBy(cases, (one) => one.joins ?? one).values()].map((some) => ({
    ...Object.assign({}, ...some),
    what: some.map(({ what }) => what).join("; "),
    args: some.flatMap(({ args }) => args),
    before: (name) => some.forEach(({ before }) => before?.(name)),
    after: (name, old) => some.forEach(({ after }) => after?.(name, old)),
  }));
}

/** In a deep run all cases, otherwise every second: recreate.test.ts has the one half, as drawn, run-line.test.ts the other. */
export function half<Item>(items: readonly Item[], which: 0 | 1): Item[] {
  return items.filter((_, at) => DEEP || (at + SEED) % 2 === which);
}

/** Containers as people run them. `docker` is the client; `port` is a free one of this host. */
export function cases(docker: (...args: string[]) => string, port: number): readonly Case[] {
  const text = (name: string, file: string): string => docker("exec", name, "cat", file);
  const write = (name: string, file: string): string => docker("exec", name, "sh", "-c", `echo kept > ${file}`);

  return [
    {
      what: "names",
      joins: "a",
      args: [
        "--label",
        "a=b",
        "--label",
        "com.example/x=1 2",
        "--workdir",
        "/tmp",
        "--hostname",
        "given",
        "--domainname",
        "example.test",
        "--user",
        "1234:1235",
        "-e",
        "EMPTY=",
        "-e",
        "SPACED=a  b",
      ],
    },
    {
      what: "limits",
      joins: "a",
      args: [
        "--memory",
        "64m",
        "--memory-reservation",
        "32m",
        "--cpus",
        "0.5",
        "--cpu-shares",
        "512",
        "--pids-limit",
        "50",
        "--ulimit",
        "nofile=1000:2000",
        "--shm-size",
        "32m",
        "--oom-score-adj",
        "100",
      ],
    },
    {
      what: "security",
      joins: "b",
      args: [
        "--cap-drop",
        "ALL",
        "--cap-add",
        "NET_BIND_SERVICE",
        "--security-opt",
        "no-new-privileges",
        "--read-only",
        "--tmpfs",
        "/scratch:size=1m,mode=1777",
        "--group-add",
        "1235",
        "--user",
        "1234:1235",
      ],
    },
    {
      what: "kernel",
      joins: "b",
      args: [
        "--sysctl",
        "net.ipv4.ip_unprivileged_port_start=0",
        "--device",
        "/dev/null:/dev/other:rw",
        "--device-cgroup-rule",
        "c 1:3 rwm",
      ],
    },
    {
      what: "namespaces",
      joins: "c",
      args: [
        "--ipc",
        "shareable",
        "--pid",
        "host",
        "--uts",
        "host",
        "--cgroupns",
        "private",
        "--annotation",
        "com.example.note=1",
      ],
    },
    {
      what: "logging, restarted on failure",
      joins: "a",
      args: [
        "--log-driver",
        "json-file",
        "--log-opt",
        "max-size=1m",
        "--log-opt",
        "max-file=2",
        "--restart",
        "on-failure:3",
      ],
    },
    { what: "restarted unless stopped", joins: "c", args: ["--restart", "unless-stopped"] },
    { what: "restarted always", joins: "d", args: ["--restart", "always", "--init"] },
    {
      what: "a health check",
      joins: "d",
      args: [
        "--health-cmd",
        'test -n "$DB_PASSWORD"',
        "--health-interval",
        "1s",
        "--health-retries",
        "2",
        "--health-start-period",
        "1s",
        "--health-timeout",
        "3s",
      ],
      after: (name) => expect(docker("inspect", "-f", "{{.State.Health.Status}}", name)).toBe("healthy"),
    },
    { what: "no health check", joins: "e", image: OPINIONATED, args: ["--no-healthcheck"], command: [] },
    { what: "stop signal and time", joins: "a", args: ["--stop-signal", "SIGINT", "--stop-timeout", "2"] },
    { what: "a terminal", joins: "f", args: ["--tty", "--interactive", "--init"] },
    {
      what: "hosts and DNS",
      joins: "a",
      args: [
        "--add-host",
        "db:10.9.8.7",
        "--dns",
        "10.9.9.9",
        "--dns-search",
        "example.test",
        "--dns-option",
        "ndots:2",
      ],
    },
    {
      what: "two networks",
      joins: "g",
      args: ["--network", "rc-one", "--ip", "10.231.1.77", "--network-alias", "front", "--network-alias", "web"],
      before: (name) => docker("network", "connect", "--ip", "10.231.2.88", "--alias", "back", "rc-two", name),
      after: (name) => {
        expect(docker("exec", name, "cat", "/proc/net/fib_trie")).toMatch(/10\.231\.1\.77[^]*10\.231\.2\.88/);
      },
    },
    { what: "a network and an engine's address", joins: "h", args: ["--network", "rc-two"] },
    { what: "a MAC address", joins: "i", args: ["--network", "rc-one", "--mac-address", "02:42:ac:11:65:43"] },
    { what: "no network", joins: "f", args: ["--network", "none"] },
    { what: "the host's network", joins: "j", args: ["--network", "host"] },
    { what: "published ports", joins: "i", args: ["-p", `127.0.0.1:${port}:80`, "--expose", "9000"] },
    {
      what: "a link on the default bridge",
      args: ["--link", "rc-linked:db"],
      after: (name) => expect(docker("exec", name, "cat", "/etc/hosts")).toMatch(/\bdb\b/),
    },
    {
      what: "anonymous volumes",
      joins: "d",
      args: ["-v", "/data", "--mount", "type=volume,target=/other"],
      before: (name) => {
        write(name, "/data/file");
        write(name, "/other/file");
      },
      after: (name) => expect([text(name, "/data/file"), text(name, "/other/file")]).toEqual(["kept", "kept"]),
    },
    {
      what: "the image's own volume",
      joins: "e",
      image: OPINIONATED,
      args: ["--user", "root"],
      command: [],
      before: (name) => write(name, "/declared/file"),
      after: (name) => expect(text(name, "/declared/file")).toBe("kept"),
    },
    {
      what: "named volumes, binds and tmpfs",
      joins: "g",
      args: [
        "-v",
        "rc-named:/named:ro",
        "--mount",
        "type=volume,source=rc-other,target=/other,volume-nocopy",
        "-v",
        "/usr/share:/share:ro,private",
        "--mount",
        "type=bind,source=/usr/lib,target=/bound,readonly",
        "--mount",
        "type=tmpfs,target=/t,tmpfs-size=65536,tmpfs-mode=0700",
        "--tmpfs",
        "/u",
      ],
    },
    {
      what: "another's volumes",
      joins: "h",
      args: ["--volumes-from", "rc-linked:ro"],
      after: (name) => expect(text(name, "/shared/file")).toBe("kept"),
    },
    { what: "all from the image", image: OPINIONATED, args: [], command: [] },
    {
      what: "the image's health check, User and labels overridden",
      image: OPINIONATED,
      args: ["--label", "team=own", "--health-interval", "1500ms", "--user", "0", "-e", "TEAM=own"],
      command: ["100001"],
    },
    { what: "another entrypoint", image: FILE_ENV, args: ["--entrypoint", "sleep"], command: ["100000"] },
    { what: "an entrypoint of no words", image: FILE_ENV, args: ["--entrypoint", ""], command: APP },
    { what: "an entrypoint and another command", image: FILE_ENV, args: [], command: ["sleep", "99999"] },
    { what: "created and never started", args: ["--restart", "no"], created: true },
    {
      what: "paused",
      joins: "j",
      args: [],
      before: (name) => docker("pause", name),
      after: (name) => expect(docker("inspect", "-f", "{{.State.Status}}", name)).toBe("paused"),
    },
  ];
}
