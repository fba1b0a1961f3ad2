import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generate, stream } from "../generate.ts";
import type { Random } from "../tools/random.ts";
import type { Row } from "../tools/row.ts";
import { TEXT_FILES, type TextFile } from "./kinds.ts";

/** One row in a file: its first and last line there, counted from 1. */
export type PlacedRow = Row & {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly lines: string;
};

/** What was found in one kind of file. `strays` are findings on lines that hold no row. */
export type KindScore = {
  readonly kind: string;
  readonly secrets: number;
  readonly clean: number;
  readonly missed: readonly PlacedRow[];
  readonly alarms: readonly PlacedRow[];
  readonly strays: readonly string[];
  /** Findings of high confidence, and those of them that are on a secret's lines. */
  readonly sure: number;
  readonly right: number;
};

/** The rows of a seed, each in a file of every kind that can hold it, and what `scan dir:` makes of them. */
export function evaluateText(seed: number, size: number, main: string): KindScore[] {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-eval-text-"));
  try {
    const all = generate(seed, size * 4);
    const placed = TEXT_FILES.map((file) => write(file, all, size, stream(seed, `text ${file.kind}`), folder));
    const found = scanned(folder, main);
    return TEXT_FILES.map((file, at) => scoreOf(file, placed[at] ?? [], found));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(file: TextFile, rows: readonly Row[], size: number, random: Random, folder: string): PlacedRow[] {
  const placed: PlacedRow[] = [];
  let text = "";
  let path = "";
  let inFile = 0;
  const close = (): void => {
    if (inFile === 0) return;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text + file.tail);
    inFile = 0;
  };
  for (const row of random.shuffle(rows)) {
    if (placed.length >= size) break;
    const lines = written(file, row, random);
    if (lines === null) continue;
    if (inFile === 0) {
      path = join(file.kind, String(placed.length), file.path(random));
      text = file.head;
    }
    if (file.filler.length > 0 && random.chance(0.6)) text += `${random.pick(file.filler)}\n`;
    const from = text.split("\n").length;
    text += `${lines}\n`;
    placed.push({ ...row, file: path, from, to: text.split("\n").length - 1, lines });
    if (++inFile === file.most) close();
  }
  close();
  return placed;
}

function written({ assigned, command }: TextFile, { where, name, value }: Row, random: Random): string | null {
  if (value.length > 3000 || value.includes("\r")) return null;
  if (where === "env" || where === "image-env" || where === "build-arg")
    return assigned !== null && /^[A-Z][A-Z0-9_]*$/.test(name) ? assigned(random, name, value) : null;
  if (where !== "cmd" && where !== "entrypoint" && where !== "healthcheck") return null;
  // The exec form of an image is no line of a script.
  if (command === null || value.includes("\n") || value.startsWith("[")) return null;
  return command(random, value.replace(/^(?:CMD-SHELL|CMD)\s/, ""));
}

type FoundAt = { readonly file: string; readonly line: number; readonly confidence: string; readonly what: string };

/** Every finding in a folder's files. */
export function scanned(folder: string, main: string): FoundAt[] {
  const home = join(folder, ".home");
  mkdirSync(home);
  const args = [main, "scan", `dir:${folder}`, "--json", "--quiet", "--fail-on", "never", "--min-confidence", "low"];
  const env = { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: home,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`scan ended with ${status}: ${stderr}`);
  const { findings } = JSON.parse(stdout) as {
    findings: {
      name: string;
      rule: string;
      confidence: string;
      location: { subjectName: string; place: { line?: number } };
    }[];
  };
  return findings.map(({ name, rule, confidence, location }) => ({
    file: location.subjectName,
    line: location.place.line ?? 0,
    confidence,
    what: `${location.subjectName}:${location.place.line ?? 0} ${name} (${rule})`,
  }));
}

function scoreOf({ kind, floor }: TextFile, rows: readonly PlacedRow[], found: readonly FoundAt[]): KindScore {
  const own = found.filter(
    ({ file, confidence }) => file.startsWith(`${kind}/`) && (floor === "low" || confidence !== "low"),
  );
  const byFile = Map.groupBy(own, ({ file }) => file);
  const hit = ({ file, from, to }: PlacedRow): boolean =>
    (byFile.get(file) ?? []).some(({ line }) => line >= from && line <= to);
  const secrets = rows.filter(({ secret }) => secret);
  const clean = rows.filter(({ secret }) => !secret);
  const strays = own.filter(
    ({ file, line }) => !rows.some((row) => row.file === file && line >= row.from && line <= row.to),
  );
  const sure = own.filter(({ confidence }) => confidence === "high");
  const right = sure.filter(({ file, line }) =>
    secrets.some((row) => row.file === file && line >= row.from && line <= row.to),
  );
  return {
    kind,
    sure: sure.length,
    right: right.length,
    secrets: secrets.length,
    clean: clean.length,
    missed: secrets.filter((row) => !hit(row)),
    alarms: clean.filter(hit),
    strays: strays.map(({ what }) => what),
  };
}
