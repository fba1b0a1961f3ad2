import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMPOSES } from "../../services/compose.ts";
import { sample } from "../../support/deep.ts";
import { markedTexts, type Mark, type MarkedText } from "../../support/compose-marks.ts";
import { readVariables, type ReadVariable } from "../../support/marks/product.ts";
import { markCases, writeCase, type MarkCase } from "../../support/marks/cases.ts";

/** Our loader reads a project as Compose did before it filled env files in from their service's `environment`. */
const ours = new Map(markCases("2.30").map((one) => [one.name, one]));
const isVariable = (at: string): boolean => /^services\.\w+\.environment\./.test(at);

/** What `<<` merges and the map itself sets reaches nothing; it still has a mark. */
const SHADOWED: ReadonlySet<string> = new Set(["anchor and merge key", "merge of several"]);

const base = mkdtempSync(join(tmpdir(), "unsprawl-marks-cases-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The newest Compose is asked about every case, the older ones about a third; a deep run asks all about all. */
function drawn(version: string): readonly MarkCase[] {
  const all = markCases(version);
  return version === NEWEST ? all : sample(all, Math.ceil(all.length / 3), version);
}
const NEWEST = Object.keys(COMPOSES).at(-1);

describe.each(Object.entries(COMPOSES))("Compose %s", (version, get) => {
  let program = "";
  beforeAll(async () => {
    program = await get();
  });

  test.each(drawn(version))("$name", async (one) => {
    const root = mkdtempSync(join(base, "case-"));
    const dir = writeCase(one, root);
    const { given, envFiles, shell } = one;
    const env = { PATH: process.env["PATH"] ?? "", HOME: root, ...shell };
    const call = { env, ...(given === null ? {} : { files: given }) };
    const said = markedTexts({ program, dir, envFiles, ...call });
    if (one.isRefused) return expect(said).toHaveProperty("refused");
    const texts = said as ReadonlyMap<string, MarkedText>;
    expect(Object.fromEntries(one.texts.map(({ at }) => [at, shown(texts.get(at), root)]))).toEqual(
      Object.fromEntries(one.texts.map(({ at, value, from }) => [at, { value, from }])),
    );
    const read = await readVariables(dir, { ...call, envFiles });
    for (const { at, ...expected } of ours.get(one.name)?.texts ?? [])
      if (isVariable(at)) expect([at, shown(read.get(at), root)]).toEqual([at, expected]);
    for (const [at, { reached }] of SHADOWED.has(one.name) ? [] : read) {
      const theirs = lines(texts.get(at)?.reached, root);
      // A variable whose name is filled in, or that an env file passes on, has no mark of this kind.
      if (theirs.length > 0) expect([at, lines(reached, root)]).toEqual([at, theirs]);
    }
    for (const at of one.absent) expect([texts.has(at), read.has(at)]).toEqual([false, false]);
  });
});

const shown = (
  text: ReadVariable | MarkedText | undefined,
  root: string,
): { value: string | null; from: readonly string[] } => ({
  value: text?.value ?? null,
  from: text?.from.map((mark) => markText(mark, root)) ?? [],
});

function markText({ file, line, kind }: Pick<Mark, "file" | "line" | "kind">, root: string): string {
  if (file === null) return "shell";
  const behind = kind === "text" || kind === "line" ? "" : ` ${kind}`;
  return `${relative(root, file)}:${line}${behind}`;
}

const lines = (reached: readonly Pick<Mark, "file" | "line">[] = [], root: string): readonly string[] =>
  [...new Set(reached.map(({ file, line }) => markText({ file, line, kind: "text" }, root)))].toSorted();
