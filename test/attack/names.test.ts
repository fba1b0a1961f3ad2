import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, relative } from "node:path";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { STEP_TAILS } from "../../src/assembly/plug-ins.ts";
import type { Delivery, DeliverySubject } from "../../src/contract/delivery.ts";
import { planFault } from "../../src/core/journal/plan-shape.ts";
import { fileDelivery } from "../../src/delivery/file.ts";
import { shimDelivery } from "../../src/delivery/shim.ts";
import { chooseDelivery } from "../../src/engine/choose.ts";
import { assignmentsIn } from "../../src/files/units/unit-environment.ts";
import { belowFolder, isFileName, isFileNameWithDots } from "../../src/kit/io/name.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Move, Plan } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { planOf, runId } from "../core/fixtures.ts";

const ME = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const MINE = "root's own file\n";
const value = Secret.of(randomBytes(12).toString("hex"));

/** Names that a container, a Compose file or an env file may give a variable. */
const HOSTILE = [
  "",
  ".",
  "..",
  "../x_TOKEN",
  "../../../../../../etc/cron.d/x_TOKEN",
  "/etc/cron.d/x_TOKEN",
  "a/b",
  "a\\b",
  "x_TOKEN\n",
  "x\nTOKEN",
  "x\0TOKEN",
  "x\u009bTOKEN",
  "x TOKEN",
  "1TOKEN",
  "tökén",
  "$(id)_TOKEN",
  "A".repeat(64 * 1024),
] as const;

/** Names of files, but of no shell's variables: the shim sets them with another program. */
const DOTTED = ["x-TOKEN", "x.TOKEN"] as const;

let memory: string;
let victims: string;
beforeEach(() => {
  memory = mkdtempSync("/dev/shm/unsprawl-test-");
  victims = mkdtempSync(join(tmpdir(), "unsprawl-victim-"));
  writeFileSync(join(victims, "x_TOKEN"), MINE);
});
afterEach(() => {
  for (const dir of [memory, victims]) rmSync(dir, { recursive: true, force: true });
});

const moves = (...names: string[]): Move[] => names.map((name) => ({ name, reference: "ref+sops://x#/A" }) as Move);
const all = (): Delivery[] => [fileDelivery, shimDelivery].map((make) => make({ UNSPRAWL_RUNTIME_DIR: memory }));
const refused = async (doing: Promise<unknown>): Promise<string> => {
  const error = await doing.then(() => null).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsprawlError);
  return (error as UnsprawlError).code;
};

test("a name becomes a file's only as a shell would take it", () => {
  expect([...HOSTILE, ...DOTTED].filter(isFileName)).toEqual([]);
  expect([...HOSTILE, ...DOTTED].filter(isFileNameWithDots)).toEqual(DOTTED);
  expect(["A", "_", "DB_PASSWORD", "db_password9", "A".repeat(200)].every(isFileName)).toBe(true);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (name) => {
      let path: string;
      try {
        path = belowFolder("/run/units", name);
      } catch (error) {
        return (error as UnsprawlError).code === "refused";
      }
      return dirname(path) === "/run/units" && relative("/run/units", path) === name;
    }),
  );
});

