import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { which } from "../services/apt.ts";
import { BUSYBOX, FILE_ENV } from "../services/images.ts";
import { freePort } from "../services/sshd.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type World } from "../support/world.ts";

const engine = inject("engine");
let world: World;
/** An image that sets everything itself, so that what comes from it can be mistaken for the container's own. */
const OPINIONATED = "unsprawl-test/opinionated:1";

function docker(...args: string[]): string {
  const env = { PATH: process.env["PATH"], HOME: world.dir, DOCKER_HOST: engine.host };
  return execFileSync(which("docker") ?? "docker", args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 }).trimEnd();
}

const NETWORKS = { "rc-one": "10.231.1.0/24", "rc-two": "10.231.2.0/24" };
const PORT = await freePort();

beforeAll(() => {
  world = makeWorld(engine.host);
  for (const [name, subnet] of Object.entries(NETWORKS)) docker("network", "create", "--subnet", subnet, name);
  docker("create", "--name", "rc-base", BUSYBOX, "true");
  const changes = ['ENV PATH=/bin TEAM=image KEPT="two words"', "LABEL team=image other=image", "USER 1234:1235", "WORKDIR /tmp", "VOLUME /declared", "EXPOSE 8080/tcp", "STOPSIGNAL SIGUSR1", 'HEALTHCHECK --interval=200ms CMD ["true"]', 'ENTRYPOINT ["sleep"]', 'CMD ["100000"]'];
  docker("commit", ...changes.flatMap((change) => ["--change", change]), "rc-base", OPINIONATED);
  docker("rm", "rc-base");
});

afterAll(() => {
  const left = docker("ps", "-aq", "--filter", "name=^/rc-").split("\n").filter(Boolean);
  if (left.length > 0) docker("rm", "-f", "-v", ...left);
  for (const name of Object.keys(NETWORKS)) docker("network", "rm", name);
  docker("image", "rm", "-f", OPINIONATED);
  world.remove();
});

type Doc = { readonly [key: string]: unknown } & {
  readonly Id: string;
  readonly State: { readonly Status: string };
  readonly Config: { readonly Env: readonly string[]; readonly Hostname: string; readonly Entrypoint: readonly string[] | null };
  readonly NetworkSettings: { readonly Networks: { readonly [name: string]: { readonly IPAMConfig: object | null } } };
};

const inspect = (name: string): Doc => (JSON.parse(docker("inspect", name)) as Doc[])[0] as Doc;

type Case = {
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
};

const SLEEP = ["sleep", "100000"];
const text = (name: string, file: string): string => docker("exec", name, "cat", file);
const write = (name: string, file: string): string => docker("exec", name, "sh", "-c", `echo kept > ${file}`);

