import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { BUSYBOX, makeImages } from "../../services/images.ts";
import { workerEngine } from "../../services/worker-engine.ts";
import { sample } from "../../support/deep.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, sweep } from "../../support/kill.ts";
import { stateOf } from "../../support/in-process.ts";
import { runIds } from "../../support/runs.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

/** Images are kept in two ways: by the engine's own graph drivers, and in containerd's store, the default since engine 29. */
const STORES = [
  ["a graph driver", null],
  // An engine of its own: this one is configured differently.
  ["containerd's store", { features: { "containerd-snapshotter": true } }],
] as const;

const { DB_PASSWORD = "", GITHUB_TOKEN = "", SESSION_SECRET = "" } = twelveSecrets();
const VALUES = [DB_PASSWORD, GITHUB_TOKEN, SESSION_SECRET];
const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

const onEnd: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of onEnd) await end();
});

describe.each(STORES)("an engine with %s", (_store, config) => {
  let engine: Pick<TestEngine, "docker" | "host">;
  let world: World;
  let built = 0;

  beforeAll(async () => {
    if (config === null) engine = await workerEngine();
    else {
      const own = await startEngine({ config });
      onEnd.push(() => own.stop());
      await makeImages(own);
      engine = own;
    }
    world = makeWorld(engine.host);
  });

  afterAll(() => world?.remove());

  /** With a variable, a label that repeats it, a build argument, and a file of its own. */
  function build(more = ""): { name: string; id: string } {
    const dir = mkdtempSync(join(tmpdir(), "unsprawl-build-"));
    const name = `team/leaky-${built++}`;
    writeFileSync(
      join(dir, "Dockerfile"),
      `FROM ${BUSYBOX}\nARG GITHUB_TOKEN\nENV LOG_LEVEL=info DB_PASSWORD=${DB_PASSWORD}\nRUN echo built > /made\nLABEL api.token=${SESSION_SECRET} vendor=acme${built}\nCMD ${JSON.stringify(APP)}\n${more}`,
    );
    const argument = ["--build-arg", `GITHUB_TOKEN=${GITHUB_TOKEN}`];
    engine.docker("build", "--quiet", "--network", "none", ...argument, "-t", `${name}:1`, dir);
    engine.docker("tag", `${name}:1`, `${name}:latest`);
    rmSync(dir, { recursive: true });
    return { name, id: idOf(`${name}:1`) };
  }

  const idOf = (ref: string): string => engine.docker("image", "inspect", "-f", "{{.Id}}", ref);
  const tagged = (name: string): string[] =>
    engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name).split("\n").filter(Boolean).sort();
  const runOf = ({ stdout }: Ran): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";

  function migrate(name: string, ...more: string[]): Promise<Ran> {
    return world.unsprawl(["migrate", `image:${name}:1`, "--to", "local", "--yes", ...more]).then(told);
  }

  function told(ran: Ran): Ran {
    for (const value of VALUES) expect(ran.stdout + ran.stderr).not.toContain(value);
    return ran;
  }

  /** Every place that people look at, and all bytes that the image is handed on in. */
  function shown(ref: string): string {
    const file = join(world.dir, "saved.tar");
    engine.docker("save", "-o", file, ref);
    const saved = readFileSync(file).toString("latin1");
    return [engine.docker("image", "inspect", ref), engine.docker("history", "--no-trunc", ref), saved].join("\n");
  }

  const has = (text: string): string[] => VALUES.filter((value) => text.includes(value));

  it("loses its values and nothing else, runs, and is brought back", async () => {
    const { name, id } = build();
    expect(has(shown(`${name}:1`))).toEqual(VALUES);
    const before = JSON.parse(engine.docker("image", "inspect", `${name}:1`))[0];
    const ran = await migrate(name);
    expect(ran.code, ran.stderr).toBe(0);
    const run = runOf(ran);

    expect(has(shown(`${name}:1`))).toEqual([]);
    expect(idOf(`${name}:latest`)).toBe(idOf(`${name}:1`));
    const after = JSON.parse(engine.docker("image", "inspect", `${name}:1`))[0];
    expect(after.RootFS).toEqual(before.RootFS);
    const { Env, Labels, ...config } = after.Config;
    expect(Env).toEqual(before.Config.Env.filter((entry: string) => !entry.startsWith("DB_PASSWORD=")));
    expect(Labels).toEqual({
      vendor: expect.stringMatching(/^acme/),
      "api.token": expect.stringMatching(/^ref\+sops:.*#\/api\.token$/),
    });
    const { Env: _env, Labels: _labels, ...was } = before.Config;
    expect(config).toEqual(was);
    // The application works with the value from elsewhere.
    const env = ["-e", `DB_PASSWORD=${DB_PASSWORD}`, "--rm", "--network", "none"];
    expect(engine.docker("run", ...env, `${name}:1`, "sh", "-c", 'cat /made; echo "$DB_PASSWORD"')).toBe(
      `built\n${DB_PASSWORD}`,
    );
    const scanned = await world.unsprawl(["scan", `image:${name}:1`]);
    expect(scanned.stdout).toContain("no secrets found");

    const back = await world.unsprawl(["rollback", run]);
    expect(back.code, back.stderr).toBe(0);
    expect([idOf(`${name}:1`), idOf(`${name}:latest`)]).toEqual([id, id]);
    expect(tagged(name)).toEqual([`${name}:1`, `${name}:latest`]);
  });

  it("is kept until scrub, which waits for whoever was made from it", async () => {
    const { name, id } = build();
    engine.docker("run", "-d", "--name", "user", "--network", "none", `${name}:1`);
    const ran = await migrate(name);
    const run = runOf(ran);
    expect(ran.stdout).toContain("user still runs the old image and shows its values");
    expect(idOf(`${name}:1-before-${run}`)).toBe(id);
    const kept = told(await world.unsprawl(["scan", "image:*"]));
    expect(kept.stdout).not.toContain(`${name}:1-before-${run}`);
    expect(kept.stdout).toMatch(/\n\d+ old cop(y|ies) kept for rollback; next: unsprawl runs/);

    const early = await world.unsprawl(["scrub", run, "--accept", "key-backup"]);
    expect(early.code).toBe(1);
    expect(early.stderr).toContain("user still comes from the old image");
    engine.docker("rm", "-f", "user");
    // Other tests' images hold the same values, which is for the tests of residue.
    const late = await world.unsprawl(["scrub", run, "--no-residue", "--accept", "key-backup"]);
    expect(late.code, late.stderr).toBe(0);
    expect(tagged(name)).toEqual([`${name}:1`, `${name}:latest`]);
    expect(engine.docker("image", "ls", "-a", "--no-trunc", "--format", "{{.ID}}")).not.toContain(id);
  });

  it("is left alone when a value would stay in it", async () => {
    const { name, id } = build(`CMD ["server", "--password", "${DB_PASSWORD}"]\n`);
    const ran = await migrate(name);
    expect(ran.stdout).toMatch(/DB_PASSWORD: the value of DB_PASSWORD is also at Config\.Cmd/);
    expect([idOf(`${name}:1`), tagged(name)]).toEqual([id, [`${name}:1`, `${name}:latest`]]);
  });

  it("keeps a tag that somebody else moves meanwhile", async () => {
    const { name } = build();
    const plan = await world.unsprawl(["plan", `image:${name}:1`, "--to", "local", "-o", "moved.json"]);
    expect(plan.code, plan.stderr).toBe(0);
    engine.docker("tag", BUSYBOX, `${name}:latest`);
    const ran = told(await world.unsprawl(["apply", "moved.json"]));
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("is not the image that the plan saw")]);
    expect(idOf(`${name}:latest`)).toBe(idOf(BUSYBOX));
  });

  it("killed at step boundaries, then resumed or rolled back", { timeout: 600_000 }, async () => {
    const args = (name: string): string[] => ["migrate", `image:${name}:1`, "--to", "local", "--yes"];
    const lanes = [world];
    const undisturbed = build();
    // The world's keys are made by now.
    for (const lane of lanes)
      expect((await lane.unsprawl(["plan", `image:${undisturbed.name}:1`, "--to", "local"])).code).toBe(0);
    const { ran, kinds } = await recorded(world, args(undisturbed.name));
    expect(told(ran).code, ran.stderr).toBe(0);
    expect((await world.unsprawl(["rollback", runOf(ran)])).code).toBe(0);
    // What comes before the image is made is what every run does; the rest has the same order however images are kept.
    const boundaries = sample(oneOfEachStep(boundariesOf(kinds, "after intent clean")), config === null ? 4 : 2);
    await sweep(boundaries, lanes, async (at, turn, lane) => {
      const { name, id } = build();
      const before = runIds(lane);
      const killed = told(await killedAt(lane, args(name), at));
      expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
      const run = runIds(lane).find((one) => !before.includes(one));
      // Killed before the first record of its journal was whole, it has not begun.
      if (run === undefined || stateOf(lane, run) === null) return expect(idOf(`${name}:1`)).toBe(id);
      const verb = turn % 2 === 0 ? "resume" : "rollback";
      const ended = told(await lane.unsprawl([verb, run]));
      expect(ended.code, `${verb}, ${at.kind}: ${ended.stderr}`).toBe(0);
      const kept = verb === "resume" ? [`${name}:1-before-${run}`] : [];
      expect(tagged(name)).toEqual([`${name}:1`, ...kept, `${name}:latest`].sort());
      expect(idOf(kept[0] ?? `${name}:1`)).toBe(id);
      expect(has(shown(`${name}:1`))).toEqual(verb === "resume" ? [] : VALUES);
    });
  });
});

