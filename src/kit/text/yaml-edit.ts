import { lineOf } from "./lines.ts";
import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { UnsprawlError } from "../../model/error.ts";
import { lineEnd, lineStart, type Edit } from "./splice.ts";
import { isAlias, isMap, isScalar, isSeq, type YamlFile } from "./yaml-nodes.ts";

type AnyPair = Pair<Scalar, Node | null>;

/** Changes to the members of one map or sequence. Added text is one member: `KEY: value`, or an item. */
export type Changes = {
  /** Members to remove. */
  readonly drop: ReadonlySet<unknown>;
  /** Members to replace, with the new text. */
  readonly put: ReadonlyMap<unknown, string>;
  /** Pairs of which only the key's line is removed, since everything below it has been removed. */
  readonly dropKey?: ReadonlySet<unknown>;
  /** Members to append. Multi-line members keep their relative indentation. */
  readonly add: readonly string[];
};

/**
 * The byte edits that apply `changes` to a map or sequence and leave everything else as it is, including comments and
 * order.
 */
export function yamlEdits(file: YamlFile, node: YAMLMap | YAMLSeq, changes: Changes): Edit[] {
  return node.flow === true ? flowEdits(node, changes) : blockEdits(file, node, changes);
}

/** The range of a member, from a pair's key or an item's start to the end of its value. */
export function memberRange(member: unknown): readonly [start: number, end: number] {
  const { key, value } = member as AnyPair;
  if (key !== undefined && isScalar(key)) {
    const [start = 0, keyEnd = 0] = key.range ?? [];
    const last = value === null || value === undefined ? null : endOf(value);
    return [start, Math.max(keyEnd, last ?? keyEnd)];
  }
  const [start = 0] = (member as Node).range ?? [];
  return [start, endOf(member as Node) ?? start];
}

/** The end of a node's own text, without trailing blank lines and comments of a block. */
function endOf(node: Node): number | null {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? (node.range?.[1] ?? null) : memberRange(last)[1];
  }
  return node.range?.[1] ?? null;
}

function blockEdits(file: YamlFile, node: YAMLMap | YAMLSeq, { drop, put, add, dropKey }: Changes): Edit[] {
  const { text } = file;
  const found: Edit[] = [];
  for (const member of node.items) {
    const [start, end] = memberRange(member);
    if (dropKey?.has(member)) found.push({ start: ownLine(file, start), end: lineEnd(text, start), text: "" });
    else if (drop.has(member)) found.push({ start: ownLine(file, start), end: lineEnd(text, end), text: "" });
    else if (put.has(member)) {
      ownLine(file, start); // `? KEY` has its value on another line
      found.push({ start, end: inLine(text, end), text: put.get(member) ?? "" });
    }
  }
  const last = node.items.at(-1);
  if (add.length > 0 && last !== undefined) {
    const [start, end] = memberRange(last);
    const line = ownLine(file, start);
    const indent = text.slice(line, start);
    const at = lineEnd(text, end);
    const eol = text.includes("\r\n") ? "\r\n" : "\n";
    const before = at > 0 && text[at - 1] !== "\n" ? eol : "";
    const lines = add.map((one) => indent + one.replaceAll("\n", `${eol}${" ".repeat(start - line)}`));
    // A file that does not end with a newline still does not.
    const after = before === "" ? eol : "";
    found.push({ start: at, end: at, text: before + lines.join(eol) + after });
  }
  return found;
}

/** The range of a block scalar includes its newline; this excludes it. */
function inLine(text: string, end: number): number {
  if (text[end - 1] !== "\n") return end;
  return text[end - 2] === "\r" ? end - 2 : end - 1;
}

/**
 * The start of the member's line, behind a byte order mark. Throws `refused` if anything but indentation or a dash precedes
 * the member.
 */
function ownLine({ file, text }: YamlFile, start: number): number {
  const first = lineStart(text, start);
  const line = text[first] === "\ufeff" ? first + 1 : first;
  if (/^[ ]*(- +)?$/.test(text.slice(line, start))) return line;
  throw new UnsprawlError(
    "refused",
    `${file}, line ${lineOf(text, start)}: something else stands on the same line`,
    "put it on a separate line, then plan again",
  );
}

/**
 * In a flow collection, removes one comma with each member and leaves the text between others as it is, including
 * newlines.
 */
function flowEdits(node: YAMLMap | YAMLSeq, { drop, put, add }: Changes): Edit[] {
  const members = node.items as unknown[];
  const ranges = members.map(memberRange);
  const kept = members.flatMap((member, at) => (drop.has(member) ? [] : [at]));
  const [last, added] = [kept.at(-1), add.map(oneLine).join(", ")];
  const [open = 0, close = 0] = node.range ?? [];
  if (last === undefined) return [{ ...between(ranges, open + 1, close - 1), text: added }];
  const found: Edit[] = [];
  for (const [at, member] of members.entries()) {
    const [start, end] = ranges[at] ?? [0, 0];
    if (!drop.has(member)) {
      const now = put.get(member);
      if (now !== undefined) found.push({ start, end, text: oneLine(now) });
    } else if (at < last) found.push({ start, end: ranges[at + 1]?.[0] ?? end, text: "" });
    else found.push({ start: ranges[at - 1]?.[1] ?? start, end, text: "" });
  }
  const behind = ranges[last]?.[1] ?? close;
  if (added !== "") found.push({ start: behind, end: behind, text: `, ${added}` });
  return found;
}

/** From the first member to the last; all that is between the brackets if there is none. */
function between(ranges: readonly ReturnType<typeof memberRange>[], open: number, close: number): Omit<Edit, "text"> {
  return { start: ranges[0]?.[0] ?? open, end: ranges.at(-1)?.[1] ?? close };
}

const oneLine = (text: string): string =>
  text
    .split("\n")
    .map((line, at, { length }) => (at === 0 ? line.trimEnd() : at === length - 1 ? line.trimStart() : line.trim()))
    .filter((line, at, { length }) => line !== "" || at === 0 || at === length - 1)
    .join(" ");

/**
 * Text as a YAML scalar with the same quotes as `like` where possible; plain if unambiguous. `$` is doubled for
 * Compose.
 */
export function scalar(text: string, like: unknown): string {
  const type = isScalar(like) && !isAlias(like) ? like.type : "PLAIN";
  const escaped = text.replaceAll("$", "$$$$");
  if (type === "QUOTE_SINGLE" && !/[^ -~]/.test(text)) return `'${escaped.replaceAll("'", "''")}'`;
  if (type !== "QUOTE_DOUBLE" && PLAIN.test(escaped) && !NOT_TEXT.test(text)) return escaped;
  return JSON.stringify(escaped);
}

/** Text that cannot be read as a number, a comment, a map or an indicator. */
const PLAIN = /^[A-Za-z/_](?:[\w./+=@-]|:(?=[^\s])|(?<=[^\s])#)*$/;
const NOT_TEXT = /^(y|n|yes|no|on|off|true|false|null)$/i;
