import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { memoryRoot } from "../delivery/tmpfs.ts";
import { makeFolders } from "../kit/io/folders.ts";
import { startWords } from "../kit/program.ts";
import { bare, cmd } from "../kit/shell.ts";
import { countText } from "../kit/text/count.ts";
import { paint } from "../kit/paint.ts";
import { UnsprawlError } from "../model/error.ts";
import { demoEngine, type DemoEngine } from "./engine.ts";
import { DEMO_IMAGE, demoImage } from "./image.ts";

/**
 * The main job, for real, on this machine: leaky containers on a real engine, scan, plan, migrate to the embedded
 * store, and what inspect shows before and after. Everything is created for the demo and removed again.
 */
async function demo(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-demo-"));
  const names = ["demo-shop", "demo-worker"].map((name) => `${name}-${randomBytes(2).toString("hex")}`);
  let engine: DemoEngine | null = null;
  let made: string | null = null;
  const stop = (): void => {
    if (engine) cleanUp(engine, names, dir);
    for (const folder of made === null ? [dir] : [made, dir]) rmSync(folder, { recursive: true, force: true });
  };
  process.on("SIGINT", () => {
    stop();
    process.exit(130);
  });
  try {
    say("The values below are made up, and everything is removed at the end.");
    // The folder that real runs use, which alone may be on tmpfs; it stays if it was there.
    const memory = memoryRoot(process.env);
    made = existsSync(memory) ? memoryOf(dir) : memory;
    makeFolders(memoryOf(dir), 0o700);
    engine = await demoEngine(dir, say);
    const image = demoImage(engine, dir);
    heading("Two containers, as they are started every day");
    start(engine, names, image);
    return walk(engine, names, dir);
  } catch (error) {
    process.stderr.write(`${paint("red", "the demo stopped:", process.stderr)} ${shownError(error)}\n`);
    return 1;
  } finally {
    stop();
  }
}

function start(engine: DemoEngine, [shop = "", worker = ""]: readonly string[], image: string): void {
  const common = [`DB_PASSWORD=${randomBytes(12).toString("base64url")}`, "LOG_LEVEL=info", "PORT=8080"];
  const database = `postgres://shop:${randomBytes(9).toString("hex")}@db:5432/shop`;
  const run = (name: string, ...env: string[]): void => {
    const flags = env.flatMap((pair) => ["-e", pair]);
    engine.docker(["run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1", ...flags, image]);
    say(`docker run -d --name ${name} -e DB_PASSWORD=… -e LOG_LEVEL=info …`);
  };
  run(shop, ...common, `SESSION_SECRET=${randomBytes(24).toString("hex")}`, `DATABASE_URL=${database}`);
  run(worker, ...common);
}

function walk(engine: DemoEngine, names: readonly string[], dir: string): number {
  const [shop = ""] = names;
  const glob = `docker:{${names.join(",")}}`;
  const run = (exits: readonly number[], ...args: string[]): unknown => unsprawl(engine, dir, exits, ...args, "--json");
  const before = saidBy(engine, shop);
  heading("docker inspect: anyone who can reach the engine reads this");
  showVariables(engine, shop);

  heading("unsprawl scan");
  const { findings, groups } = run([3], "scan", glob) as DemoScan;
  for (const { severity, name, location, why } of findings)
    say(`▲ ${severity}  ${name.padEnd(15)} ${location.subjectName.padEnd(17)} ${why[0] ?? ""}`.slice(0, WIDTH));
  say(`${groups.length} secrets in ${findings.length} places`);

  heading("unsprawl plan --to local");
  const plan = run([0, 3], "plan", glob, "--to", "local", "--grace", "1s", "-o", "plan.json") as DemoPlan;
  for (const name of names) {
    const moved = plan.steps.filter(({ kind, unit }) => kind === "put" && unit === name).length;
    say(`${name}: ${countText(moved, "secret")} into the store; restarts once, for a second or so`);
  }
  mustMoveAll(plan);
  heading("unsprawl apply plan.json --yes");
  const { proofs } = run([0], "apply", "plan.json", "--yes") as DemoRun;
  for (const [at, { unit, verified }] of proofs.entries()) {
    say(at === 0 ? `✓ ${unit}` : `✓ ${unit}, verified in the same way`);
    if (at > 0) continue;
    for (const { what, text } of verified) say(`    ${what}: ${text}`.slice(0, WIDTH));
  }
  heading("docker inspect again: labels that refer to the store, and no value");
  showVariables(engine, shop);
  showReferences(engine, shop);
  heading("The application gets the same value (SHA-256 of its DB_PASSWORD)");
  say(`before ${before}, after ${saidBy(engine, shop)}`);

  heading("unsprawl scrub --yes, then a last scan");
  // The demo's key goes with it, and so does what it opens.
  const { removed } = run([0], "scrub", "--accept", "key-backup", "--yes") as { readonly removed: readonly string[] };
  const last = run([0, 3], "scan", glob) as DemoScan;
  say(`${countText(removed.length, "old container")} removed, ${countText(last.findings.length, "secret")} left`);

  const [, main = ""] = startWords();
  heading("Now your own engine: a scan changes nothing");
  // npm finds the clone's own Node, which may be newer than that of the machine.
  const node = process.env["npm_lifecycle_event"] === undefined ? "node" : "npx node";
  process.stdout.write(`  ${cmd`${bare(node)} ${relative(process.cwd(), main) || main} scan`}\n`);
  return 0;
}

