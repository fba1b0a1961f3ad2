import type { NamedLiteral } from "./assignment.ts";
import { headOf } from "./heads.ts";
import { literalsIn } from "./literals.ts";
import type { Language } from "./language.ts";

/** Fields that hold the name of a variable, and the ones beside them that hold its value. */
const NAME_FIELD =
  /\b(?:name|key|Name|Key|ParameterKey|variable|OptionName)["']?\s{0,4}[:=]\s{0,4}(["']?)([A-Za-z_][\w.-]{0,119})\1\s{0,4}(?=[,}\r\n\\]|$)/;
const VALUE_FIELD = /(?<![\w-])(?:value|Value|ParameterValue|default)["']?\s{0,4}[:=](?=\s|["'])\s{0,4}/;
const VARIABLE = /\bvariable\s{1,4}"([\w-]{1,80})"\s{0,4}\{/;
const DEFAULT = /^\s{0,20}default\s{0,20}=\s{0,20}"((?:\\.|[^"\\\n]){1,4096})"/m;
const CLOSE = 600;

/** A line of a text, with the lines around it; places are those of `text`. */
export type LineInText = { readonly text: string; readonly from: number; readonly to: number };

/** False when a line has neither field of a pair and begins no variable, so that the lines around it need no reading. */
export function isHalfOfPair(line: string, language: Language): boolean {
  // What the fields have in them is looked for faster.
  const isNamed = line.includes("ame") || line.includes("ey") || line.includes("variable");
  if (isNamed && NAME_FIELD.test(line)) return true;
  const isValued = line.includes("alue") || line.includes("default");
  return (isValued && VALUE_FIELD.test(line)) || (language === "hcl" && VARIABLE.test(line));
}

/** `name: X` and `value: …` beside each other, on one line or on two: variables of Kubernetes, ECS and CloudFormation. */
export function pairIn({ text, from, to }: LineInText, language: Language): NamedLiteral | null {
  const line = text.slice(from, to);
  const around = aroundOf(text, from, to, line);
  const named = NAME_FIELD.exec(line);
  if (named !== null) {
    const name = named[2] as string;
    for (const [start, end] of [[from, to] as const, ...around]) {
      if (start !== from && NAME_FIELD.test(text.slice(start, end))) continue;
      const found = valueIn(text.slice(start, end), start, name, language);
      if (found !== null) return found;
    }
    return null;
  }
  if (!VALUE_FIELD.test(line)) return null;
  const name = around.map((place) => NAME_FIELD.exec(text.slice(...place))?.[2]).find((one) => one !== undefined);
  return name === undefined ? null : valueIn(line, from, name, language);
}

const BEGINS = /^\s{0,200}(?:-\s|[^"']{0,40}\{)/;

/** The lines of the same item: below, unless another begins there, and above, unless this one begins here. */
function aroundOf(text: string, from: number, to: number, line: string): (readonly [number, number])[] {
  const [above, below] = [lineAbove(text, from), lineBelow(text, to)];
  const places: (readonly [number, number])[] = [];
  if (!line.includes("}") && !BEGINS.test(text.slice(...below))) places.push(below);
  if (!BEGINS.test(line) && !/[}\]],?\s{0,4}$/.test(text.slice(...above))) places.push(above);
  return places;
}

function lineAbove(text: string, from: number): readonly [number, number] {
  const end = Math.max(0, from - 1);
  return [text.lastIndexOf("\n", end - 1) + 1, end];
}

function lineBelow(text: string, to: number): readonly [number, number] {
  const end = text.indexOf("\n", to + 1);
  return [Math.min(to + 1, text.length), end < 0 ? text.length : end];
}

function valueIn(line: string, offset: number, name: string, language: Language): NamedLiteral | null {
  const field = VALUE_FIELD.exec(line);
  if (field === null) return null;
  const at = field.index + field[0].length;
  const shifted = (found: NamedLiteral | null | undefined, head: string): NamedLiteral | null => {
    const shift = offset + at - head.length;
    return found ? { ...found, name, start: found.start + shift, end: found.end + shift } : null;
  };
  const isScalar = language === "yaml" && line.charAt(at) === "'" && line.lastIndexOf("{", at) < 0;
  if (/["']/.test(line.charAt(at)) && !isScalar)
    return shifted(literalsIn(`value=${line.slice(at)}`, language)[0], "value=");
  if (language !== "yaml" && language !== "ini") return null;
  if (line.lastIndexOf("{", at) >= 0) {
    const raw = /^[^,}\n]{1,4096}/.exec(line.slice(at))?.[0].trimEnd() ?? "";
    return raw === "" ? null : { name, start: offset + at, end: offset + at + raw.length, value: raw, quoted: false };
  }
  return shifted(headOf(`value: ${line.slice(at)}`, "yaml"), "value: ");
}

/** Terraform's `variable "x" { default = "…" }`. */
export function defaultOf({ text, from, to }: LineInText): NamedLiteral | null {
  const name = VARIABLE.exec(text.slice(from, to))?.[1];
  if (name === undefined) return null;
  const body = text.slice(to, to + CLOSE);
  const close = body.search(/^\}/m);
  const match = DEFAULT.exec(close < 0 ? body : body.slice(0, close));
  if (match === null) return null;
  const raw = match[1] as string;
  const start = to + match.index + match[0].length - 1 - raw.length;
  return { name, start, end: start + raw.length, value: raw.replace(/\\(["\\])/g, "$1"), quoted: true };
}