describe("references in an image", () => {
  it(
    "are resolved by the runtime for a container that may use them, and for no other",
    { timeout: 300_000 },
    async () => {
      const engine = await workerEngine();
      const world = makeWorld(engine.host);
      try {
        const installed = await world.unsprawl([
          "runtime",
          "install",
          "--to",
          "local",
          "--daemon-config",
          engine.configFile,
        ]);
        expect(installed.code, installed.stderr).toBe(0);
        const dir = join(world.dir, "context");
        mkdirSync(dir);
        writeFileSync(join(dir, "Dockerfile"), `FROM ${BUSYBOX}\nENV DB_PASSWORD=${DB_PASSWORD}\nCMD ["env"]\n`);
        engine.docker("build", "--quiet", "--network", "none", "-t", "app:1", dir);
        const ran = await world.unsprawl(["migrate", "image:app:1", "--to", "local", "--yes"]);
        expect(ran.code, ran.stderr).toBe(0);
        expect(engine.docker("image", "inspect", "-f", "{{json .Config.Env}}", "app:1")).toContain(
          "DB_PASSWORD=ref+sops:",
        );
        const started = (): string =>
          engine.docker("run", "--rm", "--name", "app", "--network", "none", "--runtime", "unsprawl", "app:1");
        expect(started).toThrow(/DB_PASSWORD names ref\+sops:.*which container:app may not use/);
        const shown = engine.docker("image", "inspect", "-f", "{{json .Config.Env}}", "app:1");
        const reference = /ref\+sops:[^"]*/.exec(shown)?.[0] ?? "";
        const allowed = await world.unsprawl(["runtime", "allow", "app", "DB_PASSWORD", reference]);
        expect(allowed.code, allowed.stderr).toBe(0);
        const said = started();
        expect(said).toContain(`DB_PASSWORD=${DB_PASSWORD}`);
        expect(() => execFileSync("grep", ["-r", "-l", "-F", DB_PASSWORD, join(world.dir, "state")])).toThrow(/failed/);
      } finally {
        await engine.clean();
        world.remove();
      }
    },
  );
});
