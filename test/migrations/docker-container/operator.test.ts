import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../../services/images.ts";
import { freePort } from "../../services/tls.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { savePlan } from "../../support/in-process.ts";
import { killedAt } from "../../support/kill.ts";
import { makeWorld, type World } from "../../support/world.ts";

// What the person at the terminal is told before and after a migration.

let engine: WorkerEngine;
let world: World;

beforeAll(async () => {
  engine = await workerEngine();
  world = makeWorld(engine.host);
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

function create(how: "run" | "create", name: string, ...options: string[]): void {
  const value = random(24);
  world.plant({ [name]: value });
  engine.docker(
    how,
    ...(how === "run" ? ["-d"] : []),
    "--name",
    name,
    "-e",
    `DB_PASSWORD=${value}`,
    ...(options.includes("-p") ? [] : ["--network", "none"]),
    ...options,
    BUSYBOX,
    ...APP,
  );
}

const migrate = (...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["migrate", ...more, "--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"]);

it("a container that was never started is not said to have its values", async () => {
  create("create", "idle");
  create("run", "busy");
  const both = await migrate("docker:idle", "docker:busy");
  expect(both.code, both.stderr).toBe(0);
  expect(both.stdout).toContain("Verified: the store gave back the same bytes; a fresh inspect shows no value.");
  expect(both.stdout).toContain("application has its values: idle (never started: it was not running before).");
  expect(both.stdout).not.toContain("the running application has each value");
});

it("JSON has what was verified of each container and what was not", async () => {
  create("create", "idle-json");
  const { code, stdout } = await migrate("docker:idle-json", "--json");
  expect(code).toBe(0);
  const { proofs } = JSON.parse(stdout) as { proofs: { reach: string; notVerified: { what: string }[] }[] };
  expect(proofs.map(({ reach }) => reach)).toEqual(["unseen"]);
  expect(proofs[0]?.notVerified.map(({ what }) => what)).toEqual(["health", "received"]);
});

it("a rollback whose old container was removed names what ends the run, and that does", async () => {
  create("run", "pruned");
  expect((await migrate("docker:pruned")).code).toBe(0);
  const kept = engine.docker("ps", "-aq", "--filter", "name=^/pruned-before-");
  engine.docker("rm", kept);
  const { code, stderr } = await world.unsprawl(["rollback", "last"]);
  expect(code).toBe(5);
  const [, next = ""] = /next: unsprawl (scrub \S+) ends the run: the new one keeps its values/.exec(stderr) ?? [];
  const ended = await world.unsprawl([...next.split(" "), "--accept", "key-backup", "--no-residue"]);
  expect(ended.code, ended.stderr).toBe(0);
  expect((await world.unsprawl(["runs", "last"])).stdout).toContain("scrubbed");
  expect(engine.docker("ps", "-q", "--filter", "name=^/pruned$")).not.toBe("");
});

/** Starts a container, and kills its migration right after this step. */
async function killed(name: string, step: string): Promise<void> {
  create("run", name);
  const options = { to: "local", deliver: "shim", grace: "100ms" } as const;
  await savePlan(world, `${name}.json`, [`docker:${name}`], options);
  const { signal } = await killedAt(world, ["apply", `${name}.json`], { kind: `after done recreate/${step}`, nth: 0 });
  expect(signal).toBe("SIGKILL");
}

const names = (name: string): string[] =>
  engine.docker("ps", "-a", "--filter", `name=^/${name}`, "--format", "{{.Names}}").split("\n").filter(Boolean).sort();

it("a killed run whose old container was pruned has no way back, and finishes with the new one", async () => {
  await killed("killed", "keep");
  engine.docker("rm", names("killed").find((name) => name.includes("-before-")) ?? "");
  const back = await world.unsprawl(["rollback", "last"]);
  expect([back.code, back.stderr]).toEqual([
    5,
    expect.stringMatching(/next: unsprawl resume \S+ finishes the run: the new one gets/),
  ]);
  const on = await world.unsprawl(["resume", "last"]);
  expect(on.code, on.stderr).toBe(0);
  expect(on.stdout).toContain("the running application has each value");
  expect(on.stdout).toMatch(/Nothing is kept for rollback: .*\n {2}unsprawl scrub \S+ {3}ends the run\n/);
  expect(on.stdout).not.toContain("-before-");
  expect(names("killed")).toEqual(["killed"]);
});

it("a killed run whose container somebody made again meanwhile leaves nothing in the engine, and the values in the store", async () => {
  await killed("remade", "stop");
  engine.docker("rm", "-f", "remade");
  create("create", "remade");
  const back = await world.unsprawl(["rollback", "last"]);
  expect([back.code, back.stdout + back.stderr]).toEqual([
    5,
    expect.stringMatching(/made another one, which is left alone\n.*DB_PASSWORD stays in the store at ref\+sops/s),
  ]);
  expect(names("remade")).toEqual(["remade"]);
  expect(readFileSync(join(world.dir, ".local/share/unsprawl/secrets/remade.sops.yaml"), "utf8")).toContain(
    "DB_PASSWORD",
  );
});

it("an old copy is one line of a scan and no finding; a container that only has such a name is one", async () => {
  create("run", "moved");
  expect((await migrate("docker:moved")).code).toBe(0);
  const one = await world.unsprawl(["scan", "docker:moved*"]);
  expect([one.code, one.stdout]).toEqual([
    0,
    expect.stringContaining("\n1 old copy kept for rollback; next: unsprawl runs"),
  ]);
  expect(one.stdout).not.toContain("DB_PASSWORD");
  for (const format of ["sarif", "html", "junit", "github", "gitlab", "ndjson"]) {
    const shown = await world.unsprawl(["scan", "docker:moved*", "--format", format]);
    expect([format, shown.code, shown.stdout.includes("DB_PASSWORD")]).toEqual([format, 0, false]);
  }
  // A page of a source that a run moved from names what it moved.
  const page = await world.unsprawl(["scan", "docker:moved", "--format", "html"]);
  expect(page.stdout).toMatch(/<b>DB_PASSWORD<\/b><\/bdi> of <bdi>moved<\/bdi>, in [^:]*: moved/);
  const watched = await world.unsprawl(["watch", "docker:moved*", "--once"]);
  expect([watched.code, watched.stdout]).toEqual([0, ""]);
  expect(watched.stderr).toMatch(/^nothing new; 0 findings in .*\n1 old copy kept for rollback; next: unsprawl runs/m);
  create("run", "moved-before-20200101-000000-beef");
  const both = await world.unsprawl(["scan", "docker:moved*", "--json"]);
  const { findings, summary } = JSON.parse(both.stdout) as { findings: { state: string }[]; summary: { kept: number } };
  expect([both.code, findings.map(({ state }) => state), summary.kept]).toEqual([3, ["migrated"], 1]);
});

it("the plan says how long a container stops at most, and which ports close meanwhile", async () => {
  const health = ["--health-cmd", "true", "--health-interval", "1s"];
  const port = await freePort();
  create("run", "served", "-p", `127.0.0.1:${port}:80`, "--stop-timeout", "7", ...health);
  create("create", "resting");
  const args = ["plan", "docker:served", "docker:resting", "--to", "local", "--deliver", "shim"];
  const { stdout } = await world.unsprawl([...args, "--health-timeout", "60s"]);
  expect(stdout).toContain(
    `served is stopped and replaced: up to 7 s to stop, then healthy within 60 s; published ports closed meanwhile: ${port}`,
  );
  expect(stdout).toContain("resting is replaced; it is not running, so nothing is started");
  expect(stdout).toContain("\n1 container restarts.\nafter a reboot the files are gone until unsprawl agent");
});

it("migrate without a source reports how much would move, and changes nothing", async () => {
  create("create", "unasked");
  const before = engine.docker("ps", "-aq", "--no-trunc");
  const { code, stderr } = await migrate();
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/no source: \d+ secrets? in \d+ containers? of docker: would/),
  ]);
  expect(stderr).toContain("unsprawl migrate docker: --to local --yes");
  expect(engine.docker("ps", "-aq", "--no-trunc")).toBe(before);
});
