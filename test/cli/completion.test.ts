import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "@lydell/node-pty";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SOURCES } from "../../src/assembly/plug-ins.ts";
import { FORMAT_NAMES } from "../../src/cli/views/index.ts";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { COMMON_OPTIONS } from "../../src/cli/specs/shared.ts";
import { nameOf } from "../../src/cli/specs/spec.ts";
import { need } from "../services/apt.ts";
import { sample } from "../support/deep.ts";
import { putProgram } from "../support/world.ts";
import { containers, DB_PASSWORD } from "./containers.ts";

const { world, docker } = await containers("complete");
const bin = join(world.dir, "bin");

beforeAll(async () => {
  putProgram(bin);
  writeFileSync(join(world.dir, "plan-one.json"), "{}");
  writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { prod-store: { provider: local } }\n");
  writeFileSync(join(world.dir, "od d;id.env"), "");
  writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${DB_PASSWORD}\n`, { mode: 0o600 });
  docker("tag", "unsprawl-test/busybox:1", "complete/web:1.2");
  const ran = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--yes"]);
  expect(ran.code, ran.stderr).toBe(0);
});
afterAll(() => void docker("rmi", "complete/web:1.2"));

/** What the program offers, by word; the last word is what is being typed. */
async function offered(...typed: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await world.unsprawl(["__complete", ...typed]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "");
}

describe("what fits", () => {
  it("is commands, flags, and the values of flags", async () => {
    expect((await offered("")).slice(0, -1)).toEqual(COMMANDS.map(nameOf));
    expect(await offered("mig")).toEqual(["migrate", ":none "]);
    expect(await offered("migrate", "--deliv")).toEqual(["--deliver", ":none "]);
    expect(await offered("scan", "--format", "gi")).toEqual(["github", "gitlab", ":none "]);
    expect(await offered("scan", "--format=gi")).toEqual(["--format=github", "--format=gitlab", ":none --format="]);
    expect(await offered("plan", "--accept", "s")).toEqual(["sharers", "stack", ":none "]);
    expect(await offered("scrub", "--accept", "")).toEqual(["key-backup", "unsigned-journal", ":none "]);
    expect(await offered("classify", "--")).toEqual([
      ...COMMON_OPTIONS.map(([flags]) => /--[\w-]+/.exec(flags)?.[0]),
      ":none ",
    ]);
    for (const format of FORMAT_NAMES) expect(await offered("scan", "--format", format)).toContain(format);
  });

  it("is names of this machine: stores, containers, images, runs, rules", async () => {
    expect(await offered("plan", "--to", "prod")).toEqual(["prod-store", ":none "]);
    expect(await offered("stores", "check", "loc")).toEqual(["local", ":none "]);
    expect(await offered("scan", "docker:complete-t")).toEqual(["docker:complete-two", ":none "]);
    expect(await offered("scan", "image:complete/")).toEqual(["image:complete/web:1.2", ":none "]);
    const [last = "", run = "", end] = await offered("rollback", "");
    expect([last, end]).toEqual(["last", ":none "]);
    expect(run).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
    expect(await offered("runs", run.slice(0, 10))).toEqual([run, ":none "]);
    expect(await offered("rules", "show", "url-pass")).toEqual(["url-password", ":none "]);
    expect(await offered("stores", "policy", "complete-t")).toEqual(["complete-two", ":none "]);
  });

  it("is actions, forms and topics", async () => {
    expect(await offered("stores", "")).toEqual(["check", "policy", "rewrap", ":none "]);
    expect(await offered("agent", "install", "s")).toEqual(["systemd", "swarm", ":none "]);
    expect(await offered("watch", "install", "k")).toEqual(["kubernetes", ":none "]);
    expect(await offered("completion", "")).toEqual(["bash", "fish", "zsh", ":none "]);
    expect(await offered("help", "acc")).toEqual(["accept", ":none "]);
    for (const { kind } of sample(SOURCES, 3)) expect(await offered("scan", kind)).toContain(`${kind}:`);
  });

  it("is files and folders where such are meant", async () => {
    expect(await offered("apply", "")).toEqual([":files "]);
    expect(await offered("scan", "compose:")).toEqual([":files compose:"]);
    expect(await offered("scan", "--baseline", "")).toEqual([":files "]);
    expect(await offered("trust", "")).toEqual([":folders "]);
    expect(await offered("run", "--", "ls", "")).toEqual([":files "]);
  });

  it("is nothing, and no error, without an engine or with a broken configuration", async () => {
    const env = { DOCKER_HOST: "unix:///nonexistent" };
    expect(await world.unsprawl(["__complete", "scan", "docker:"], { env })).toMatchObject({
      code: 0,
      stdout: ":none \n",
      stderr: "",
    });
  });
});

it("connects to no engine elsewhere: no login at a Tab, no prompt, no wait", async () => {
  const seen = join(world.dir, "connected");
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\necho "$*" >> ${seen}\n`, { mode: 0o755 });
  const server = createServer((socket) => void (appendFileSync(seen, "tcp\n"), socket.destroy()));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const PATH = [bin, process.env["PATH"]].join(delimiter);
  for (const DOCKER_HOST of ["ssh://someone@far.example", `tcp://127.0.0.1:${port}`])
    for (const typed of [
      ["scan", "docker:"],
      ["scan", "image:"],
      ["stores", "policy", ""],
    ])
      expect(await world.unsprawl(["__complete", ...typed], { env: { DOCKER_HOST, PATH } })).toMatchObject({
        code: 0,
        stdout: ":none \n",
      });
  server.close();
  expect(existsSync(seen)).toBe(false);
});