const WIDTH = 76;

/** The parts of the documents of `--json` that the demo shows. */
type DemoScan = {
  readonly findings: readonly {
    readonly severity: string;
    readonly name: string;
    readonly location: { readonly subjectName: string };
    readonly why: readonly string[];
  }[];
  readonly groups: readonly unknown[];
};
type DemoPlan = {
  readonly steps: readonly { readonly kind: string; readonly unit: string }[];
  readonly notMoved: readonly {
    readonly finding: { readonly name: string; readonly location: { readonly subjectName: string } };
    readonly reason: string;
    readonly hint: string | null;
  }[];
};
type DemoRun = {
  readonly proofs: readonly {
    readonly unit: string;
    readonly verified: readonly { readonly what: string; readonly text: string }[];
  }[];
};

/** The variables of a container besides those of its image. */
function showVariables(engine: DemoEngine, name: string): void {
  const all = JSON.parse(engine.docker(["inspect", "-f", "{{json .Config.Env}}", name])) as readonly string[];
  for (const pair of all) if (!pair.startsWith("PATH=")) say(pair);
}

/** What stands for each value, and where the application finds it. The demo's folders are left out of the references. */
function showReferences(engine: DemoEngine, name: string): void {
  const format = "{{json .Config.Labels}}\n{{range .Mounts}}{{.Destination}}{{end}}";
  const [labels = "", folder = ""] = engine.docker(["inspect", "-f", format, name]).split("\n");
  for (const [label, reference] of Object.entries(JSON.parse(labels) as { readonly [label: string]: string })) {
    const [, variable = ""] = /^unsprawl\.ref\.(.+)$/.exec(label) ?? [];
    if (variable !== "") say(`${variable.padEnd(15)} ${reference.replace(/(?<=:\/\/)[^#]*\//, "…/")}`);
  }
  say(`The application reads its values from memory, mounted at ${folder}.`);
}

/** Throws, with the reason and what to type, if a secret cannot be moved on this machine. */
function mustMoveAll({ notMoved }: DemoPlan): void {
  const [first] = notMoved;
  if (first === undefined) return;
  for (const { finding, reason } of notMoved)
    say(`not moved: ${finding.name} of ${finding.location.subjectName}: ${reason}`);
  throw new UnsprawlError(
    "refused",
    `${countText(notMoved.length, "secret")} cannot be moved here`,
    first.hint ?? "unsprawl doctor",
  );
}

function shownError(error: unknown): string {
  if (error instanceof UnsprawlError) return `${error.message}\n  next: ${error.hint}`;
  return error instanceof Error ? error.message : "unknown error";
}

/** The application's last line: the digest of the value it got. */
function saidBy(engine: DemoEngine, name: string): string {
  return engine.docker(["logs", name]).trim().split("\n").at(-1) ?? "";
}

/** Runs a command, and gives the document that it prints. Throws for another exit code, with what it said. */
function unsprawl(engine: DemoEngine, dir: string, exits: readonly number[], ...args: string[]): unknown {
  const env = {
    ...process.env,
    ...engine.env,
    XDG_STATE_HOME: join(dir, "state"),
    XDG_CONFIG_HOME: join(dir, "config"),
    XDG_DATA_HOME: join(dir, "data"),
    SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt"),
    UNSPRAWL_RUNTIME_DIR: memoryOf(dir),
  };
  const [program, ...words] = startWords();
  const { status, stdout, stderr } = spawnSync(program, [...words, ...args], {
    ...{ cwd: dir, env, encoding: "utf8", maxBuffer: 1 << 26 },
  });
  if (exits.includes(status ?? -1)) return JSON.parse(stdout);
  const said = `unsprawl ${args[0] ?? ""} ended with ${status ?? "a signal"}: `;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(said + last);
  const { error } = JSON.parse(last) as { readonly error: { readonly message: string; readonly hint: string } };
  throw new UnsprawlError("refused", said + error.message, error.hint);
}

/** Where the demo's values are in memory. */
function memoryOf(dir: string): string {
  return join(memoryRoot(process.env), basename(dir));
}

function cleanUp(engine: DemoEngine, names: readonly string[], dir: string): void {
  const all = engine
    .docker(["ps", "-aq", ...names.flatMap((name) => ["--filter", `name=${name}`])])
    .split("\n")
    .filter(Boolean);
  if (all.length > 0) engine.docker(["rm", "-f", ...all]);
  engine.docker(["image", "rm", "-f", DEMO_IMAGE]);
  engine.stop(dir);
}

function heading(text: string): void {
  process.stdout.write(`\n${paint("bold", text, process.stdout)}\n`);
}

function say(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

process.exitCode = await demo();