const CASES: readonly Case[] = [
  { what: "names", args: ["--label", "a=b", "--label", "com.example/x=1 2", "--workdir", "/tmp", "--hostname", "given", "--domainname", "example.test", "--user", "1234:1235", "-e", "EMPTY=", "-e", "SPACED=a  b"] },
  { what: "limits", args: ["--memory", "64m", "--memory-reservation", "32m", "--cpus", "0.5", "--cpu-shares", "512", "--pids-limit", "50", "--ulimit", "nofile=1000:2000", "--shm-size", "32m", "--oom-score-adj", "100"] },
  { what: "security", args: ["--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/scratch:size=1m,mode=1777", "--group-add", "1235", "--user", "1234:1235"] },
  { what: "kernel", args: ["--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "--device", "/dev/null:/dev/other:rw", "--device-cgroup-rule", "c 1:3 rwm"] },
  { what: "namespaces", args: ["--ipc", "shareable", "--pid", "host", "--uts", "host", "--cgroupns", "private", "--annotation", "com.example.note=1"] },
  { what: "logging, restarted on failure", args: ["--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "max-file=2", "--restart", "on-failure:3"] },
  { what: "restarted unless stopped", args: ["--restart", "unless-stopped"] },
  { what: "restarted always", args: ["--restart", "always", "--init"] },
  {
    what: "a health check",
    args: ["--health-cmd", 'test -n "$DB_PASSWORD"', "--health-interval", "300ms", "--health-retries", "2", "--health-start-period", "1s", "--health-timeout", "3s"],
    after: (name) => expect(docker("inspect", "-f", "{{.State.Health.Status}}", name)).toBe("healthy"),
  },
  { what: "no health check", image: OPINIONATED, args: ["--no-healthcheck"], command: [] },
  { what: "stop signal and time", args: ["--stop-signal", "SIGINT", "--stop-timeout", "2"] },
  { what: "a terminal", args: ["--tty", "--interactive", "--init"] },
  { what: "hosts and DNS", args: ["--add-host", "db:10.9.8.7", "--dns", "10.9.9.9", "--dns-search", "example.test", "--dns-option", "ndots:2"] },
  {
    what: "two networks",
    args: ["--network", "rc-one", "--ip", "10.231.1.77", "--network-alias", "front", "--network-alias", "web"],
    before: (name) => docker("network", "connect", "--ip", "10.231.2.88", "--alias", "back", "rc-two", name),
    after: (name) => {
      expect(docker("exec", name, "cat", "/proc/net/fib_trie")).toMatch(/10\.231\.1\.77[^]*10\.231\.2\.88/);
    },
  },
  { what: "a network and an engine's address", args: ["--network", "rc-two"] },
  { what: "a MAC address", args: ["--network", "rc-one", "--mac-address", "02:42:ac:11:65:43"] },
  { what: "no network", args: ["--network", "none"] },
  { what: "the host's network", args: ["--network", "host"] },
  { what: "published ports", args: ["-p", `127.0.0.1:${PORT}:80`, "--expose", "9000"] },
  {
    what: "a link on the default bridge",
    args: ["--link", "rc-linked:db"],
    after: (name) => expect(docker("exec", name, "cat", "/etc/hosts")).toMatch(/\bdb\b/),
  },
  {
    what: "anonymous volumes",
    args: ["-v", "/data", "--mount", "type=volume,target=/other"],
    before: (name) => {
      write(name, "/data/file");
      write(name, "/other/file");
    },
    after: (name) => expect([text(name, "/data/file"), text(name, "/other/file")]).toEqual(["kept", "kept"]),
  },
  {
    what: "the image's own volume",
    image: OPINIONATED,
    args: ["--user", "root"],
    command: [],
    before: (name) => write(name, "/declared/file"),
    after: (name) => expect(text(name, "/declared/file")).toBe("kept"),
  },
  {
    what: "named volumes, binds and tmpfs",
    args: ["-v", "rc-named:/named:ro", "--mount", "type=volume,source=rc-other,target=/other,volume-nocopy", "-v", "/usr/share:/share:ro,private", "--mount", "type=bind,source=/usr/lib,target=/bound,readonly", "--mount", "type=tmpfs,target=/t,tmpfs-size=65536,tmpfs-mode=0700", "--tmpfs", "/u"],
  },
  {
    what: "another's volumes",
    args: ["--volumes-from", "rc-linked:ro"],
    after: (name) => expect(text(name, "/shared/file")).toBe("kept"),
  },
  { what: "all from the image", image: OPINIONATED, args: [], command: [] },
  { what: "the image's health check, User and labels overridden", image: OPINIONATED, args: ["--label", "team=own", "--health-interval", "500ms", "--user", "0", "-e", "TEAM=own"], command: ["100001"] },
  { what: "another entrypoint", image: FILE_ENV, args: ["--entrypoint", "sleep"], command: ["100000"] },
  { what: "an entrypoint of no words", image: FILE_ENV, args: ["--entrypoint", ""], command: SLEEP },
  { what: "an entrypoint and another command", image: FILE_ENV, args: [], command: ["sleep", "99999"] },
  { what: "created and never started", args: ["--restart", "no"], created: true },
  {
    what: "paused",
    args: [],
    before: (name) => docker("pause", name),
    after: (name) => expect(docker("inspect", "-f", "{{.State.Status}}", name)).toBe("paused"),
  },
];

/** What may differ, and why. Everything else must be equal. */
const EXPECTED: readonly (readonly [path: RegExp, why: string])[] = [
  [/^(Id|Created|Name)$/, "another container; the name is compared apart"],
  [/^(LogPath|ResolvConfPath|HostnamePath|HostsPath)$/, "hold the id"],
  [/^(ProcessLabel|GraphDriver\..*|ImageManifestDescriptor.*)$/, "the engine's own storage"],
  [/^State\.(Pid|StartedAt|FinishedAt|Health.*|ExitCode)$/, "another process"],
  [/^Config\.Env$/, "the secret is gone; compared apart"],
  [/^(Path|Args|Config\.Entrypoint|Config\.Healthcheck\.Test)$/, "the shim stands before the original; compared apart"],
  [/^(HostConfig\.Mounts|Mounts)$/, "the shim's folder is mounted; compared apart"],
  [/^HostConfig\.Binds$/, "an anonymous volume is named, or it would be made anew and empty; compared apart"],
  [/^NetworkSettings\.(SandboxID|SandboxKey|EndpointID)$/, "another sandbox"],
  [/^NetworkSettings\.Networks\.[^.]+\.EndpointID$/, "another sandbox"],
];

type Mount = { readonly Type: string; readonly Name?: string; readonly Mode?: string | undefined; readonly Destination?: string; readonly Target?: string };

const isShim = (mount: Mount): boolean => (mount.Destination ?? mount.Target) === "/run/unsprawl";

const binds = (doc: Doc): readonly string[] => (doc["HostConfig"] as { Binds: readonly string[] | null }).Binds ?? [];

/** The volumes that the engine made for `-v /path` and for the image's VOLUME, as one would mount them by name. */
function anonymous(doc: Doc): string[] {
  const { Mounts } = doc["HostConfig"] as { Mounts?: readonly Mount[] };
  return ((doc["Mounts"] ?? []) as Mount[])
    .filter(({ Type, Name, Destination }) => Type === "volume" && /^[0-9a-f]{64}$/.test(Name ?? "") && !Mounts?.some(({ Target }) => Target === Destination))
    .filter(({ Destination }) => Object.hasOwn((doc.Config as { Volumes?: object | null }).Volumes ?? {}, Destination ?? ""))
    .map(({ Name, Destination }) => `${Name ?? ""}:${Destination ?? ""}`);
}

/** What is mounted where, the shim's folder aside. The mode "z" is how inspect shows any volume that has a name. */
function mounts(doc: Doc): Mount[] {
  const place = ({ Destination, Target }: Mount): string => Destination ?? Target ?? "";
  return ((doc["Mounts"] ?? []) as Mount[])
    .filter((mount) => !isShim(mount))
    .map((mount) => ({ ...mount, Mode: mount.Mode === "z" ? "" : mount.Mode }))
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** Every value of a document by its path; lists stay whole. */
function leaves(node: unknown, path = "", into: Map<string, unknown> = new Map()): Map<string, unknown> {
  if (typeof node === "object" && node !== null && !Array.isArray(node) && Object.keys(node).length > 0) {
    for (const [key, value] of Object.entries(node)) leaves(value, path === "" ? key : `${path}.${key.replaceAll(".", "·")}`, into);
  } else into.set(path, node);
  return into;
}

/** Ids, and what the engine chose by itself, under one name on both sides. */
function settled(doc: Doc): Doc {
  let json = JSON.stringify(doc).replaceAll(doc.Id, "ID").replaceAll(doc.Id.slice(0, 12), "ID");
  for (const [name, { IPAMConfig }] of Object.entries(doc.NetworkSettings.Networks)) {
    const network = (JSON.parse(json) as Doc).NetworkSettings.Networks[name] as { [key: string]: unknown };
    if (IPAMConfig && Object.keys(IPAMConfig).length > 0) continue;
    for (const key of ["IPAddress", "GlobalIPv6Address"]) {
      const address = network[key];
      if (typeof address === "string" && address !== "") json = json.replaceAll(`"${address}"`, '"ADDRESS"');
    }
  }
  const given = typeof doc.Config["MacAddress" as never] === "string" || Object.values(doc.NetworkSettings.Networks).some(({ IPAMConfig }) => IPAMConfig);
  return JSON.parse(given ? json : json.replaceAll(/"MacAddress":"[0-9a-f:]+"/g, '"MacAddress":"MAC"')) as Doc;
}

function differences(old: Doc, fresh: Doc): string[] {
  const [before, after] = [leaves(settled(old)), leaves(settled(fresh))];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => JSON.stringify(before.get(path) ?? null) !== JSON.stringify(after.get(path) ?? null))
    .filter((path) => !EXPECTED.some(([expected]) => expected.test(path)))
    .map((path) => `${path}: ${JSON.stringify(before.get(path))} → ${JSON.stringify(after.get(path))}`);
}

describe("a migrated container differs in nothing but the delivery", () => {
  beforeAll(() => {
    docker("run", "-d", "--name", "rc-linked", "--stop-timeout", "1", "-v", "/shared", BUSYBOX, ...SLEEP);
    write("rc-linked", "/shared/file");
  });

  it.each(CASES.map((one, index) => [one.what, index, one] as const))("%s", async (_what, index, one) => {
    const name = `rc-${index}`;
    const { DB_PASSWORD = "" } = twelveSecrets();
    const stopTime = one.args.includes("--stop-timeout") ? [] : ["--stop-timeout", "1"];
    docker(one.created ? "create" : "run", ...(one.created ? [] : ["-d"]), "--name", name, ...stopTime, "-e", `DB_PASSWORD=${DB_PASSWORD}`, ...one.args, one.image ?? BUSYBOX, ...(one.command ?? SLEEP));
    one.before?.(name);
    const old = inspect(name);
    const moved = await world.unsprawl(["migrate", `docker:${name}`, "--to", "local", "--deliver", "shim", "--grace", "300ms", "--yes", ...(one.flags ?? [])]);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);

    const fresh = inspect(name);
    expect(fresh.Id).not.toBe(old.Id);
    expect(differences(old, fresh)).toEqual([]);
    expect(fresh.Config.Env).toEqual(old.Config.Env.filter((entry) => !entry.startsWith("DB_PASSWORD=")));
    expect(fresh.Config.Entrypoint).toEqual(["/bin/sh", "/run/unsprawl/entrypoint", ...(old.Config.Entrypoint ?? [])]);
    expect(mounts(fresh)).toEqual(mounts(old));
    expect(binds(fresh)).toEqual([...binds(old), ...anonymous(old)]);
    one.after?.(name, old);
    const kept = docker("ps", "-aq", "--filter", `name=^/${name}(-|$)`).split("\n").filter(Boolean);
    docker("rm", "-f", "-v", ...kept);
  });
});
