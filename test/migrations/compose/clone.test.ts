import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { composeCli } from "../../services/compose.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { APP, BUSYBOX, FILE_ENV, makeImages } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { sample } from "../../support/deep.ts";
import { STORES, type EveryStore } from "../../support/every-store.ts";
import { runsOf } from "../../support/in-process.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";

// A team commits a migrated project; a colleague clones it beside another engine, with a home, a folder in memory and a
// state folder of their own, and has the same values.

/** The project's own files and, drawn, Vault or one that is neither; all of them in a deep run. */
const others = STORES.filter(({ provider }) => provider !== "vault" && provider !== "local");
const elsewhere = [...STORES.filter(({ provider }) => provider === "vault"), ...sample(others, 1)];
const chosen = [...STORES.filter(({ provider }) => provider === "local"), ...sample(elsewhere, 1)];

/** Where a repository of several projects has this one. */
const SUBFOLDER = "services/team";

let [here, there]: [WorkerEngine | null, TestEngine | null] = [null, null];
let program: string;

beforeAll(async () => {
  [here, there, program] = await Promise.all([workerEngine(), startEngine(), composeCli()]);
  await makeImages(there);
}, 120_000);

afterAll(async () => {
  await here?.clean();
  await there?.stop();
});

const command = APP.map((word) => word.replaceAll("$", "$$$$"));
const service = { network_mode: "none", restart: "always", stop_grace_period: "1s" };

describe.each(chosen)("with $provider", ({ provider, start }) => {
  let store: EveryStore;
  let worlds: { readonly first: World; readonly second: World };
  const { DB_PASSWORD = "", API_TOKEN = "", SIGNING_SECRET = "" } = twelveSecrets();
  const name = `team-${provider}`;
  const texts = { DB_PASSWORD, API_TOKEN, SIGNING_SECRET };
  const escaped = (...names: (keyof typeof texts)[]): object =>
    Object.fromEntries(names.map((one) => [one, texts[one].replaceAll("$", "$$$$")]));

  beforeAll(async () => {
    store = await start();
    worlds = { first: makeWorld(here?.host ?? "", store.env), second: makeWorld(there?.host ?? "", store.env) };
  });
  afterAll(async () => {
    worlds?.first.remove();
    worlds?.second.remove();
    await store?.stop();
  });

  it("file and shim serve on another machine what they serve on the first", async () => {
    const { first, second } = worlds;
    const repository = join(first.dir, "project");
    const dir = join(repository, SUBFOLDER);
    mkdirSync(dir, { recursive: true });
    await git(repository, "init", "-q");
    const services = {
      db: { ...service, image: FILE_ENV, environment: escaped("DB_PASSWORD", "API_TOKEN") },
      web: { ...service, image: BUSYBOX, command, user: "1234:1235", environment: escaped("SIGNING_SECRET") },
    };
    writeFileSync(join(dir, "compose.yaml"), `# the team's\n${stringify({ name, services })}`);
    // The store is the repository's; who may read it is not in the file.
    writeFileSync(join(repository, "unsprawl.yaml"), stringify({ stores: { team: { provider, ...store.config } } }));
    const config = ["--config", join(repository, "unsprawl.yaml")];
    compose(dir, first, "up", "-d");
    const args = ["migrate", `compose:${dir}`, "--to", "team", "--yes", "--grace", "100ms", ...config];
    const moved = await first.unsprawl(args);
    expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    await expectServing(first);
    compose(dir, first, "down", "-t", "1");

    await git(repository, "add", "-A");
    await git(repository, "commit", "-qm", "all");
    const cloned = join(second.dir, "work/clone");
    await git(second.dir, "clone", "-q", repository, cloned);
    const clone = join(cloned, SUBFOLDER);
    const files = (await git(cloned, "ls-files")).trim().split("\n");
    const scripts = [`${SUBFOLDER}/compose.yaml`, `${SUBFOLDER}/unsprawl-entrypoint.sh`, "unsprawl.yaml"];
    expect(files.filter((file) => !file.startsWith("secrets/"))).toEqual(scripts);
    const machine = [first.dir, first.memory, here?.dir ?? "", "/units/", ...runsOf(first).map(({ run }) => run)];
    expect(machine).toHaveLength(5);
    for (const file of files) {
      const text = readFileSync(join(cloned, file), "utf8");
      for (const word of [...machine, ...Object.values(texts)]) expect(text.includes(word), file).toBe(false);
    }
    // The paths in it are those of containers, and where any machine keeps values in memory.
    const text = readFileSync(join(clone, "compose.yaml"), "utf8");
    const inMemory = /\$\{UNSPRAWL_RUNTIME_DIR:-\/run\/unsprawl\}\/compose\/[\w./-]+/g;
    expect(text.match(inMemory)).toHaveLength(3);
    const paths = text.replaceAll(inMemory, "").match(/(?<=[\s"'=,])\/[^\s"',\]]+/g) ?? [];
    for (const path of paths) expect(path).toMatch(/^\/(bin\/sh|run\/(secrets|unsprawl(\/secrets)?)\/\w+)$/);

    // Nothing is handed over but what opens the store.
    const key = first.env["SOPS_AGE_KEY_FILE"] ?? "";
    if (existsSync(key)) {
      mkdirSync(dirname(second.env["SOPS_AGE_KEY_FILE"] ?? ""), { mode: 0o700 });
      copyFileSync(key, second.env["SOPS_AGE_KEY_FILE"] ?? "");
    }
    first.remove();
    expect(existsSync(join(second.dir, "state"))).toBe(false);
    const own = provider === "vault" || provider === "local" ? [] : ["--config", join(cloned, "unsprawl.yaml")];
    const address = provider === "vault" ? { VAULT_ADDR: String(store.config["address"]) } : {};
    const rendered = await second.unsprawl(["render", `compose:${join(clone, "compose.yaml")}`, ...own], {
      env: address,
    });
    expect(rendered.code, rendered.stdout + rendered.stderr).toBe(0);
    expect(rendered.stdout).toBe(`compose:${name}/db: 2 files\ncompose:${name}/web: 1 file\n`);
    compose(clone, second, "up", "-d");
    await expectServing(second);
    expect(compose(clone, second, "up", "-d", "--dry-run")).not.toMatch(/Recreate/);
    compose(clone, second, "down", "-t", "1");
  });

  /** Each process has its values, byte for byte, and nobody who inspects the containers sees one. */
  async function expectServing(world: World): Promise<void> {
    const docker = (world === worlds.first ? here : there)?.docker ?? ((): string => "");
    const [db, web] = [`${name}-db-1`, `${name}-web-1`];
    const { DB_PASSWORD, API_TOKEN, SIGNING_SECRET } = texts;
    await expectServed(docker, db, { DB_PASSWORD, API_TOKEN });
    await expectServed(docker, web, { SIGNING_SECRET });
    for (const value of Object.values(texts)) expect(docker("inspect", db, web).includes(value)).toBe(false);
  }
});

function compose(cwd: string, { env }: World, ...args: string[]): string {
  return execFileSync(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

/** Without blocking this process, in which some of the stores run. */
async function git(cwd: string, ...args: string[]): Promise<string> {
  const who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" };
  return (await promisify(execFile)("git", [...who, ...args], { cwd, env })).stdout;
}
