import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findValue } from "../src/engine/traces.ts";
import { Secret } from "../src/model/secret.ts";
import { APP, BUSYBOX, FILE_ENV, SHELL_LESS } from "./services/images.ts";
import { startOpenBao } from "./services/openbao.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { sample } from "./support/deep.ts";
import { plainVariables, twelveSecrets } from "./support/secrets.ts";
import { expectServed } from "./support/served.ts";
import { makeWorld, type World } from "./support/world.ts";

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

type Doc = {
  Id: string;
  State: { Pid: number; Running: boolean; Health?: { Status: string } };
  Config: { Env: string[] };
  HostConfig: { Runtime: string };
};

const inspect = (name: string): Doc => (JSON.parse(engine.docker("inspect", name)) as Doc[])[0] as Doc;

/** Reads a KV v2 secret (null when absent), or writes one. */
async function kv(path: string, data?: { readonly [name: string]: string }): Promise<unknown> {
  const init = data ? { method: "POST", body: JSON.stringify({ data }) } : {};
  const answer = await fetch(`${bao.address}/v1/secret/data/${path}`, {
    ...init,
    headers: { "X-Vault-Token": bao.token },
  });
  return answer.status === 404 ? null : ((await answer.json()) as { data: unknown }).data;
}

function runContainer(
  name: string,
  image: string,
  variables: { readonly [name: string]: string },
  more: readonly string[] = [],
  command: readonly string[] = [],
): void {
  const env = Object.entries(variables).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker(
    "run",
    "-d",
    "--name",
    name,
    "--network",
    "none",
    "--stop-timeout",
    "1",
    ...env,
    ...more,
    image,
    ...command,
  );
}

/** No trace of any value in what inspect shows of the container and its image, or in the engine's files of it. */
function expectClean(name: string, secrets: { readonly [name: string]: string }): void {
  const doc = inspect(name);
  const image = JSON.parse(engine.docker("image", "inspect", (doc as unknown as { Image: string }).Image)) as unknown;
  const folder = join(engine.dir, "data/containers", doc.Id);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
  for (const value of Object.values(secrets).map((text) => Secret.of(text))) {
    expect(findValue(doc, value)).toEqual([]);
    expect(findValue(image, value)).toEqual([]);
    expect(findValue(files, value)).toEqual([]);
  }
}

