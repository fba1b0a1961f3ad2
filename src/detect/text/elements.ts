import type { NamedLiteral } from "./assignment.ts";
import { unescapedXml } from "./unescape.ts";

const ELEMENT = /<([A-Za-z][\w.:-]{1,80})(?:\s[^<>]{0,400})?>([^<>]{1,4096})<\/\1\s{0,4}>/g;
const TAG = /<[A-Za-z][\w.:-]{0,80}\s([^<>]{1,6000})\/?>(?:([^<>\n]{1,4096})<\/)?/g;
const KEY_ATTRIBUTE = /\b(?:name|key|id|property)\s{0,2}=\s{0,2}["']([^"'<>]{1,120})["']/i;
/** A field of a form, which shows dots: what it is filled with is a password whatever it is called. */
const PASSWORD_FIELD = /\btype\s{0,2}=\s{0,2}["']password["']/i;
const VALUE_ATTRIBUTE = /\bvalue\s{0,2}=\s{0,2}(?:"([^"<>]{1,4096})"|'([^'<>]{1,4096})')/i;

/** `<password>…</password>`, `<property name="password" value="…"/>`, `<entry key="password">…</entry>`. */
export function elementsIn(text: string): NamedLiteral[] {
  const found: NamedLiteral[] = [];
  const push = (name: string, raw: string, start: number): void => {
    if (raw.trim() !== "")
      found.push({ name, start, end: start + raw.length, value: unescapedXml(raw).trim(), quoted: true });
  };
  for (const match of text.matchAll(TAG)) tagged(match, push);
  for (const { index, 0: whole, 1: name = "", 2: body = "" } of text.matchAll(ELEMENT))
    push(name, body, index + whole.lastIndexOf(`${body}</`));
  for (const { index, 0: whole, 1: element = "", 2: named, 3: body = "" } of /[vV]alue>/.test(text)
    ? text.matchAll(NESTED)
    : [])
    push(named ?? element, body, index + whole.lastIndexOf(body));
  for (const { index, 0: whole, 1: name = "", 2: body = "" } of text.includes("<![CDATA[") ? text.matchAll(CDATA) : [])
    push(name, body, index + whole.lastIndexOf(body));
  return found;
}

function tagged(match: RegExpExecArray, push: (name: string, raw: string, start: number) => void): void {
  const { index, 0: whole, 1: attributes = "", 2: body } = match;
  const isPassword = attributes.includes("type") && PASSWORD_FIELD.test(attributes);
  const name = isPassword ? "password" : KEY_ATTRIBUTE.exec(attributes)?.[1];
  if (name === undefined) return;
  const value = VALUE_ATTRIBUTE.exec(attributes);
  const raw = value?.[1] ?? value?.[2];
  if (value !== null && raw !== undefined)
    push(name, raw, index + whole.indexOf(attributes) + value.index + value[0].length - 1 - raw.length);
  else if (body !== undefined) push(name, body, index + whole.lastIndexOf(body));
}

/** `<property name="password"><value>…`, `<AdministratorPassword><Value>…`. */
const NESTED =
  /<([A-Za-z][\w.:-]{1,80})(?:\s(?:[^<>]{0,200}?\s)?(?:name|key)\s?=\s?"([^"<>]{1,120})"[^<>]{0,200}|\s[^<>]{0,200})?>\s{0,40}<[vV]alue>([^<>\n]{1,4096})</g;
const CDATA = /<([A-Za-z][\w.:-]{1,80})(?:\s[^<>]{0,400})?>\s{0,8}<!\[CDATA\[([^\]\n]{1,4096})\]\]>/g;

/** `<name>…</name>` and `<value>…</value>` one behind the other, as Hadoop, Jenkins and property lists have them. */
const BESIDE =
  /<(?:param-)?(?:[nN]ame|[kK]ey)>([^<>\n]{1,120})<\/(?:param-)?(?:[nN]ame|[kK]ey)>\s{0,80}<((?:param-)?[vV]alue|string|defaultValue)(?:\s[^<>\n]{0,200})?>([^<>\n]{1,4096})<\/\2>/g;

/** False when a line holds no name of such a pair, so that the lines around it need no reading. */
export function mayNameElement(line: string): boolean {
  return (
    line.includes("</name>") ||
    line.includes("param-name>") ||
    line.includes("</Name>") ||
    line.includes("</key>") ||
    line.includes("</Key>")
  );
}

export function elementsBeside(text: string): NamedLiteral[] {
  return [...text.matchAll(BESIDE)].map((match) => {
    const [whole, name = "", , body = ""] = match;
    const start = match.index + whole.lastIndexOf(`>${body}<`) + 1;
    return { name, start, end: start + body.length, value: unescapedXml(body).trim(), quoted: true };
  });
}
