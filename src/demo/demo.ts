import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { memoryRoot } from "../delivery/tmpfs.ts";
import { startWords } from "../kit/program.ts";
import { paint } from "../kit/paint.ts";
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
  const stop = (): void => {
    if (engine) cleanUp(engine, names, dir);
    rmSync(memoryOf(dir), { recursive: true, force: true });
    rmSync(dir, { recursive: true, force: true });
  };
  process.on("SIGINT", () => {
    stop();
    process.exit(130);
  });
  try {
    heading("An engine");
    engine = await demoEngine(dir, say);
    const image = demoImage(engine, dir);
    heading("Two leaky containers, as they are started every day");
    start(engine, names, image);
    return walk(engine, names, dir);
  } catch (error) {
    process.stderr.write(
      `${paint("red", "the demo stopped:", process.stderr)} ${error instanceof Error ? error.message : "unknown error"}\n`,
    );
    return 1;
  } finally {
    stop();
  }
}

function start(engine: DemoEngine, [shop = "", worker = ""]: readonly string[], image: string): void {
  // Made up for this run: nothing here opens anything.
  const password = randomBytes(12).toString("base64url");
  const common = ["-e", `DB_PASSWORD=${password}`, "-e", "LOG_LEVEL=info", "-e", "PORT=8080"];
  const session = randomBytes(24).toString("hex");
  const run = (name: string, ...env: string[]): void => {
    say(
      `docker run -d --name ${name} ${[...common, ...env]
        .filter((word) => word !== "-e")
        .map((pair) => `-e ${pair.split("=")[0] ?? ""}=…`)
        .join(" ")} ${image}`,
    );
    engine.docker(["run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1", ...common, ...env, image]);
  };
  run(
    shop,
    "-e",
    `SESSION_SECRET=${session}`,
    "-e",
    `DATABASE_URL=postgres://shop:${randomBytes(9).toString("hex")}@db:5432/shop`,
  );
  run(worker);
}

function walk(engine: DemoEngine, names: readonly string[], dir: string): number {
  const [shop = ""] = names;
  const glob = `docker:{${names.join(",")}}`;
  const before = saidBy(engine, shop);
  heading("docker inspect, before: anyone who reaches the engine reads this");
  process.stdout.write(`${engine.docker(["inspect", "-f", "{{range .Config.Env}}  {{println .}}{{end}}", shop])}\n`);

  heading("unsprawl scan");
  expectExit(unsprawl(engine, dir, "scan", glob), 3);
  heading("unsprawl plan --to local");
  expectExit(unsprawl(engine, dir, "plan", glob, "--to", "local", "--grace", "1s", "-o", "plan.json"), 0);
  heading("unsprawl apply plan.json");
  expectExit(unsprawl(engine, dir, "apply", "plan.json"), 0);

  heading("docker inspect, after: nothing to read");
  process.stdout.write(`${engine.docker(["inspect", "-f", "{{range .Config.Env}}  {{println .}}{{end}}", shop])}\n`);
  heading("…and the application still gets its value");
  process.stdout.write(`  before:  ${before}\n  after:   ${saidBy(engine, shop)}\n`);
  process.stdout.write(`  (the application prints the SHA-256 of its DB_PASSWORD when it starts)\n`);

  heading("unsprawl scrub, and a last scan");
  // The demo's key goes with it, and so does what it opens.
  expectExit(unsprawl(engine, dir, "scrub", "--accept", "key-backup"), 0);
  expectExit(unsprawl(engine, dir, "scan", glob), 0);
  process.stdout.write(
    `\n${paint("bold", "Migrated.", process.stdout)} The secrets went into ${join(dir, "data/unsprawl/secrets")}/*.sops.yaml (SOPS files, which real sops reads too). The demo now takes all of it away again.\n`,
  );
  return 0;
}

/** The application's last line: the digest of the value it got. */
function saidBy(engine: DemoEngine, name: string): string {
  return engine.docker(["logs", name]).trim().split("\n").at(-1) ?? "";
}

function unsprawl(engine: DemoEngine, dir: string, ...args: string[]): number | null {
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
  return spawnSync(program, [...words, ...args], { cwd: dir, env, stdio: ["ignore", "inherit", "inherit"] }).status;
}

/** The demo's folder on tmpfs, so that it leaves nothing in the one that real runs use. */
function memoryOf(dir: string): string {
  return `${memoryRoot(process.env)}-${basename(dir)}`;
}

function expectExit(code: number | null, expected: number): void {
  if (code !== expected) throw new Error(`a step ended with ${code ?? "a signal"} instead of ${expected}`);
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
  process.stdout.write(`\n${paint("bold", `── ${text}`, process.stdout)}\n`);
}

function say(text: string): void {
  process.stdout.write(`  ${paint("dim", text, process.stdout)}\n`);
}

process.exitCode = await demo();
