import type { MovedValue } from "../contract/look.ts";
import { isPlain } from "../model/secret.ts";
import { encodedForms } from "../kit/text/redact.ts";
import type { Needle } from "./matcher.ts";

/** Text of this length or more does not occur inside another word by coincidence. */
const DISTINCTIVE = 8;

/**
 * What to look for: each value raw and encoded. A plain value (`postgres`, `1234`) may occur anywhere by coincidence,
 * and is looked for only beside its variable's name; a short one only as a whole word.
 */
export function needlesOf(marks: readonly MovedValue[]): Needle[] {
  return marks.flatMap((mark, index) => {
    const forms = isPlain(mark.value) ? beside(mark) : formsOf(mark);
    return forms.map(({ bytes, word }): Needle => ({ bytes, word, mark: index }));
  });
}

/** Text up to the point where it would reveal a value. Plain values are words that a name may contain. */
export function valueHider(marks: readonly MovedValue[]): (text: string) => string {
  const forms = marks.filter(({ value }) => !isPlain(value)).flatMap((mark) => formsOf(mark));
  const texts = [...new Set(forms.map(({ bytes }) => bytes.toString("utf8")))];
  return (text) => {
    const ends = texts.map((form) => text.indexOf(form)).filter((at) => at >= 0);
    return ends.length === 0 ? text : `${text.slice(0, Math.min(...ends))}…`;
  };
}

type NeedleForm = { readonly bytes: Buffer; readonly word: boolean };

function formsOf({ value }: MovedValue): NeedleForm[] {
  // In a file or a log, the value ends where its last line does.
  const whole = value.expose();
  const end = whole.findLastIndex((byte) => byte !== 0x0a && byte !== 0x0d) + 1;
  const raw = end === 0 ? whole : whole.subarray(0, end);
  const text = raw.toString("utf8");
  const weak = new Set(text.split(/\r?\n/));
  const encoded = encodedForms(raw, text).filter((form) => !weak.has(form));
  const texts = [...encoded, ...tellingLines(text), ...(text.includes(" ") ? [text.replaceAll(" ", "\\040")] : [])];
  return [raw, ...texts.map((form) => Buffer.from(form))].map((bytes) => ({ bytes, word: bytes.length < DISTINCTIVE }));
}

/** What is between a name and its value: env files, YAML, JSON, properties, command lines. */
const BETWEEN = ["=", '="', "='", ":", ": ", ': "', ": '", ":'", '":"', '": "', '" : "', "': '", " = ", ' = "', " = '"];

function beside({ name, value }: MovedValue): NeedleForm[] {
  const text = value.exposeText();
  return text === "" ? [] : BETWEEN.map((between) => ({ bytes: Buffer.from(name + between + text), word: true }));
}

/**
 * The lines of a longer value that identify it. For keys, the lines between BEGIN and END without the first: keys of
 * one kind begin alike, and certificates beside them are public (RFC 7468). For other text, the lines that look random:
 * documents share most of their lines.
 */
function tellingLines(text: string): string[] {
  if (!text.includes("\n")) return [];
  if (!text.includes("-----BEGIN ")) return text.split(/\r?\n/).filter((line) => looksRandom(line));
  const keys = text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n([^-]*)-----END/g);
  return [...keys].flatMap(([, body = ""]) => {
    const lines = body.split(/\r?\n/).filter((line) => line.length >= 24 && !line.includes(":"));
    return lines.length > 1 ? lines.slice(1) : lines;
  });
}

function looksRandom(line: string): boolean {
  const runs = line.match(/[A-Za-z0-9+/_=-]{24,}/g) ?? [];
  return runs.some((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run));
}