describe.each(["file", "shim"] as const)("delivery %s", (kind) => {
  const delivery = (): Delivery => all().find(({ name }) => name === kind) as Delivery;
  const folder = (id: string): string => join(memory, "units", id, kind === "file" ? "secrets" : "shim");

  test.each(HOSTILE.map((name) => [name.slice(0, 40), name]))("never makes a file of %j", async (_shown, name) => {
    const outside = relative(folder("web"), join(victims, "x_TOKEN"));
    for (const one of [name, outside]) {
      expect(await delivery().fits(s6([one, "DB_PASSWORD"]), moves("DB_PASSWORD", one))).toMatchObject({ fits: false });
      const values = new Map([
        [one, value],
        ["DB_PASSWORD", value],
      ]);
      expect(await refused(delivery().prepare("web", ME, moves("DB_PASSWORD", one), values))).toBe("refused");
    }
    expect(existsSync(join(memory, "units"))).toBe(false);
    expect(readFileSync(join(victims, "x_TOKEN"), "utf8")).toBe(MINE);
  });

  test.each(["", ".", "..", "../..", "../units/..", "a/../../..", "a/b", "a\0b", "a\nb", "a".repeat(256)])(
    "has no folder for the id %j",
    async (id) => {
      mkdirSync(join(memory, "units/other"), { recursive: true, mode: 0o700 });
      const values = new Map([["DB_PASSWORD", value]]);
      expect(await refused(delivery().prepare(id, ME, moves("DB_PASSWORD"), values))).toBe("refused");
      expect(await refused(delivery().discard(id))).toBe("refused");
      expect(readdirSync(join(memory, "units"))).toEqual(["other"]);
    },
  );

  test("writes through no link, FIFO or second name that stands in its folder", async () => {
    const dir = folder("web");
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    linkSync(join(victims, "x_TOKEN"), join(victims, "hard"));
    symlinkSync(join(victims, "x_TOKEN"), join(dir, "SOFT"));
    execFileSync("mkfifo", [join(dir, "FIFO")]);
    const hard = join(dir, "HARD");
    writeFileSync(hard, "from before");
    linkSync(hard, join(memory, "kept"));
    const names = ["SOFT", "FIFO", "HARD", "DB_PASSWORD"];
    await delivery().prepare("web", ME, moves(...names), new Map(names.map((name) => [name, value])));
    for (const name of names) {
      expect(lstatSync(join(dir, name)).isFile(), name).toBe(true);
      expect(Secret.of(readFileSync(join(dir, name))).equals(value), name).toBe(true);
    }
    expect(readFileSync(join(victims, "x_TOKEN"), "utf8")).toBe(MINE);
    expect(readFileSync(join(memory, "kept"), "utf8")).toBe("from before");
    await delivery().discard("web");
    expect(existsSync(join(memory, "units/web"))).toBe(false);
  });

  test("writes into no folder that somebody else put in its place, and removes none", async () => {
    const values = new Map([["DB_PASSWORD", value]]);
    const prepare = (id: string): Promise<void> => delivery().prepare(id, ME, moves("DB_PASSWORD"), values);
    mkdirSync(join(memory, "units"), { recursive: true, mode: 0o700 });
    symlinkSync(victims, join(memory, "units/linked"));
    mkdirSync(join(memory, "units/inner"), { mode: 0o700 });
    symlinkSync(victims, folder("inner"));
    mkdirSync(join(memory, "units/theirs"), { mode: 0o700 });
    chownSync(join(memory, "units/theirs"), 12345, 12345);
    for (const id of ["linked", "inner", "theirs"]) expect(["refused", "failed"]).toContain(await refused(prepare(id)));
    for (const id of ["linked", "inner"]) await delivery().discard(id);
    expect(readdirSync(victims)).toEqual(["x_TOKEN"]);
    expect(statSync(victims).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(victims, "x_TOKEN"), "utf8")).toBe(MINE);
    await prepare("linked");
    expect(readFileSync(join(folder("linked"), "DB_PASSWORD"), "utf8")).toBe(value.expose().toString());
  });
});

test("nothing is written where another user made the folders first", async () => {
  const values = new Map([["DB_PASSWORD", value]]);
  for (const made of ["", "units"]) {
    const at = join(memory, made);
    mkdirSync(at, { recursive: true, mode: 0o755 });
    chownSync(at, 12345, 12345);
    for (const delivery of all()) {
      expect(await refused(delivery.prepare("web", ME, moves("DB_PASSWORD"), values))).toBe("refused");
      expect(await refused(delivery.discard("web"))).toBe("refused");
    }
    expect(readdirSync(at)).toEqual([]);
    chownSync(at, ME.uid, ME.gid);
  }
});

test("the shim's own script and variables are nobody's", async () => {
  const shim = all()[1] as Delivery;
  for (const name of ["entrypoint", "unsprawl_dir"])
    expect(await shim.fits(s6([name]), moves(name))).toMatchObject({ fits: false });
  expect(await shim.fits(s6(["DB_PASSWORD"]), moves("DB_PASSWORD"))).toMatchObject({ fits: true });
});