describe("twelve secrets among thirty plain variables", () => {
  // Each delivery and each store once: every-store.test.ts has both deliveries with the stores that it draws.
  const both = sample([0, 1], 1).flatMap((turn) => [
    ["shim", turn === 0 ? "vault" : "local"],
    ["runtime", turn === 0 ? "local" : "vault"],
  ]);
  it.each(both)("move by %s to %s, byte-exact, with nothing left in inspect", async (deliver, to) => {
    const name = `many-${deliver}-${to}`;
    const secrets = twelveSecrets();
    runContainer(name, BUSYBOX, { ...plainVariables(), ...secrets }, [], APP);
    if (deliver === "runtime") {
      if (to === "local") await world.unsprawl(["plan", `docker:${name}`, "--to", "local"]); // makes the age key
      const installed = await world.unsprawl(["runtime", "install", "--to", to, "--daemon-config", engine.configFile]);
      expect(installed).toMatchObject({ code: 0 });
    }
    const found = JSON.parse((await world.unsprawl(["scan", `docker:${name}`, "--json"])).stdout) as {
      findings: { name: string; location: { where: string } }[];
    };
    // A service account holds a key and a token, each a finding of its own.
    const names = new Set(found.findings.filter(({ location }) => location.where === "env").map((one) => one.name));
    expect([...names].sort()).toEqual(Object.keys(secrets).sort());

    const moved = await world.unsprawl([
      "migrate",
      `docker:${name}`,
      "--to",
      to,
      "--deliver",
      deliver,
      "--grace",
      "100ms",
      "--yes",
    ]);
    expect(moved.stderr).toContain(`${Object.keys(secrets).length} of 12 received`);
    expect(moved.code).toBe(0);
    const doc = inspect(name);
    expect(doc.State.Running).toBe(true);
    await expectServed(engine.docker, name, { ...secrets, ...plainVariables() });
    expectClean(name, secrets);
  });

  it("move by file, when the image's entrypoint reads NAME_FILE", async () => {
    const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();
    const secrets = { DB_PASSWORD, API_TOKEN };
    runContainer("by-file", FILE_ENV, { ...plainVariables(), ...secrets });
    const moved = await world.unsprawl(["migrate", "docker:by-file", "--to", "vault", "--grace", "100ms", "--yes"]);
    expect(moved.stdout).toContain(
      "by file: the image's entrypoint (/usr/local/bin/docker-entrypoint.sh) reads NAME_FILE",
    );
    expect(moved.code).toBe(0);
    const { Config } = inspect("by-file");
    expect(Config.Env).toContain("DB_PASSWORD_FILE=/run/secrets/DB_PASSWORD");
    // The entrypoint exported it for the application, which it became by exec.
    await expectServed(engine.docker, "by-file", secrets);
    expectClean("by-file", secrets);
  });

  it("move on an image without a shell, by runtime", async () => {
    const secrets = twelveSecrets();
    runContainer("no-shell", SHELL_LESS, { ...plainVariables(), ...secrets });
    const installed = await world.unsprawl([
      "runtime",
      "install",
      "--to",
      "vault",
      "--daemon-config",
      engine.configFile,
    ]);
    expect(installed.code).toBe(0);
    const moved = await world.unsprawl(["migrate", "docker:no-shell", "--to", "vault", "--grace", "100ms", "--yes"]);
    expect(moved.stdout).toContain("by runtime");
    expect(moved.code).toBe(0);
    await expectServed(engine.docker, "no-shell", secrets);
    expectClean("no-shell", secrets);
  });
});

