import { lineOf } from "../../src/kit/text/lines.ts";
import { basename } from "node:path";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { lineEnding, lineStart, splice, yamlText, type Edit } from "../../src/kit/text/splice.ts";
import { memberRange } from "../../src/kit/text/yaml-edit.ts";
import { isScalar } from "../../src/kit/text/yaml-nodes.ts";
import type { EnvPlace } from "./syntax/environment.ts";
import { readManifests, type Manifests } from "./syntax/manifest.ts";
import { onlyMoved, type SecretVariable } from "./proof.ts";

/**
 * The file's text with each of these values replaced by a reference to a Secret's key; every other byte stays. Throws
 * `refused` if anything but these variables would change its meaning, which is how a shared anchor is noticed.
 */
export async function rewriteManifests(
  manifests: Manifests,
  wanted: readonly SecretVariable[],
): Promise<{ readonly text: string; readonly diff: readonly DiffLine[] }> {
  const { file, text } = manifests;
  const edits = new Map<number, Edit & { readonly diff: readonly DiffLine[] }>();
  for (const want of wanted) {
    const edit = editOf(text, want);
    const known = edits.get(edit.start);
    if (known !== undefined && known.text !== edit.text) throw shared(file, want.place);
    edits.set(edit.start, edit);
  }
  const ordered = [...edits.values()].sort((a, b) => a.start - b.start);
  const rewritten = splice(text, ordered);
  const after = await readManifests(file, rewritten).catch(() => null);
  const [first] = wanted;
  if (first === undefined || after === null || !onlyMoved(manifests, after, wanted))
    throw shared(file, first?.place ?? null);
  return { text: rewritten, diff: ordered.flatMap(({ diff }) => diff) };
}

function editOf(
  text: string,
  { place, secret, masked }: SecretVariable,
): Edit & { readonly diff: readonly DiffLine[] } {
  const { pair, owner, key, name } = place;
  const [start, end] = memberRange(pair);
  const json = isScalar(pair.key) && pair.key.type === "QUOTE_DOUBLE" ? '"' : "";
  const word = (one: string): string => (json === "" ? yamlText(one) : JSON.stringify(one));
  const column = start - lineStart(text, start);
  const line = (deeper: number, of: string): string => `${lineEnding(text)}${" ".repeat(column + deeper)}${of}`;
  const [secretName, secretKey] = [word(secret), word(key)];
  const put =
    owner.flow === true
      ? `${word("valueFrom")}: {${word("secretKeyRef")}: {${word("name")}: ${secretName}, ${word("key")}: ${secretKey}}}`
      : `valueFrom:${commentOf(text, pair)}${line(2, "secretKeyRef:")}${line(4, `name: ${secretName}`)}${line(4, `key: ${secretKey}`)}`;
  const at = lineOf(text, start);
  const show = (sign: DiffLine["sign"], shown: string): DiffLine => ({
    sign,
    path: `${basename(place.resource.file.file)}:${at}`,
    text: shown,
  });
  return {
    start,
    end: withoutLineEnd(text, end),
    text: put,
    diff: [
      show("-", `${name}: value: ${masked}`),
      ...put.split(/\r?\n/).map((one, index) => show("+", index === 0 ? `${name}: ${one}` : one.slice(column))),
    ],
  };
}

/** The comment after `value:`, or after a block scalar's `|`, which is within the replaced range. */
function commentOf(text: string, { key, value }: EnvPlace["pair"]): string {
  if (!isScalar(key) || !isScalar(value)) return "";
  const after = key.range?.[1] ?? 0;
  const [line = ""] = /^[^\r\n]*/.exec(text.slice(after)) ?? [];
  const isBlock = value.type === "BLOCK_LITERAL" || value.type === "BLOCK_FOLDED";
  const isBelow = (value.range?.[0] ?? 0) > after + line.length;
  const at = line.search(/\s#/);
  return (isBlock || isBelow) && at >= 0 ? line.slice(at).trimEnd() : "";
}

/** A block scalar's range ends after its line end, which belongs to the next line. */
function withoutLineEnd(text: string, end: number): number {
  if (text[end - 1] !== "\n") return end;
  return text[end - 2] === "\r" ? end - 2 : end - 1;
}

function shared(file: string, place: EnvPlace | null): UnsprawlError {
  const at = place === null ? "" : `, line ${lineOf(place.resource.file.text, memberRange(place.pair)[0])}`;
  return new UnsprawlError(
    "refused",
    `${file}${at}: ${place?.name ?? "a variable"} cannot change alone: an anchor or a merge key shares its entry with something that stays`,
    "write the entry out where it is used, then plan again",
  );
}
