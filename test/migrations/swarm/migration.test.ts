import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { swarmOf } from "../../../src/engine/swarm.ts";
import { Secret } from "../../../src/model/secret.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { BUSYBOX, FILE_ENV, makeImages } from "../../services/images.ts";
import { becomeSwarm } from "../../services/swarm.ts";
import { openSpec } from "../../conformance/spec.ts";
import { killedAt, recorded } from "../../support/kill.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

let engine: TestEngine;
let world: World;
/** What a scan said before the engine was made a swarm's manager. */
let swarmless: Ran;
/** Every value that a test has given to a service. */
const values = new Set<string>();

beforeAll(async () => {
  // An engine of its own: a swarm's manager keeps tasks, configs and a network that no file after this one should meet.
  engine = await startEngine();
  await makeImages(engine);
  world = makeWorld(engine.host);
  swarmless = await world.unsprawl(["scan", "swarm:"]);
  await becomeSwarm(engine);
});

afterAll(async () => {
  await engine?.stop();
  world?.remove();
});

afterEach(() => {
  for (const kind of ["service", "secret", "config"]) {
    const ids = engine.docker(kind, "ls", "-q").split("\n").filter(Boolean);
    if (ids.length > 0) engine.docker(kind, "rm", ...ids);
  }
});

/** Ends at once when it is told to, so that nobody waits for its grace time. */
const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];
const QUICK = ["--quiet", "--update-monitor", "100ms", "--restart-delay", "100ms", "--update-order", "start-first"];
const UPDATE = ["service", "update", "--detach=false", "--quiet"];

function secret(name: keyof ReturnType<typeof twelveSecrets> = "DB_PASSWORD"): string {
  const value = twelveSecrets()[name] ?? "";
  values.add(value);
  return value;
}

type Doc = {
  ID: string;
  Spec: { Labels: { [name: string]: string }; TaskTemplate: { ContainerSpec: { [key: string]: unknown } } };
  PreviousSpec?: unknown;
};

function start(name: string, value: string, image: string, options: readonly string[] = [], args = APP): Doc {
  const env = ["--env", "LOG_LEVEL=info", "--env", `DB_PASSWORD=${value}`, "--env", "TZ=UTC"];
  engine.docker("service", "create", "--name", name, "--network", "host", ...QUICK, ...env, ...options, image, ...args);
  return inspect(name);
}

const inspect = (name: string): Doc => (JSON.parse(engine.docker("service", "inspect", name)) as [Doc])[0];
const objects = (kind: "secret" | "config"): string => engine.docker(kind, "ls", "--format", "{{.Name}}");
const runOf = ({ stdout }: Ran): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";

async function migrate(name: string, ...more: string[]): Promise<Ran> {
  const to = ["--to", "local", "--grace", "100ms", "--health-timeout", "30s"];
  return told(await world.unsprawl(["migrate", `swarm:${name}`, ...to, "--yes", ...more]));
}

/** The command's answer, after a look that no value is in what it said or wrote down. */
function told(ran: Ran): Ran {
  const runs = join(world.dir, "state/unsprawl/runs");
  const journals = existsSync(runs) ? readdirSync(runs).map((file) => readFileSync(join(runs, file), "utf8")) : [];
  const all = [ran.stdout, ran.stderr, ...journals].join("\n");
  for (const value of values) expect(all.includes(value)).toBe(false);
  return ran;
}

/** Waits until the first process of a running task has this value in the variable. */
async function expectReceived(name: string, value: string): Promise<void> {
  const has = (): boolean => {
    const ids = engine.docker("ps", "-q", "--filter", `label=com.docker.swarm.service.name=${name}`).split("\n");
    return ids.some((id) => {
      try {
        const pid = engine.docker("inspect", "--format", "{{.State.Pid}}", id);
        return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`DB_PASSWORD=${value}`);
      } catch {
        return false; // an old task that has ended since
      }
    });
  };
  await expect.poll(has, { interval: 250 }).toBe(true);
}

/** A spec without the places in which a delivery may differ. */
function untouched({ Spec }: Doc): unknown {
  const differs = ["Env", "Secrets", "Configs", "Command", "Args", "Healthcheck"];
  const container = Spec.TaskTemplate.ContainerSpec;
  const kept = Object.entries(container).filter(([name]) => !differs.includes(name));
  const variables = (container["Env"] as string[]).filter((entry) => !entry.startsWith("DB_PASSWORD"));
  const labels = Object.entries(Spec.Labels).filter(([name]) => !name.startsWith("unsprawl."));
  return { ...Spec, Labels: labels, TaskTemplate: { ...Spec.TaskTemplate, ContainerSpec: { kept, variables } } };
}

it("an engine that manages no swarm says what makes one", () => {
  expect(swarmless.code).toBe(1);
  expect(swarmless.stderr).toContain("manages no swarm");
  expect(swarmless.stderr).toContain("docker swarm init");
});

