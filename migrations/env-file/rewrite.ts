import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseEntries, entriesOrNull, type DotenvFile } from "../../src/files/env-file.ts";
import {
  draftOf,
  valueGoneError,
  lineOfLocation,
  lineText,
  type FileMove,
  type Rewriting,
} from "../../src/files/file-migration.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { renderDotenv, type DotenvDialect, type DotenvEntry } from "../../src/files/dotenv.ts";
import type { Edit } from "../../src/kit/text/splice.ts";

/** The file with references in place of these values; only their bytes differ, which is proven by reading it again. */
export function rewriteEnvFile({ file, text, dialect, entries }: DotenvFile, moving: readonly FileMove[]): Rewriting {
  const wanted = new Map<DotenvEntry, FileMove>();
  for (const one of moving) {
    const { line, name } = lineOfLocation(one.move.location);
    const entry = entries.find((other) => other.name === name && other.line === line);
    if (entry === undefined) throw valueGoneError(name, one.move.location.path);
    wanted.set(entry, one);
  }
  const staying = entries.filter((entry) => !wanted.has(entry));
  for (const entry of staying) fillsIn(entry, [...wanted.keys()]);
  const edits: Edit[] = [];
  const diff: DiffLine[] = [];
  for (const [entry, { move, masked }] of wanted) {
    const written = renderDotenv(move.reference, dialect, entry.quote);
    if (written === null)
      throw new UnsprawlError("refused", `${entry.name}: an env file cannot hold its reference`, "choose another path");
    edits.push({ start: entry.valueStart, end: entry.valueEnd, text: written });
    const path = lineText(file, entry.line, entry.name);
    diff.push({ sign: "-", path, text: masked }, { sign: "+", path, text: move.reference });
  }
  const draft = draftOf(file, text, edits, diff);
  const same = onlyThese(entries, parseEntries(draft.after, dialect), wanted);
  if (!same)
    throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
  return {
    drafts: [draft],
    rest: staying.map(({ name, line, value }) => ({
      place: lineText(file, line, name),
      text: value ?? "",
      isOneLine: true as const,
    })),
    warnings: [...WHO_READS, ...others(file, text, dialect, [...wanted.keys()])],
  };
}

const WHO_READS = [
  "anything that reads this file must resolve references: `unsprawl run -- CMD` with its variables in the environment, containers under the OCI runtime that may use them (unsprawl runtime install, unsprawl runtime allow), or vals; docker run --env-file without that runtime passes each reference on as text",
];

/** A remaining entry would interpolate the reference instead of the value. */
function fillsIn(entry: DotenvEntry, moving: readonly DotenvEntry[]): void {
  const use = moving.find(({ name, start }) => start < entry.start && entry.uses.includes(name));
  if (use !== undefined)
    throw new UnsprawlError(
      "refused",
      `line ${entry.line} fills the value of ${use.name} into ${entry.name}, which would get the reference instead`,
      cmd`write the value of ${entry.name} in full, then plan again`,
    );
}

function onlyThese(
  before: readonly DotenvEntry[],
  after: readonly DotenvEntry[],
  wanted: ReadonlyMap<DotenvEntry, FileMove>,
): boolean {
  return (
    before.length === after.length &&
    before.every((entry, at) => {
      const now = after[at];
      const value = wanted.get(entry)?.move.reference ?? entry.value;
      return now?.name === entry.name && now.exported === entry.exported && now.value === value;
    })
  );
}

const READERS: { readonly [dialect in DotenvDialect]: string } = {
  compose: "Compose",
  raw: "Compose with format: raw",
  docker: "docker run --env-file",
};

/** How other readers of env files read the same lines. */
function others(file: string, text: string, dialect: DotenvDialect, moving: readonly DotenvEntry[]): readonly string[] {
  const warnings: string[] = [];
  const other = dialect === "compose" ? "docker" : "compose";
  const theirs = entriesOrNull(text, other);
  const differ = moving
    .filter(({ name, value }) => theirs?.findLast((entry) => entry.name === name)?.value !== value)
    .map(({ name }) => name);
  if (theirs === null)
    warnings.push(`the values are read as ${READERS[dialect]} reads them; ${READERS[other]} cannot read this file`);
  else if (differ.length > 0)
    warnings.push(
      `the values are read as ${READERS[dialect]} reads them; ${READERS[other]} would read ${differ.join(", ")} differently`,
    );
  const compose = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"].find((name) =>
    existsSync(join(dirname(file), name)),
  );
  if (compose !== undefined && basename(file) === ".env")
    warnings.push(`${compose} beside it fills in from this file: unsprawl plan compose: moves both together`);
  return warnings;
}
