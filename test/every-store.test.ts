import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { findValue } from "../src/engine/traces.ts";
import { Secret } from "../src/model/secret.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { APP, BUSYBOX } from "./services/images.ts";
import { sample } from "./support/deep.ts";
import { runsOf } from "./support/in-process.ts";
import { plainVariables, twelveSecrets } from "./support/secrets.ts";
import { STORES, type EveryStore } from "./support/every-store.ts";
import { makeWorld, type World } from "./support/world.ts";

/**
 * The main job with each store: a real container's twelve awkward secrets move, an independent client of the store reads
 * the same bytes, references lead back to them, and a rollback leaves nothing. The stores go side by side, each
 * with a world of its own.
 */

let engine: WorkerEngine;

beforeAll(async () => {
  engine = await workerEngine();
});
afterAll(() => engine?.clean());

type Doc = { readonly Id: string; readonly Image: string; readonly State: { readonly Pid: number } };
const inspect = async (name: string): Promise<Doc> => (JSON.parse(await docker("inspect", name)) as [Doc])[0];

/** A container that stays up, with these variables. */
async function start(name: string, values: { readonly [name: string]: string }): Promise<void> {
  const env = Object.entries(values).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  await docker("run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1", ...env, BUSYBOX, ...APP);
}

/** An engine has one runtime: the stores take turns with it. */
let turn: Promise<unknown> = Promise.resolve();
function inTurn(work: () => Promise<void>): Promise<void> {
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
}

/** Without blocking this process, in which some of the stores run. */
async function docker(...args: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], HOME: engine.dir, DOCKER_HOST: engine.host };
  return (await promisify(execFile)("docker", args, { env })).stdout;
}

/** A process that has just started may still be the script that becomes the program. */
const expectServed = (pid: number, values: { readonly [name: string]: string }): Promise<void> =>
  vi.waitFor(() => expect(ofProcess(pid)).toMatchObject(values), { timeout: 120_000, interval: 100 });

