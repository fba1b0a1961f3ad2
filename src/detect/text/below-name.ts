import { looksRandom } from "../entropy.ts";
import { humanPassword } from "../names/passwordish.ts";
import { readName } from "../names/names.ts";
import type { NamedLiteral } from "./assignment.ts";
import { listedBelow, valueBelow, type ListedPassword } from "./maps.ts";

/** A name whose value stands on the lines below it: in a block, or as a list. */
const OPEN =
  /^([ \t]{0,120})(?:-\s{1,8})?["']?([A-Za-z_][\w./-]{1,119})["']?\s{0,8}:\s{0,8}(?:([|>])[-+]?\d?[-+]?)?\s{0,8}$/;
const ITEM =
  /^([ \t]{0,120})-\s{1,8}(?:"([^"\n]{1,400})"|'([^'\n]{1,400})'|([^\s"'#{}[\]&*!|>][^\n:]{0,400}?))\s{0,8}(?:\s#[^\n]{0,200})?$/;
const MOST = 20;

/**
 * `password: |` with one line below it, and `passwords:` with a list: what stands there, with places from where the lines
 * below begin. `linesBelow` is asked only for such a name.
 */
export function belowName(line: string, linesBelow: () => string): (NamedLiteral | ListedPassword)[] {
  if (!mayBeOpen(line)) return [];
  const [, indent = "", name = "", block] = OPEN.exec(line) ?? [];
  if (name === "") return [];
  if (/^chpasswd$/.test(name)) return inAccounts(linesBelow());
  const users = block === undefined ? listedBelow(name, linesBelow, indent.length) : [];
  if (users.length > 0) return users;
  const { family, setting } = readName(name);
  if (family === null || setting !== null) return [];
  const own = block === undefined ? valueBelow(name, linesBelow, indent.length) : null;
  if (own !== null) return [own];
  if (block !== undefined) return inBlock(linesBelow(), indent.length, name);
  return /s$/i.test(name) ? inList(linesBelow(), indent.length, name) : [];
}

/** Below `chpasswd:` cloud-init lists accounts as `name:password`. */
function inAccounts(text: string): ListedPassword[] {
  const found: ListedPassword[] = [];
  let at = 0;
  for (const line of text.split("\n", MOST)) {
    const [, user = "", value = ""] =
      /^[ \t]{1,40}(?:-\s)?["']?([\w.-]{1,64}):([^\s:"'$]{3,200})["']?\s{0,8}$/.exec(line) ?? [];
    const start = at + line.lastIndexOf(value);
    if (user !== "") found.push({ name: "password", user, start, end: start + value.length, value, quoted: true });
    else if (/^\S/.test(line)) break;
    at += line.length + 1;
  }
  return found;
}

/** By its last character: most lines show at once that they have a value. */
function mayBeOpen(line: string): boolean {
  let end = line.length - 1;
  while (end > 0 && line.charCodeAt(end) <= 32) end--;
  return ":|>-+".includes(line.charAt(end));
}

/** A block of several lines is a document, of which each line is read alone. */
function inBlock(text: string, indent: number, name: string): NamedLiteral[] {
  const [first = "", second = ""] = text.split("\n", 2);
  const value = first.trim();
  const start = first.length - first.trimStart().length;
  const isOne = second.trim() === "" || second.length - second.trimStart().length <= indent;
  if (start <= indent || value === "" || !isOne || /\s/.test(value)) return [];
  return [{ name, start, end: start + value.length, value, quoted: true }];
}

/** Lists of names are as common as lists of secrets. */
function inList(text: string, indent: number, name: string): NamedLiteral[] {
  const found: NamedLiteral[] = [];
  let at = 0;
  for (const line of text.split("\n", MOST)) {
    const [, before = "", double, single, bare] = ITEM.exec(line) ?? [];
    const value = double ?? single ?? bare;
    if (value === undefined || before.length < indent) break;
    const start = at + line.indexOf(value, before.length + 1);
    if (looksRandom(value, 12) || (/pass|pwd/i.test(name) && humanPassword(value)))
      found.push({ name, start, end: start + value.length, value, quoted: bare === undefined });
    at += line.length + 1;
  }
  return found;
}
