import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { variableCanaries, Watch } from "../support/canary.ts";
import { sample } from "../support/deep.ts";
import { watched } from "../support/watched.ts";
import { makeStage, runIdOf } from "./stage.ts";

// The guard of Law 1 for the smaller commands, debugging switches, and what looks for values that are left.

const stage = makeStage();
const { runContainer, quiet } = stage;

describe("DEBUG and NODE_DEBUG", () => {
  const env = { DEBUG: "*", NODE_DEBUG: "*" };

  it("make no library show a value in scan, plan, migrate, run and rollback", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("debugged", canaries);
    const scanned = await quiet(watch, ["scan", "docker:debugged", "--json"], { env });
    expect(scanned.code).toBe(3);
    for (const to of sample(["local", "vault"], 1)) {
      const moved = await quiet(
        watch,
        ["migrate", "docker:debugged", "--to", to, "--deliver", "shim", "--grace", "300ms", "--yes"],
        { env },
      );
      expect(moved.code, moved.stderr.slice(-500)).toBe(0);
      const back = await quiet(watch, ["rollback"], { env });
      expect(back.code).toBe(0);
    }
    const [first] = canaries;
    await stage.bao.api("POST", "secret/data/apps/debugged", { data: { DB_PASSWORD: first?.value } });
    const ran = await watched(stage.world, ["run", "--", "true"], {
      env: { ...env, DB_PASSWORD: "ref+vault://secret/apps/debugged#/DB_PASSWORD" },
    });
    expect(ran.code).toBe(0);
    expect(watch.find(ran.stdout + ran.stderr)).toEqual([]);
  });
});

describe("moving", () => {
  const canaries = variableCanaries();
  const watch = new Watch(canaries);
  const env = Object.fromEntries(canaries.map((one) => [one.name, one.value]));

  beforeAll(async () => {
    // Makes the age key, of which the runtime gets a copy.
    await stage.world.unsprawl(["stores", "check", "local"]);
    const installed = await stage.world.unsprawl([
      "runtime",
      "install",
      "--to",
      "vault",
      "--to",
      "local",
      "--daemon-config",
      stage.engine.configFile,
    ]);
    expect(installed.code, installed.stderr).toBe(0);
  });

  it.each([
    [["doctor"]],
    [["doctor", "--alive", "--json"]],
    [["stores"]],
    [["stores", "--json"]],
    [["stores", "check", "local"]],
    [["stores", "check", "vault", "--json"]],
    [["rules"]],
    [["rules", "show", "github-pat"]],
    [["runs", "--json"]],
    [["completion", "bash"]],
    [["completion", "zsh"]],
    [["completion", "fish"]],
    [["runtime", "status"]],
    [["runtime", "status", "--json"]],
    [["runtime", "install", "--print"]],
    [["runtime", "uninstall"]],
    [["--help"]],
    [["--version"]],
    [[]],
  ])("%j, with secrets in its own environment, says none", async (args) => {
    const ran = await watched(stage.world, args, { env });
    expect([0, 1, 2]).toContain(ran.code);
    expect(ran.stdout + ran.stderr).not.toBe("");
    expect(watch.find(ran.stdout + ran.stderr)).toEqual([]);
    expect(ran.shown.filter((one) => one.where.startsWith("write") && watch.find(one.text).length > 0)).toEqual([]);
    expect(watch.findInFiles(stage.world.dir)).toEqual([]);
  });
});

describe("values that are everywhere still", () => {
  it("scrub and doctor find them, and say, start and write none", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    // In memory, where the watch does not look: these places hold the values.
    const home = join(stage.world.memory, "home");
    const repository = join(home, "shop");
    mkdirSync(repository, { recursive: true });
    const dotenv = canaries.map(({ name, value }) => `${name}='${value.replaceAll("'", "")}'\n`).join("");
    const simple = canaries.filter(({ value }) => /^[\w+/=-]+$/.test(value) && value.length < 200);
    writeFileSync(join(home, ".bash_history"), simple.map(({ name, value }) => `export ${name}=${value}\n`).join(""));
    writeFileSync(join(repository, "app.env"), simple.map(({ name, value }) => `${name}=${value}\n`).join(""));
    writeFileSync(join(repository, "app.env.bak"), dotenv);
    const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    for (const args of [
      ["init", "-q"],
      ["add", "app.env"],
      [...author, "commit", "-q", "-m", "first"],
    ])
      execFileSync("git", ["-C", repository, ...args], { env: { PATH: process.env["PATH"], HOME: home } });
    runContainer("everywhere", canaries, ["-v", `${repository}:/in:ro`], "cat /in/app.env; sleep 100000");
    const file = ["migrate", `env:${join(repository, "app.env")}`, "--to", "vault", "--min-confidence", "low", "--yes"];
    const env = { HOME: home };
    const moved = await quiet(watch, file, { env });
    expect(moved.code, moved.stderr).toBe(0);
    const run = runIdOf(moved.stdout);
    for (const args of [
      ["doctor"],
      ["doctor", "--json"],
      ["scrub", run, "--accept", "key-backup"],
      ["scrub", run, "--json"],
    ]) {
      const ran = await quiet(watch, args, { env });
      expect(ran.code, ran.stderr).toBe(args[0] === "scrub" ? 5 : 1);
      const kinds = ["container everywhere", "log everywhere", "app.env.bak", ".bash_history", "since commit"];
      for (const kind of kinds.filter((one) => !args.includes("--json") || !one.includes(" ")))
        expect.soft(ran.stdout, `${args.join(" ")}: ${ran.stderr}`).toContain(kind);
      expect(ran.shown.some((one) => one.where === "spawn git")).toBe(true);
    }
    stage.engine.docker("rm", "-f", "everywhere");
  });
});