test("a name with dots or dashes is a file of the shim's alone", async () => {
  const [file, shim] = all() as [Delivery, Delivery];
  for (const name of DOTTED) {
    expect(await file.fits(s6([name]), moves(name))).toMatchObject({ fits: false });
    const bare = { ...s6([name]), hasFile: async (path: string) => ["/bin/sh", "/usr/bin/perl"].includes(path) };
    expect(await shim.fits(bare, moves(name))).toMatchObject({
      fits: true,
      why: "the image has a shell, and perl sets the names that no shell can",
    });
    await shim.prepare("web", ME, moves(name), new Map([[name, value]]));
    expect(readdirSync(join(memory, "units/web/shim"))).toEqual(["entrypoint", name]);
    await shim.discard("web");
  }
});

const valued = (all: readonly Move[]): { move: Move; value: Secret }[] => all.map((move) => ({ move, value }));

test("what has a name for a file moves without what has none", async () => {
  const [file] = all();
  const wanted = moves("../../x_TOKEN", "DB_PASSWORD", "x.TOKEN");
  const chosen = await chooseDelivery(all(), "auto", "web", s6(wanted.map(({ name }) => name)), valued(wanted));
  expect([chosen.delivery.name, Array.from(chosen.left, ({ name }) => name)]).toEqual([
    file?.name,
    ["../../x_TOKEN", "x.TOKEN"],
  ]);
  const only = chooseDelivery(all(), "auto", "web", s6(["../../x_TOKEN"]), valued(moves("../../x_TOKEN")));
  expect(await refused(only)).toBe("refused");
});

describe("a saved plan", () => {
  const plan = (name: string, delivery: string): unknown => {
    const sound = planOf(runId());
    const [put] = sound.steps;
    const move = { ...(put?.kind === "put" ? put.move : {}), name };
    const common = { unit: "web", delivery, moves: [move] };
    const subject = { id: "id-web", name: "web", image: "sha256:0" };
    return {
      ...sound,
      steps: [
        { ...put, move },
        { id: "verify", kind: "verify", unit: "web", move },
        { id: "deliver:web", kind: "deliver", why: "it fits", ...common },
        { id: "recreate:web", kind: "recreate", subject, digest: "d", diff: [], ...common },
        { id: "check:web", kind: "check", graceMs: 1, healthTimeoutMs: 1, tolerated: [], ...common },
      ],
    } satisfies { readonly [key in keyof Plan]: unknown };
  };

  test.each(HOSTILE.filter((name) => name !== "").map((name) => [name.slice(0, 40), name]))(
    "names no file %j",
    (_shown, name) => {
      for (const delivery of ["file", "shim"])
        expect(planFault(plan(name, delivery), STEP_TAILS)).toMatch(/step 3 is malformed/);
      expect(planFault(plan(name, "runtime"), STEP_TAILS)).toBeNull();
    },
  );

  test("of sound names is applied", () => {
    for (const name of DOTTED) {
      expect(planFault(plan(name, "file"), STEP_TAILS)).toMatch(/step 3 is malformed/);
      expect(planFault(plan(name, "shim"), STEP_TAILS)).toBeNull();
    }
    for (const delivery of ["file", "shim", "runtime"])
      expect(planFault(plan("DB_PASSWORD", delivery), STEP_TAILS)).toBeNull();
  });
});

test("a systemd unit gives no variable a name that leads elsewhere", () => {
  const text = `[Service]\nEnvironment="../../x_TOKEN=a" "a/b=c" DB_PASSWORD=d "..=e"\n`;
  expect(assignmentsIn("/u", text, "Service").map(({ name }) => name)).toEqual(["DB_PASSWORD"]);
});

/** A container on s6-overlay, where any variable could be named FILE__NAME, with a shell. */
function s6(env: readonly string[]): DeliverySubject {
  const files: { readonly [path: string]: string } = {
    "/etc/cont-init.d/01-envfile": 'for FILE in $(env | grep "^FILE__"); do export; done\n',
  };
  return {
    id: "web",
    entrypoint: ["/init"],
    cmd: [],
    imageEnv: new Set(["PATH"]),
    env,
    path: "/bin",
    user: "",
    health: [],
    runtime: null,
    mountTargets: [],
    consumer: "container:app",
    references: new Map(),
    engineRuntimes: [],
    unreachableHost: null,
    otherwise: "",
    readFile: async (path) => (files[path] === undefined ? null : Buffer.from(files[path])),
    hasFile: async (path) => path === "/bin/sh",
  };
}
