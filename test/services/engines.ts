import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { MAIN, makeWorld, type Ran, type World } from "../support/world.ts";
import { need } from "./apt.ts";
import { startEngine, type EnginePlace, type TestEngine } from "./engine.ts";
import { makeImages } from "./images.ts";
import { unmountBelow } from "./running.ts";

// The kinds of engine that people have, each a real one, and who reaches it.

/** A person without root, whom no file of this machine has. */
export const PERSON = 30_100;
/** The group that an engine lets in. */
const GROUP = 30_200;
/** Ids that only containers of an engine have: of userns-remap, and of the person's own engine. */
const MAPPED = 1_200_000;

export type EngineKind = "root" | "group" | "remote" | "userns-remap" | "rootless";

export type EngineOfKind = TestEngine & {
  readonly kind: EngineKind;
  /** An address of this machine that the engine reaches, too. */
  readonly address: string;
  /** Who reaches it: a person without root, otherwise root. */
  readonly isPerson: boolean;
  /** A world of who reaches it, with this environment. */
  readonly world: (env: { readonly [name: string]: string }) => World;
  /** All of it ends at this instant, and what was in memory is gone; it is started again, and nothing else is. */
  readonly reboot: () => Promise<void>;
};

/** Starts an engine of this kind, with the test images. `args` are dockerd's own. */
export async function startEngineOf(kind: EngineKind, args: readonly string[] = []): Promise<EngineOfKind> {
  const { words = [], around, isPerson } = await KINDS[kind]();
  const engine = await startEngine({
    args: [...args, ...words],
    around(place, dockerd) {
      // Anyone goes through to the socket, which itself says who may use it.
      chmodSync(place.dir, 0o711);
      return around?.(place, dockerd) ?? dockerd;
    },
  });
  const address = addressOf(engine, 1);
  const host = kind === "remote" ? `tcp://${addressOf(engine, 2)}:2375` : engine.host;
  await makeImages(engine);
  return {
    ...engine,
    ...{ kind, address, host, isPerson },
    world: (env) => (isPerson ? personsWorld(host, env) : makeWorld(host, env)),
    async reboot() {
      await engine.kill();
      unmountBelow(engine.dir);
      const inMemory = readdirSync(engine.dir).filter((name) => /^exec\b/.test(name));
      for (const name of inMemory) rmSync(join(engine.dir, name), { recursive: true, force: true });
      await engine.start();
    },
  };
}

type Starting = {
  readonly words?: readonly string[];
  readonly around?: (place: EnginePlace, words: readonly string[]) => readonly string[];
  readonly isPerson: boolean;
};

const KINDS: { readonly [Kind in EngineKind]: () => Promise<Starting> } = {
  root: async () => ({ isPerson: false }),
  group: async () => ({ words: ["--group", String(GROUP)], isPerson: true }),
  /** In a network of its own, its host's mounts and process ids are others, as on another machine. */
  remote: async () => ({
    words: ["--bridge=none", "--tls=false"],
    around: (place, words) => {
      const [own, theirs] = [`uv-${rangeOf(place)}`, `up-${rangeOf(place)}`];
      const inside = after(["mount -t proc proc /proc"], [...words, "--host", `tcp://${addressOf(place, 2)}:2375`]);
      const between = after(
        [
          `nsenter --net=/proc/${process.pid}/ns/net ip link set ${theirs} netns $$`,
          `ip link set lo up && ip address add ${addressOf(place, 2)}/24 dev ${theirs} && ip link set ${theirs} up`,
        ],
        ["unshare", "--pid", "--fork", "--kill-child", ...inside],
      );
      return after(
        [
          `ip link delete ${own} 2>/dev/null || true`,
          `ip link add ${own} type veth peer name ${theirs}`,
          `ip link set ${own} master ${place.bridge} up`,
        ],
        ["unshare", "--mount", "--net", ...between],
      );
    },
    isPerson: true,
  }),
  "userns-remap": async () => ({
    words: ["--userns-remap", `${PERSON}:${PERSON}`],
    around: (place, words) => ["unshare", "--mount", ...after(people(place), words)],
    isPerson: false,
  }),
  rootless: async () => {
    await need("rootlesskit", ["rootlesskit"]);
    await need("slirp4netns", ["slirp4netns"]);
    await need("newuidmap", ["uidmap"]);
    return {
      words: ["--bridge=none"],
      around: (place, [, ...args]) => {
        const { dir } = place;
        for (const path of [dir, join(dir, "home"), join(dir, "daemon.json")]) chownSync(path, PERSON, PERSON);
        const program = [...asPerson, "env", `HOME=${dir}/home`, `XDG_RUNTIME_DIR=${dir}/home`, ROOTLESS, ...args];
        const device = [
          `mkdir -p ${dir}/dev && mount -t tmpfs -o mode=755 tmpfs ${dir}/dev`,
          `mknod -m 666 ${dir}/dev/tun c 10 200 && mount --bind ${dir}/dev/tun /dev/net/tun`,
        ];
        return ["unshare", "--mount", ...after([...people(place), ...device], program)];
      },
      isPerson: true,
    };
  },
};