describe("the runtime delivery", () => {
  it("keeps the reference in Config.Env; the process, its health check and exec see the value; a restart resolves afresh", async () => {
    const { DB_PASSWORD = "" } = twelveSecrets();
    await world.unsprawl(["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile]);
    // Healthy only when the health check's own environment has a value, and not the reference.
    const check = 'case "$DB_PASSWORD" in ref+* | "") exit 1 ;; esac';
    runContainer("watched", BUSYBOX, { DB_PASSWORD }, ["--health-cmd", check, "--health-interval", "500ms"], APP);
    const words = ["migrate", "docker:watched", "--to", "vault", "--deliver", "runtime", "--verbose", "--yes"];
    const moved = await world.unsprawl(words);
    expect(moved.stderr).toContain("healthy");
    const phases = [
      ...moved.stderr.matchAll(/^… \S+Z watched: (.* (?:the store|new|with|starting|health check).*)$/gm),
    ];
    expect(phases.map(([, text = ""]) => text)).toEqual([
      "writing DB_PASSWORD to the store vault",
      "reading DB_PASSWORD back from the store vault",
      "creating the new watched",
      "stopping watched with SIGTERM (up to 1 s)",
      "waiting for the health check of watched (up to 90 s)",
    ]);
    expect(moved.code).toBe(0);
    expect(inspect("watched").Config.Env).toContain("DB_PASSWORD=ref+vault://secret/apps/watched#/DB_PASSWORD");
    expect(engine.docker("exec", "watched", "sh", "-c", 'printf %s "$DB_PASSWORD"')).toBe(DB_PASSWORD);

    const { DB_PASSWORD: rotated = "" } = twelveSecrets();
    await kv("apps/watched", { DB_PASSWORD: rotated });
    engine.docker("restart", "watched");
    await expectServed(engine.docker, "watched", { DB_PASSWORD: rotated });
    expect(engine.docker("exec", "watched", "sh", "-c", 'printf %s "$DB_PASSWORD"')).toBe(rotated);
    // No health check begins any more; the last may still be on its way.
    engine.docker("kill", "watched");
    await expect.poll(() => readdirSync(join(world.memory, "bundles"))).toEqual([]);
  });
});

describe("after a migration", () => {
  it("rollback brings the old container back and takes the values out of the store", async () => {
    const { DB_PASSWORD = "" } = twelveSecrets();
    runContainer("undone", BUSYBOX, { DB_PASSWORD }, ["--restart", "unless-stopped"], APP);
    const before = inspect("undone");
    expect(
      (
        await world.unsprawl([
          "migrate",
          "docker:undone",
          "--to",
          "vault",
          "--deliver",
          "shim",
          "--grace",
          "100ms",
          "--yes",
          "--json",
        ])
      ).code,
    ).toBe(0);
    const { runs } = JSON.parse((await world.unsprawl(["runs", "--json"])).stdout) as {
      runs: { run: string; state: string }[];
    };
    const run = runs.at(-1);
    expect(run?.state).toBe("done");
    expect((await world.unsprawl(["rollback", run?.run ?? ""])).code).toBe(0);
    const after = inspect("undone");
    expect(after.Id).toBe(before.Id);
    expect(after.State.Running).toBe(true);
    expect(after.HostConfig).toEqual(before.HostConfig);
    expect(await kv("apps/undone")).toBeNull();
    expect(
      engine
        .docker("ps", "-a", "--format", "{{.Names}}")
        .split("\n")
        .filter((name) => name.startsWith("undone")),
    ).toEqual(["undone"]);
    expect(readdirSync(join(world.memory, "units")).filter((unit) => unit.startsWith("undone"))).toEqual([]);
  });

  it("scrub removes the old container, and then no place of the engine holds the value", async () => {
    const { DB_PASSWORD = "" } = twelveSecrets();
    runContainer("scrubbed", BUSYBOX, { DB_PASSWORD }, [], APP);
    await world.unsprawl([
      "migrate",
      "docker:scrubbed",
      "--to",
      "vault",
      "--deliver",
      "shim",
      "--grace",
      "100ms",
      "--yes",
    ]);
    const { runs } = JSON.parse((await world.unsprawl(["runs", "--json"])).stdout) as { runs: { run: string }[] };
    const run = runs.at(-1)?.run ?? "";
    const kept = JSON.parse((await world.unsprawl(["scan", "docker:scrubbed*", "--json"])).stdout) as {
      findings: unknown[];
      summary: { kept: number };
    };
    expect([kept.findings, kept.summary.kept]).toEqual([[], 1]);
    expect((await world.unsprawl(["scrub", run, "--accept", "key-backup"])).stdout).toContain(
      `removed scrubbed-before-${run}`,
    );
    expect((await world.unsprawl(["scan", "docker:scrubbed*", "--json"])).code).toBe(0);
    expect((await world.unsprawl(["rollback", run])).code).toBe(1);
  });

  it("render writes the mounted files anew after they are lost, as at boot", async () => {
    const { DB_PASSWORD = "" } = twelveSecrets();
    runContainer("booted", FILE_ENV, { DB_PASSWORD });
    await world.unsprawl(["migrate", "docker:booted", "--to", "vault", "--grace", "100ms", "--yes"]);
    const unit = readdirSync(join(world.memory, "units")).find((one) => one.startsWith("booted")) ?? "";
    const file = join(world.memory, "units", unit, "secrets/DB_PASSWORD");
    expect(readFileSync(file, "utf8")).toBe(DB_PASSWORD);
    engine.docker("stop", "booted");
    rmSync(join(world.memory, "units", unit), { recursive: true });
    expect(() => engine.docker("start", "booted")).toThrow(/bind source path does not exist/);
    expect((await world.unsprawl(["render", "--all"])).code).toBe(0);
    engine.docker("start", "booted");
    // The entrypoint reads the file and then becomes the application.
    await expectServed(engine.docker, "booted", { DB_PASSWORD });
  });
});
