// Our reading of Compose projects that other people wrote, beside Compose's own: `node test/bench/marks.ts FOLDER
// [--compose 2.20.1|2.26.1|5.6.1] [--take N] [--only TEXT]`. Each project is copied and filled in as for projects.ts. Prints each
// variable whose value, or whose sources, the two read differently; no value.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { COMPOSES } from "../services/compose.ts";
import { markedTexts, type Mark, type MarkedText } from "../support/compose-marks.ts";
import { readVariables, type ReadVariable } from "../support/marks/product.ts";
import { fillIn, Unfit } from "./projects/fill.ts";
import { copiedBelow, projectsBelow, type Project } from "./projects/find.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    compose: { type: "string", default: "2.26.1" },
    take: { type: "string", default: "1000000" },
    only: { type: "string", default: "" },
  },
});
const get = COMPOSES[options.compose as keyof typeof COMPOSES];
if (get === undefined) throw new Error(`--compose is one of ${Object.keys(COMPOSES).join(", ")}`);
const program = await get();
const counts = new Map<string, number>();
const count = (what: string, by = 1): void => void counts.set(what, (counts.get(what) ?? 0) + by);

const isVariable = (at: string): boolean => /^services\..+\.environment\.[^.]+$/.test(at);

for (const project of projectsBelow(positionals[0] ?? ".")
  .filter(({ name }) => name.includes(options.only))
  .slice(0, Number(options.take))) {
  const top = mkdtempSync(join(tmpdir(), "unsprawl-marks-bench-"));
  try {
    await compared(project, top);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}
for (const [what, many] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) console.log(`${many}\t${what}`);

async function compared(project: Project, top: string): Promise<void> {
  const copied = copiedBelow(top, project);
  const env = { PATH: process.env["PATH"] ?? "", HOME: top, PWD: copied.folder };
  try {
    fillIn(project, copied, env);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return count("projects that Compose refuses");
  }
  const files = project.file === null ? {} : { files: project.file.split(":") };
  const said = markedTexts({ program, dir: copied.folder, env, ...files });
  if ("refused" in said) return count("projects that this Compose refuses");
  count("projects");
  const read = await readVariables(copied.folder, { env, ...files });
  for (const at of new Set([...[...said.keys()].filter(isVariable), ...read.keys()]))
    variable(`${project.name} ${at}`, said.get(at), read.get(at), top);
}

function variable(at: string, marked: MarkedText | undefined, read: ReadVariable | undefined, top: string): void {
  if (marked === undefined || read === undefined) {
    count(`variables of ${marked === undefined ? "our reading" : "Compose"} only`);
    console.log(`${marked === undefined ? "ours only" : "Compose only"}: ${at}`);
    return;
  }
  count(`variables, value ${marked.value === read.value ? "same" : "different"}`);
  if (marked.value !== read.value) console.log(`value: ${at}`);
  const [theirs, ours] = [linesOf(marked.from, top), linesOf(read.from, top)];
  const isSame = theirs === ours;
  count(`variables, sources ${isSame ? "same" : "different"}${marked.isSure ? "" : " (unsure)"}`);
  if (!isSame) console.log(`sources: ${at}\n  Compose ${theirs}\n  ours    ${ours}`);
}

function linesOf(from: readonly Pick<Mark, "file" | "line" | "kind">[], top: string): string {
  const lines = from.map(({ file, line, kind }) =>
    file === null ? "shell" : `${relative(top, file)}:${line}${kind === "text" || kind === "line" ? "" : ` ${kind}`}`,
  );
  return [...new Set(lines)].toSorted().join(", ");
}