function ofProcess(pid: number): { readonly [name: string]: string } {
  const entries = readFileSync(`/proc/${pid}/environ`).toString("utf8").split("\0");
  return Object.fromEntries(entries.filter(Boolean).map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
}

/** Every store in a deep run; otherwise one of each kind: one that main-job.test.ts has too, a vendor's double, AWS. */
const kinds = [
  ["vault", "local"],
  ["azure-key-vault", "gcp-secret-manager", "keywhiz"],
  ["aws-kms", "aws-secrets-manager", "aws-ssm"],
];
const drawn = kinds.flatMap((names) => sample(names, 1));
const chosen = STORES.filter(({ provider }) => drawn.includes(provider));

it("each store is of a kind", () => {
  expect(kinds.flat().sort()).toEqual(STORES.map(({ provider }) => provider).sort());
});

describe.concurrent.each(chosen)("$provider", (kind) => {
  let world: World;
  let store: EveryStore;
  const secrets = twelveSecrets(kind.largest);
  const name = `every-${kind.provider}`;

  beforeAll(async () => {
    store = await kind.start();
    world = makeWorld(engine.host, store.env);
    configure({});
    await start(name, { ...plainVariables(), ...secrets });
  });
  afterAll(async () => {
    await store?.stop();
    world?.remove();
  });

  function configure(more: { readonly [key: string]: unknown }): void {
    const stores = { here: { provider: kind.provider, ...store.config, ...more } };
    writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
  }

  it.sequential("checks its rights, and leaves nothing", async () => {
    const ran = await world.unsprawl(["stores", "check", "here"]);
    expect(ran.stdout).not.toContain("✗");
    expect(ran.code).toBe(0);
  });

  it.sequential("takes twelve secrets of a container; another client reads the same bytes", async () => {
    const moved = await world.unsprawl([
      "migrate",
      `docker:${name}`,
      "--to",
      "here",
      "--deliver",
      "shim",
      "--grace",
      "100ms",
      "--yes",
    ]);
    expect(moved.stderr).toContain("12 of 12 received");
    expect(moved.code).toBe(0);
    const doc = await inspect(name);
    await expectServed(doc.State.Pid, { ...secrets, ...plainVariables() });
    const folder = join(engine.dir, "data/containers", doc.Id);
    const files = readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .map((file) => readFileSync(join(folder, file), "utf8"));
    const image = JSON.parse(await docker("image", "inspect", doc.Image)) as unknown;
    for (const value of Object.values(secrets).map((text) => Secret.of(text)))
      for (const shown of [doc, image, files]) expect(findValue(shown, value)).toEqual([]);
    const read = await store.readBack(name, Object.keys(secrets), world);
    expect(read).toEqual(secrets);
    for (const value of Object.values(secrets).filter((text) => text.length < 200))
      expect(moved.stdout + moved.stderr).not.toContain(value);
  });

  it.sequential("resolves its references for a command, and renders again after a boot", async () => {
    const run = runsOf(world)[0]?.run ?? "";
    const journal = readFileSync(join(world.dir, "state/unsprawl/runs", `${run}.jsonl`), "utf8");
    const references = new Map(
      Array.from(
        journal.matchAll(/"name":"([A-Z][A-Z_]+)".{0,600}?"reference":"(ref\+[^"]+)"/g),
        ([, variable, reference]) => [variable ?? "", reference ?? ""],
      ),
    );
    expect([...references.keys()].sort()).toEqual(Object.keys(secrets).sort());
    const script =
      "for (const name of process.argv.slice(1)) process.stdout.write(JSON.stringify([name, process.env[name]]) + '\\n')";
    const ran = await world.unsprawl(["run", "--", process.execPath, "-e", script, ...references.keys()], {
      env: Object.fromEntries(references),
      mayShow: true,
    });
    expect(ran.stderr).toBe("");
    expect(
      Object.fromEntries(
        ran.stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as [string, string]),
      ),
    ).toEqual(secrets);
    const rendered = await world.unsprawl(["render", "--all"]);
    expect(rendered.code).toBe(0);
  });

  it.sequential(
    "gives them through the OCI runtime, by a credential that only reads, afresh at each start",
    { timeout: 600_000 },
    () =>
      inTurn(async () => {
        configure(store.reader(world.dir));
        const own = `${name}-runtime`;
        const [DB_PASSWORD, API_TOKEN] = [secrets["DB_PASSWORD"] ?? "", secrets["API_TOKEN"] ?? ""];
        await start(own, { DB_PASSWORD, API_TOKEN });
        const installed = await world.unsprawl([
          "runtime",
          "install",
          "--to",
          "here",
          "--daemon-config",
          engine.configFile,
        ]);
        expect(installed.code, installed.stderr).toBe(0);
        const moved = await world.unsprawl([
          "migrate",
          `docker:${own}`,
          "--to",
          "here",
          "--deliver",
          "runtime",
          "--grace",
          "100ms",
          "--yes",
        ]);
        expect(moved.code, moved.stderr).toBe(0);
        expect(moved.stderr).toContain("2 of 2 received");
        await docker("restart", "-t", "1", own);
        const { Pid } = (await inspect(own)).State;
        await expectServed(Pid, { DB_PASSWORD, API_TOKEN });
        expect(await docker("exec", own, "sh", "-c", 'printf %s "$DB_PASSWORD"')).toBe(DB_PASSWORD);
        expect(findValue(await inspect(own), Secret.of(DB_PASSWORD))).toEqual([]);
        await docker("rm", "-f", own);
      }),
  );

  it.sequential("lists them as a source, and another store takes them", async () => {
    const listed = JSON.parse((await world.unsprawl(["scan", "here:", "--json"])).stdout) as {
      findings: { name: string; rule: string; location: { subject: string } }[];
    };
    expect(listed.findings.length).toBeGreaterThanOrEqual(12);
    for (const finding of listed.findings)
      expect(finding).toMatchObject({ rule: "stored-secret", location: { subject: "store" } });
    writeFileSync(
      join(world.dir, "two.yaml"),
      stringify({
        stores: {
          here: { provider: kind.provider, ...store.config },
          there: { provider: "local", file: "moved/{subject}.sops.yaml" },
        },
      }),
    );
    const moved = await world.unsprawl(["migrate", "here:", "--to", "there", "--yes", "--config", "two.yaml"]);
    expect(moved.stderr).not.toContain("error");
    expect(moved.code).toBe(0);
    const file = readdirSync(join(world.dir, "moved")).filter((one) => one.endsWith(".sops.yaml"));
    expect(file.length).toBeGreaterThan(0);
    const values = Object.assign(
      {},
      ...file.map((one) => decrypted(join(world.dir, "moved", one), store.sops, world)),
    ) as { [name: string]: string };
    expect(Object.values(values)).toEqual(expect.arrayContaining(Object.values(secrets)));
    for (const value of Object.values(secrets).filter((text) => text.length < 200))
      expect(moved.stdout + moved.stderr).not.toContain(value);
  });

  it.sequential("says who may read them, and nothing of others", async () => {
    const { stdout, code } = await world.unsprawl(["stores", "policy", name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(name.replaceAll("-", ".")));
  });
});

function decrypted(file: string, sops: string, world: World): object {
  const text = execFileSync(sops, ["decrypt", "--output-type", "json", file], { env: world.env, encoding: "utf8" });
  return JSON.parse(text) as object;
}