const ROOTLESS = "/usr/share/docker.io/contrib/dockerd-rootless.sh";

export const asPerson = [
  "setpriv",
  "--reuid",
  String(PERSON),
  "--regid",
  String(PERSON),
  "--groups",
  String(GROUP),
] as const;

/** These lines of a shell, and then the program of these words in its place. */
export const after = (lines: readonly string[], words: readonly string[]): readonly string[] => [
  ...["sh", "-ec", [...lines, 'exec "$@"'].join("\n"), "sh"],
  ...words,
];

/** The person, and ids for containers, in the files of this mount namespace. */
export function people({ dir }: Pick<EnginePlace, "dir">): readonly string[] {
  const files = {
    passwd: `${readFileSync("/etc/passwd", "utf8")}person:x:${PERSON}:${PERSON}::${dir}/home:/bin/sh\n`,
    group: `${readFileSync("/etc/group", "utf8")}person:x:${PERSON}:\n`,
    subuid: `person:${MAPPED}:65536\n`,
    subgid: `person:${MAPPED}:65536\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o644 });
  const made = Object.keys(files).map((name) => `touch /etc/${name} && mount --bind ${dir}/${name} /etc/${name}`);
  return ["mount --make-rprivate /", ...made];
}

const rangeOf = ({ bridge }: Pick<EnginePlace, "bridge">): string => bridge.slice(3);
const addressOf = (place: Pick<EnginePlace, "bridge">, last: number): string => `100.${rangeOf(place)}.0.${last}`;

/** A world of the person's: everything in it is theirs, the program too, which may be where only root goes. */
export function personsWorld(host: string, env: { readonly [name: string]: string } = {}): World {
  const world = makeWorld(host, env);
  const [node, main] = [join(world.dir, "program/node"), join(world.dir, "program/dist/main.js")];
  if (!existsSync(node)) mkdirSync(dirname(node), { recursive: true });
  cpSync(process.execPath, node, { dereference: true });
  cpSync(dirname(MAIN), dirname(main), { recursive: true });
  for (const path of [world.dir, world.memory]) execFileSync("chown", ["-R", `${PERSON}:${PERSON}`, path]);
  const program = [...asPerson, node, main];
  return { ...world, program, unsprawl: (args, how): Promise<Ran> => world.unsprawl(args, { program, ...how }) };
}

/** The process of the volume plugin of an engine; null while there is none. */
export function pluginProcess({ dir }: Pick<TestEngine, "dir">): number | null {
  const words = (pid: string | number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
      if (/volume-(?:plugin|driver)/.test(words(pid)) && words(parent).includes(`${dir}/`)) return Number(pid);
    } catch {
      continue; // ended meanwhile
    }
  }
  return null;
}