it("the present spec, the one before, old tasks and configs are all read", async () => {
  const [first, second, third] = [secret(), secret(), secret()];
  start("history", first, BUSYBOX, ["--label", `com.example.token=${secret("GITHUB_TOKEN")}`]);
  for (const value of [second, third]) engine.docker(...UPDATE, "--env-add", `DB_PASSWORD=${value}`, "history");
  const file = join(world.dir, "app.env");
  const kept = secret("SESSION_SECRET");
  writeFileSync(file, `LOG_LEVEL=info\nSESSION_SECRET=${kept}\n`);
  engine.docker("config", "create", "app.conf", file);

  const scanned = told(await world.unsprawl(["scan", "swarm:", "--json"]));
  expect(scanned.code).toBe(3);
  const { findings } = JSON.parse(scanned.stdout) as {
    findings: { name: string; location: { path: string; subject: string; subjectName: string } }[];
  };
  const places = findings.map(
    ({ location: { subjectName, path } }) =>
      `${subjectName} ${path.replace(/Tasks\.\w+/, "Tasks").replace(/\[\d\]$/, "")}`,
  );
  expect(places.sort()).toEqual([
    "config app.conf Spec.Data",
    "history PreviousSpec.TaskTemplate.ContainerSpec.Env",
    'history Spec.Labels["com.example.token"]',
    "history Spec.TaskTemplate.ContainerSpec.Env",
    "history Tasks.Spec.ContainerSpec.Env",
  ]);

  const planned = told(await world.unsprawl(["plan", "swarm:", "--to", "local"]));
  expect(planned.code).toBe(3);
  expect(planned.stdout).toContain("docker service update history makes the current spec the previous one too");
  expect(planned.stdout).toContain("docker swarm update --task-history-limit 0");
  expect(planned.stdout).toContain("is in a Swarm config");
});