describe("in the shell itself", () => {
  const env = { ...world.env, PATH: [bin, world.env["PATH"]].join(delimiter), TERM: "dumb", PS1: "$ " };

  /** Types words and tabs in an interactive shell; ends once what it shows matches. */
  async function shown(program: string, args: readonly string[], typed: string, wanted: RegExp): Promise<void> {
    const shell = spawn(program, [...args], { cols: 200, rows: 40, cwd: world.dir, env });
    let text = "";
    shell.onData((chunk) => (text += chunk));
    try {
      for (const part of typed.split(/(?<=[\r\t])/)) {
        shell.write(part);
        await sleep(part.endsWith("\r") ? 500 : 50);
      }
      for (const end = Date.now() + 120_000; !wanted.test(text.replaceAll(/.\u0008/g, "")); await sleep(50))
        if (Date.now() > end) throw new Error(`${program} shows ${JSON.stringify(text)}`);
    } finally {
      shell.kill();
    }
  }

  const script = async (shell: string): Promise<string> => {
    const ran = await world.unsprawl(["completion", shell]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const file = join(world.dir, shell === "zsh" ? "_unsprawl" : `completion.${shell}`);
    writeFileSync(file, ran.stdout);
    return file;
  };

  it("bash completes commands, stores, containers behind a colon, and files behind a source", async () => {
    const start = `source ${await script("bash")}\r`;
    const bash = ["--norc", "--noprofile", "-i"];
    await shown("bash", bash, `${start}unsprawl mig\t--to prod\tX`, /unsprawl migrate --to prod-store X/);
    await shown("bash", bash, `${start}unsprawl scan docker:complete-t\tX`, /scan docker:complete-two X/);
    await shown("bash", bash, `${start}unsprawl scan env:plan-o\tX`, /scan env:plan-one\.json X/);
    await shown("bash", bash, `${start}unsprawl scan --format=gith\tX`, /--format=github X/);
    await shown("bash", bash, `${start}unsprawl apply plan-o\tX`, /apply plan-one\.json X/);
    await shown("bash", bash, `${start}unsprawl apply od\tX`, /apply od\\ d\\;id\.env X/);
  });

  it("zsh completes at its first tab, with an autoloaded file", async () => {
    const zsh = await need("zsh", ["zsh"]);
    await script("zsh");
    const start = `fpath=(${world.dir} $fpath); autoload -U compinit; compinit -u -D\r`;
    await shown(zsh, ["-f", "-i"], `${start}unsprawl mig\tX`, /unsprawl migrate X/);
    await shown(zsh, ["-f", "-i"], `${start}unsprawl plan --to prod\tX`, /--to prod-store X/);
    await shown(zsh, ["-f", "-i"], `${start}unsprawl scan docker:complete-t\tX`, /docker:complete-two X/);
    await shown(zsh, ["-f", "-i"], `${start}unsprawl scan env:plan-o\tX`, /env:plan-one\.json X/);
  });

  it("fish completes commands, containers and files", async () => {
    const fish = await need("fish", ["fish"]);
    const file = await script("fish");
    const complete = (line: string): string[] =>
      execFileSync(fish, ["--no-config", "-c", `source ${file}; complete --do-complete '${line}'`], {
        cwd: world.dir,
        env,
        encoding: "utf8",
      })
        .split("\n")
        .filter(Boolean)
        .map((one) => one.split("\t")[0] ?? "");
    expect(complete("unsprawl mig")).toEqual(["migrate"]);
    expect(complete("unsprawl plan --to prod")).toEqual(["prod-store"]);
    expect(complete("unsprawl scan docker:complete-t")).toEqual(["docker:complete-two"]);
    expect(complete("unsprawl scan env:plan-o")).toEqual(["env:plan-one.json"]);
  });
});
