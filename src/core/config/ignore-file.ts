import { lineOf } from "../../kit/text/lines.ts";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { DiffLine } from "../../model/plan.ts";
import { atomicRemove, atomicWrite, contentDigest } from "../../kit/io/atomic.ts";
import { fileError } from "../../kit/io/error.ts";
import { lineEnding, splice, yamlText } from "../../kit/text/splice.ts";
import { yamlEdits, type Changes } from "../../kit/text/yaml-edit.ts";
import {
  entry as entryOf,
  isMap,
  isSeq,
  parseYamlDocuments,
  scalarText,
  type YamlFile,
} from "../../kit/text/yaml-nodes.ts";
import { parse as parseSchema } from "../../kit/schema/index.ts";
import { IGNORE, readIgnore, type IgnoreRule } from "./ignore-entries.ts";

/** A secret to ignore wherever it is. */
export type IgnoredSecret = {
  readonly fingerprint: Fingerprint;
  /** Why it is ignored; never empty. */
  readonly reason: string;
  /** The last day, as `YYYY-MM-DD`; null means indefinitely. */
  readonly until: string | null;
};

/** A planned or written change of a configuration file. */
export type IgnoreEdit = {
  /** Absolute path. */
  readonly file: string;
  /** Null if the file is created. */
  readonly before: string | null;
  readonly after: string;
  /** The line of the first entry; each entry has one line. */
  readonly line: number;
  readonly diff: readonly DiffLine[];
};

/** A project's configuration file, which `ignore` entries are added to. */
export const ignoreFile = (cwd: string): string => join(cwd, "unsprawl.yaml");

/** Digits of a fingerprint that identify a secret; a collision within an installation is practically impossible. */
const DIGITS = 16;

/** One entry as YAML. */
export function ignoreItem({ fingerprint, reason, until }: IgnoredSecret): string {
  const day = until === null ? "" : `, until: ${yamlText(until)}`;
  return `{ fingerprint: ${yamlText(fingerprint.slice(0, DIGITS))}, reason: ${yamlText(reason)}${day} }`;
}

/**
 * Plans adding entries to `ignore:`, leaving every other byte of the file as it is. Writes nothing. Throws `malformed`
 * or `config` if the file is not a configuration, `refused` if no entry can be added.
 */
export async function planIgnore(file: string, wanted: readonly IgnoredSecret[]): Promise<IgnoreEdit> {
  const before = read(file);
  const items = wanted.map(ignoreItem);
  const after = await added(file, before ?? "", items);
  await proven(file, before ?? "", after, wanted);
  const line = lineOf(after, after.indexOf(items[0] ?? ""));
  const diff = items.map((item, at): DiffLine => ({ sign: "+", path: `${file}:${line + at}`, text: `- ${item}` }));
  return { file, before, after, line, diff };
}

/** Writes a planned edit. Throws `changed` if the file was modified since. */
export async function writeIgnore({ file, before, after }: IgnoreEdit): Promise<void> {
  same(file, before);
  // World-readable: the team shares it, and it contains no value.
  const expect = before === null ? null : contentDigest(before);
  await atomicWrite(file, after, before === null ? { mode: 0o644, expect } : { expect });
}

/** Reverts a written edit, byte for byte. Throws `changed` if the file was modified since. */
export async function undoIgnore({ file, before, after }: IgnoreEdit): Promise<void> {
  same(file, after);
  const expect = contentDigest(after);
  if (before === null) await atomicRemove(file, { expect });
  else await atomicWrite(file, before, { expect });
}

function same(file: string, expected: string | null): void {
  if (read(file) === expected) return;
  throw new UnsprawlError(
    "changed",
    `${file} was changed by another program just now`,
    cmd`look at ignore: in ${file}`,
  );
}

/** The file's text; null if it does not exist. */
function read(file: string): string | null {
  if (!existsSync(file)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError)
      throw new UnsprawlError("malformed", `${file} is not UTF-8`, "save it as UTF-8, then try again");
    throw fileError(error, file);
  }
}

async function added(file: string, text: string, items: readonly string[]): Promise<string> {
  const [yaml, second] = await parseYamlDocuments(file, text, "fix it, then try again");
  if (second !== undefined)
    throw new UnsprawlError("refused", `${file} holds several documents`, "use one document per file");
  const made = `ignore:\n${items.map((item) => `  - ${item}`).join("\n")}`;
  if (yaml === undefined || yaml.root === null) {
    mustBeEmpty(file, yaml);
    const end = lineEnding(text);
    const gap = text === "" || text.endsWith("\n") ? "" : end;
    return `${text}${gap}${made.replaceAll("\n", end)}${end}`;
  }
  const { root } = yaml;
  const change = (node: Parameters<typeof yamlEdits>[1], changes: Partial<Changes>): string =>
    splice(text, yamlEdits(yaml, node, { drop: new Set(), put: new Map(), add: [], ...changes }));
  const found = entryOf(root, "ignore", yaml);
  if (found === null) return change(root, { add: root.flow === true ? [`ignore: [${items.join(", ")}]`] : [made] });
  const { value, pair, shared, owner } = found;
  if (!shared && isSeq(value) && value === pair.value) {
    if (value.items.length > 0 || value.flow === true) return change(value, { add: items });
  }
  if (!shared && !isMap(value) && !isSeq(value) && scalarText(value) === null)
    return change(owner, { put: new Map([[pair, root.flow === true ? `ignore: [${items.join(", ")}]` : made]]) });
  throw notHere(yaml);
}

/** A file without a mapping may hold comments, and no text. */
function mustBeEmpty(file: string, yaml: YamlFile | undefined): void {
  const node = yaml?.document.contents ?? null;
  if (node !== null && scalarText(node) !== null)
    throw new UnsprawlError(
      "malformed",
      `${file} is not a configuration: it is not a mapping`,
      "fix it, then try again",
    );
}

function notHere({ file }: YamlFile): UnsprawlError {
  return new UnsprawlError("refused", `ignore in ${file} is not a plain list`, "add the entry by hand");
}

/**
 * Verifies that parsing the new text gives the old configuration plus the entries at the end, and nothing else changed.
 */
async function proven(file: string, before: string, after: string, wanted: readonly IgnoredSecret[]): Promise<void> {
  const { parse } = await import("yaml");
  const topOf = (text: string): { readonly [key: string]: unknown } =>
    (parse(text) as { readonly [key: string]: unknown } | null) ?? {};
  const [old, now] = [topOf(before), topOf(after)];
  const rest = (top: { readonly [key: string]: unknown }): string => JSON.stringify({ ...top, ignore: null });
  const entriesOf = ({ ignore = null }: { readonly [key: string]: unknown }): readonly IgnoreRule[] =>
    readIgnore(ignore === null ? null : parseSchema(IGNORE, ignore, file, "ignore"), file);
  const [was, is] = [entriesOf(old), entriesOf(now)];
  const own = wanted.map(({ fingerprint, reason, until }) => ({
    criteria: { fingerprint: fingerprint.slice(0, DIGITS) },
    reason,
    until,
  }));
  const bare = is.map(({ criteria, reason, until }) => ({ criteria, reason, until }));
  const expected = [...was.map(({ criteria, reason, until }) => ({ criteria, reason, until })), ...own];
  if (rest(old) === rest(now) && JSON.stringify(bare) === JSON.stringify(expected)) return;
  throw new UnsprawlError("refused", `an entry cannot be added to ${file} safely`, "add it by hand, under ignore:");
}