describe.each([
  ["an image that reads NAME_FILE", "file", FILE_ENV, ["--update-order", "stop-first"]],
  [
    "an image with a shell and a health check",
    "shim",
    BUSYBOX,
    [
      "--replicas",
      "2",
      "--update-parallelism",
      "0",
      "--health-cmd",
      'test -n "$DB_PASSWORD"',
      "--health-interval",
      "1s",
    ],
  ],
] as const)("%s", (_what, delivery, image, options) => {
  it(`is moved by ${delivery}, all else is as it was, and comes back`, async () => {
    const value = secret();
    const before = start("moved", value, image, ["--limit-memory", "64M", ...options]);
    const ofTask = await world.unsprawl(["plan", "docker:moved.*", "--to", "local"]);
    expect(ofTask.stdout).toContain("unsprawl plan swarm:moved --to STORE");
    const moved = await migrate("moved");
    expect(moved.code, moved.stderr).toBe(0);
    expect(moved.stdout).toContain(`by ${delivery}`);
    expect(moved.stdout).toMatch(
      /^ {2}restart +moved: (its task is|all 2 tasks are) replaced.* \((stop|start)-first\)/m,
    );
    expect(moved.stdout).not.toContain("after a reboot");

    const after = inspect("moved");
    expect(JSON.stringify(after.Spec).includes(value)).toBe(false);
    expect(untouched(after)).toEqual(untouched(before));
    // Where its value comes from stands beside it, and is nobody's secret.
    expect(after.Spec.Labels).toEqual({
      "unsprawl.ref.DB_PASSWORD": expect.stringMatching(/^ref\+sops:\/\/.*#\/DB_PASSWORD$/),
      "unsprawl.deliver.DB_PASSWORD": delivery,
      "unsprawl.store.DB_PASSWORD": "local",
    });
    const again = JSON.parse((await world.unsprawl(["scan", "swarm:moved", "--json"])).stdout) as {
      findings: readonly { readonly location: { readonly where: string } }[];
    };
    expect(again.findings.filter(({ location }) => location.where === "label")).toEqual([]);
    await expectReceived("moved", value);
    expect(objects("secret")).toBe(`moved_DB_PASSWORD_${runOf(moved)}`);

    const back = told(await world.unsprawl(["rollback", runOf(moved)]));
    expect(back.code, back.stderr).toBe(0);
    expect(inspect("moved").Spec).toEqual(before.Spec);
    await expectReceived("moved", value);
    expect(objects("secret") + objects("config")).toBe("");
    // Nothing is left that `docker service rollback` would bring back without its secret.
    expect(JSON.stringify(inspect("moved").PreviousSpec)).not.toContain("moved_DB_PASSWORD_");
  });
});

it("a value that has changed in a store without versions refuses a rollback before the service is touched", async () => {
  const value = secret();
  const before = start("refusing", value, BUSYBOX);
  const moved = await migrate("refusing");
  // Until then the previous spec still has the value, and nothing else is needed.
  engine.docker("service", "update", "--detach", "--replicas", "2", "refusing");
  const after = inspect("refusing").Spec;
  const store = await openSpec({ provider: "local", config: {}, env: world.env, dir: world.dir });
  const key = store.parse(after.Labels["unsprawl.ref.DB_PASSWORD"] ?? "");
  const change = async (to: string): Promise<void> => {
    const there = key && (await store.get(key));
    expect(there?.value.length).toBeGreaterThan(0);
    if (key && there) await store.put(key, Secret.of(to), there.version, { runId: "later", subject: "refusing" });
  };
  await change(randomBytes(18).toString("base64url"));
  const refused = told(await world.unsprawl(["rollback", runOf(moved)]));
  expect(refused.code, refused.stdout + refused.stderr).toBe(1);
  expect(refused.stderr).toContain("nothing was changed");
  expect(inspect("refusing").Spec).toEqual(after);
  await change(value);
  expect((await world.unsprawl(["rollback", runOf(moved)])).code).toBe(0);
  const { Env } = inspect("refusing").Spec.TaskTemplate.ContainerSpec;
  expect(Env).toEqual(before.Spec.TaskTemplate.ContainerSpec["Env"]);
});

it("what somebody has changed since stays when a run is rolled back", async () => {
  const before = start("scaled", secret(), BUSYBOX);
  const moved = await migrate("scaled");
  engine.docker("service", "update", "--detach", "--replicas", "2", "--env-add", "NEW=1", "scaled");
  expect((await world.unsprawl(["rollback", runOf(moved)])).code).toBe(0);
  const { Env } = inspect("scaled").Spec.TaskTemplate.ContainerSpec;
  // Docker's client writes the variables in any order when it adds one.
  const was = before.Spec.TaskTemplate.ContainerSpec["Env"] as string[];
  expect((Env as string[]).toSorted()).toEqual([...was, "NEW=1"].toSorted());
  expect(inspect("scaled").Spec).toHaveProperty("Mode.Replicated.Replicas", 2);
});

it("scrub takes the values out of the previous spec, and says what makes the swarm forget old tasks", async () => {
  const value = secret();
  start("scrubbed", value, FILE_ENV, ["--update-order", "stop-first"]);
  const run = runOf(await migrate("scrubbed"));
  const [container] = engine.docker("ps", "-q", "--filter", "label=com.docker.swarm.service.name=scrubbed").split("\n");
  expect(engine.docker("service", "inspect", "scrubbed")).toContain(value);
  const copy = join(world.memory, "copy");
  writeFileSync(copy, `password: ${value}\n`);
  engine.docker("config", "create", "scrubbed-copy", copy);

  const scrubbed = told(await world.unsprawl(["scrub", run, "--accept", "key-backup"]));
  expect(scrubbed.code).toBe(5);
  expect(scrubbed.stdout).toContain("removed the previous spec of scrubbed");
  // What the swarm still shows of it: the old task, and a config that nobody moved; not the previous spec.
  expect(scrubbed.stdout).toMatch(
    /residue: DB_PASSWORD in service scrubbed, shutdown task \w+: Spec\S+DB_PASSWORD; next: docker swarm/,
  );
  expect(scrubbed.stdout).toContain("residue: DB_PASSWORD in config scrubbed-copy: Data; next: rotate DB_PASSWORD");
  expect(scrubbed.stdout).not.toContain("PreviousSpec");
  engine.docker("config", "rm", "scrubbed-copy");
  expect(engine.docker("service", "inspect", "scrubbed").includes(value)).toBe(false);
  const all = engine.docker("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.swarm.service.name=scrubbed");
  expect(engine.docker("inspect", ...all.split("\n")).includes(value)).toBe(false);
  // The application was not touched for it.
  expect(all.slice(0, 12)).toBe(container);

  const { hint } = /left: 1 old task .*?: (?<hint>.*), then/.exec(scrubbed.stdout)?.groups ?? {};
  for (const command of hint?.split(" && ") ?? []) engine.docker(...command.split(" ").slice(1));
  const again = await world.unsprawl(["scrub", run, "--accept", "key-backup"]);
  expect(again.stdout).toContain("nothing was kept");
  expect(again.code).toBe(0);
  engine.docker("swarm", "update", "--task-history-limit", "5");
});

describe("a service that does not come up with its new spec", () => {
  const REFUSES = [
    "sh",
    "-c",
    "test ! -e /run/secrets/DB_PASSWORD || exit 3; trap 'exit 0' TERM; sleep 1000 & wait $!",
  ];
  it.each([
    [
      "fails, and the swarm takes the update back itself",
      REFUSES,
      ["--update-failure-action", "rollback", "--update-monitor", "1s"],
    ],
    [
      "is unhealthy",
      APP,
      ["--health-cmd", "test ! -e /run/secrets/DB_PASSWORD", "--health-interval", "700ms", "--health-retries", "2"],
    ],
  ])("%s: is put back", async (_what, args, options) => {
    const value = secret();
    const before = start("broken", value, FILE_ENV, options, args);
    const moved = await migrate("broken");
    expect(moved.code).toBe(1);
    expect(moved.stderr).toMatch(/the tasks of broken did not come up|broken\S* (did not stay up|is unhealthy)/);
    expect(inspect("broken").Spec).toEqual(before.Spec);
    await expectReceived("broken", value);
    expect(objects("secret")).toBe("");
  });
});

it("an update by somebody else refuses: between plan and apply, and between read and write", async () => {
  start("busy", secret(), BUSYBOX);
  const planned = told(await world.unsprawl(["plan", "swarm:busy", "--to", "local", "-o", "busy.json"]));
  expect(planned.code, planned.stderr).toBe(0);
  const plan = readFileSync(join(world.dir, "busy.json"), "utf8");
  expect([...values].filter((value) => plan.includes(value))).toEqual([]);
  // A plan with its proof taken out is no plan.
  const { steps, ...rest } = JSON.parse(plan) as { steps: { kind: string }[] };
  writeFileSync(
    join(world.dir, "cut.json"),
    JSON.stringify({ ...rest, steps: steps.filter(({ kind }) => kind !== "check") }),
  );
  expect((await world.unsprawl(["apply", "cut.json"])).stderr).toContain(
    "are not put, verify, and what its migration does",
  );
  const swarm = await swarmOf(await openEngine({ DOCKER_HOST: engine.host }));
  const read = await swarm.service("busy");
  if (read === null) throw new Error("no such service");

  engine.docker(...UPDATE, "--label-add", "a=b", "busy");
  const before = inspect("busy");
  const applied = told(await world.unsprawl(["apply", "busy.json"]));
  expect(applied.code).toBe(1);
  expect(applied.stderr).toContain("the service busy has changed since the plan was made");
  await expect(swarm.update(read, read.Spec)).rejects.toMatchObject({ code: "changed" });
  expect(inspect("busy")).toEqual(before);
  expect(objects("secret")).toBe("");
});

it("a stack's service is moved only with --accept stack, for its file would bring the value back", async () => {
  start("shop_db", secret(), FILE_ENV, ["--label", "com.docker.stack.namespace=shop"]);
  const refused = await migrate("shop_db");
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain("belongs to the stack shop");
  expect((await migrate("shop_db", "--accept", "stack")).code).toBe(0);
});

it("a run that was killed goes on, or is undone, from wherever it was", async () => {
  const value = secret();
  const before = start("killed", value, FILE_ENV);
  const args = ["migrate", "swarm:killed", "--to", "local", "--grace", "100ms", "--yes"];
  const { ran, kinds } = await recorded(world, args);
  expect((await world.unsprawl(["rollback", /Plan (\S+):/.exec(ran.stdout)?.[1] ?? ""])).code).toBe(0);
  const decided = { kind: kinds[kinds.lastIndexOf("after done deliver/decided") + 1] ?? "", nth: 0 };
  const update = { kind: "after intent recreate/update", nth: 0 };
  const updated = { kind: kinds[kinds.indexOf(update.kind) + 1] ?? "", nth: 0 };
  // The boundary at which it is killed, the last step that its journal has then, and how it ends.
  const kills = [
    [decided, "deliver:swarm/killed/decided", "rollback"], // the Swarm secret is there, which nothing says
    [update, "recreate:swarm/killed/update", "resume"], // about to update the service
    [updated, "recreate:swarm/killed/update", "rollback"], // the service is updated, which nothing says
  ] as const;
  for (const [at, last, verb] of kills) {
    expect((await killedAt(world, args, at)).signal).toBe("SIGKILL");
    const [run = ""] = readdirSync(join(world.dir, "state/unsprawl/runs")).sort().toReversed();
    const journal = readFileSync(join(world.dir, "state/unsprawl/runs", run), "utf8")
      .trimEnd()
      .split("\n");
    expect(JSON.parse(journal.at(-1) ?? "")).toMatchObject({ step: last });
    const id = run.replace(".jsonl", "");
    if (verb === "resume") {
      const resumed = told(await world.unsprawl(["resume", id]));
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(JSON.stringify(inspect("killed").Spec)).not.toContain(value);
      await expectReceived("killed", value);
    }
    const back = told(await world.unsprawl(["rollback", id]));
    expect(back.code, back.stderr).toBe(0);
    expect(inspect("killed").Spec).toEqual(before.Spec);
    await expectReceived("killed", value);
    expect(objects("secret")).toBe("");
  }
});
