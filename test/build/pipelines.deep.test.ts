import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { gitlabCi } from "../services/gitlab-ci.ts";
import { pythonProgram } from "../services/python.ts";
import { random } from "../support/canary.ts";

// The files for pre-commit, GitHub and GitLab, run by pre-commit itself, and by what runs pipelines without their servers.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Node as the system has it, which may be too old for unsprawl. */
const PATH = "/usr/local/bin:/usr/bin:/bin";

let dir: string;
/** This repository as pre-commit and GitHub fetch it: nothing is built in it. */
let source: string;
let value: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-pipelines-"));
  source = join(dir, "unsprawl");
  execFileSync("git", ["clone", "--quiet", ROOT, source]);
  value = random(24);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A repository with a secret and these files, committed. */
function leakyRepository(name: string, files: { readonly [path: string]: string }): string {
  const folder = join(dir, name);
  for (const [path, text] of Object.entries({ ".env": `DB_PASSWORD=${value}\n`, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const git = (...words: string[]): unknown => execFileSync("git", words, { cwd: folder });
  git("init", "--quiet");
  for (const setting of [
    ["user.name", "dev"],
    ["user.email", "dev@localhost"],
  ])
    git("config", ...setting);
  git("remote", "add", "origin", "git@localhost:dev/shop.git");
  git("add", "--all");
  git("commit", "--quiet", "--message", "all of it");
  return folder;
}

type Ended = { readonly code: number | null; readonly text: string };

/** Runs to the end; no output holds the secret. */
function run(folder: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  const [program = "", ...args] = words;
  const all = { PATH, HOME: dir, npm_config_cache: npmCache(), ...env };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, env: all, encoding: "utf8" });
  const text = `${stdout}${stderr}${error?.message ?? ""}`;
  expect(text).not.toContain(value);
  return { code: status, text };
}

let cache: string | null = null;
/** What npm downloaded before: each of them installs the same. */
const npmCache = (): string => (cache ??= execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim());

it("pre-commit refuses a commit while a file has a secret", async () => {
  const preCommit = await pythonProgram("pre-commit");
  const head = execFileSync("git", ["rev-parse", "HEAD"], { cwd: source, encoding: "utf8" }).trim();
  const config = `repos: [{ repo: ${source}, rev: ${head}, hooks: [{ id: unsprawl }] }]\n`;
  const folder = leakyRepository("hook", { ".pre-commit-config.yaml": config });
  const env = { PRE_COMMIT_HOME: join(dir, "pre-commit"), GIT_TERMINAL_PROMPT: "0" };
  expect(run(folder, [preCommit, "install"], env).code).toBe(0);
  writeFileSync(join(folder, "more.txt"), "more\n");
  const commit = ["git", "commit", "--quiet", "--message", "more"];
  run(folder, ["git", "add", "--all"]);
  const refused = run(folder, commit, env);
  expect(refused.text).toMatch(/exit code: 3[^]*DB_PASSWORD/);
  expect(refused.code).toBe(1);
  run(folder, ["git", "rm", "--quiet", "--force", ".env"]);
  const passed = run(folder, commit, env);
  expect(passed.text).toMatch(/unsprawl\.+Passed/);
  expect(passed.code).toBe(0);
}, 600_000);

it("the action marks the line in the changes and fails the job", async () => {
  const act = await pythonProgram("act");
  const action = "unsprawl/unsprawl@v0";
  const steps = [
    "- { uses: actions/checkout@v4 }",
    `- { uses: ${action}, with: { sources: "dir:. env:.env", fail-on: high } }`,
  ];
  const job = `on: push\njobs:\n  scan:\n    runs-on: host\n    steps:\n${steps.map((step) => `      ${step}\n`).join("")}`;
  const folder = leakyRepository("action", { ".github/workflows/scan.yml": job });
  const words = ["push", "--platform", "host=-self-hosted", "--local-repository", `${action}=${source}`];
  const { code, text } = run(folder, [act, ...words]);
  const lines = text.split("\n").map((line) => line.replace(/^\[\S+\]\s+(?:\S+\s+)?(?=\S)/, ""));
  expect(lines).toContainEqual(expect.stringMatching(/^::error file=\.env,line=1,title=DB_PASSWORD in \.env::/));
  expect(text).toContain("exit status 3");
  expect(code).toBe(1);
}, 600_000);

/** The action's own script, in a folder with these inputs. */
function scanStep(folder: string, inputs: { readonly SOURCES: string }): ReturnType<typeof run> {
  const { runs } = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as {
    readonly runs: { readonly steps: readonly { readonly name: string; readonly run: string }[] };
  };
  const script = runs.steps.find(({ name }) => name === "Scan")?.run ?? "";
  const env = { ...inputs, FAIL_ON: "medium", UNSPRAWL: ROOT, CI: "true" };
  return run(folder, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env);
}

it("the action scans every source that is named, on as many lines as there are", () => {
  const folder = mkdtempSync(join(dir, "lines-"));
  for (const name of ["first.env", "second.env"]) writeFileSync(join(folder, name), `DB_PASSWORD=${value}\n`);
  const { code, text } = scanStep(folder, { SOURCES: "env:first.env\n  env:second.env\n" });
  for (const name of ["first", "second"]) expect(text).toMatch(new RegExp(`^::error file=${name}\\.env,line=1,`, "m"));
  expect(code).toBe(3);
});

it("the action warns where nothing is checked out", () => {
  const { code, text } = scanStep(mkdtempSync(join(dir, "empty-")), { SOURCES: "dir:." });
  expect(text).toMatch(/^::warning::no files here: actions\/checkout/m);
  expect(code).toBe(0);
});

it("the GitLab job fails, and leaves a Code Quality report", async () => {
  const words = [...(await gitlabCi()), "--force-shell-executor"];
  const name = "unsprawl.gitlab-ci.yml";
  const template = readFileSync(join(ROOT, "docs/ci", name), "utf8");
  const [hostile, ran] = [join(dir, "hostile.sh"), join(dir, "hostile-ran")];
  writeFileSync(hostile, `#!/bin/sh\ntouch ${ran}\nexec sh "$@"\n`, { mode: 0o755 });
  const folder = leakyRepository("gitlab", {
    [name]: template,
    ".gitlab-ci.yml": `include: { local: ${name} }\n`,
    // What the author of a merge request may write: npx runs both.
    ".npmrc": `script-shell=${hostile}\nnode-options=--import=data:text/javascript,throw%200\n`,
  });
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", dir], {
    cwd: ROOT,
    encoding: "utf8",
  }).trim();
  const env = { PATH: `${dirname(process.execPath)}:${PATH}` };
  const unset = run(folder, [...words, "unsprawl"], env);
  expect(unset.text).toMatch(/^unsprawl > set UNSPRAWL_PACKAGE[^]*json schema validated[^]*FAIL 2/m);
  const failed = run(folder, [...words, "--variable", `UNSPRAWL_PACKAGE=${join(dir, packed)}`, "unsprawl"], env);
  expect(failed.text).toContain("FAIL 3");
  expect(existsSync(ran)).toBe(false);
  const report = readFileSync(join(folder, "gl-code-quality-report.json"), "utf8");
  expect(report).not.toContain(value);
  const found = { check_name: "password", location: { path: ".env", lines: { begin: 1 } } };
  expect(JSON.parse(report)).toContainEqual(expect.objectContaining(found));
  expect(template).toContain("codequality: gl-code-quality-report.json");
}, 600_000);
