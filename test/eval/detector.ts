import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Answer } from "./score.ts";
import type { Row } from "./tools/row.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAX = 1 << 30;

/** The project's own verdicts: `classify` in a process of its own, with no configuration of the machine's user. */
export function classify(rows: readonly Row[], dist: boolean): Answer {
  const main = program(dist);
  const input = rows.map(({ id, where, name, value }) => JSON.stringify({ id, where, name, value })).join("\n");
  const output = alone(main, ["classify", "--quiet"], `${input}\n`);
  const verdicts = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: string; secret: boolean });
  if (verdicts.length !== rows.length) throw new Error(`classify answered ${verdicts.length} of ${rows.length} rows`);
  const flagged = verdicts.filter(({ secret }) => secret).map(({ id }) => id);
  return { scanner: "unsprawl", how: `${main} classify; flagged: "secret": true`, flagged: new Set(flagged) };
}

export type Finding = {
  readonly name: string;
  readonly rule: string;
  readonly location: { readonly subjectName: string; readonly where: string; readonly path: string };
};

/** The names of the containers in which `scan` finds something, and how long it took. */
export function scan(
  file: string,
  dist: boolean,
): Answer & { readonly seconds: number; readonly findings: readonly Finding[] } {
  const main = program(dist);
  const args = ["scan", `inspect:${file}`, "--json", "--quiet", "--min-confidence", "medium", "--fail-on", "never"];
  const began = performance.now();
  const output = alone(main, args, "");
  const seconds = (performance.now() - began) / 1000;
  const { findings } = JSON.parse(output) as { findings: Finding[] };
  const flagged = new Set(findings.map(({ location }) => location.subjectName));
  return { scanner: "unsprawl", how: `${main} ${args.join(" ").replace(file, "FILE")}`, flagged, seconds, findings };
}

function program(dist: boolean): string {
  return dist ? "dist/main.js" : "src/bin/main.ts";
}

function alone(main: string, args: readonly string[], input: string): string {
  const home = mkdtempSync(join(tmpdir(), "unsprawl-eval-home-"));
  try {
    const env = { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };
    const done = spawnSync(process.execPath, [join(ROOT, main), ...args], {
      cwd: home,
      env,
      input,
      encoding: "utf8",
      maxBuffer: MAX,
    });
    if (done.status !== 0)
      throw new Error(`${main} ${args[0]} ended with ${done.status}: ${done.stderr}`, { cause: done.error });
    return done.stdout;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
