import { lineOf } from "../../../src/kit/text/lines.ts";
import { follow, isAlias, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { FilledRange } from "../../../src/files/interpolate.ts";
import type { ComposeEnvFile } from "./scope.ts";
import type { VariablePlace } from "./environment.ts";
import { settingInLine, type VariableSetting } from "./scope.ts";

/**
 * Where a part of a variable's value comes from: the text that defines it, a line of an env file, the shell, an operand of
 * `${…}`, or the alias of a text that stands elsewhere.
 */
export type ValueSource = {
  readonly kind: "text" | "line" | "shell" | "default" | "alternative" | "alias";
  /** Null for the shell. */
  readonly file: YamlFile | ComposeEnvFile | null;
  /** The line on which it begins; of a pair, that of its key. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** The variable that it sets, or that is filled in. */
  readonly name: string;
  /** What of the value comes from here: from the first position up to the second. */
  readonly part: readonly [from: number, to: number];
};

/** Where a variable's value comes from, each source after those that it is filled from. */
export function sources(place: VariablePlace): readonly ValueSource[] {
  const { value, parts, setting } = place;
  if (value === null) return [];
  const own = ownSources(place, value.length);
  const [text] = own;
  const at = { parts, setting, offset: 0, text: text ?? SHELL, depth: 0, left: { count: MOST_SOURCES } };
  return [...filledFrom(at), ...own];
}

/** Of one value: lines that fill each other in twice have 2^n, which say nothing new. */
const MOST_SOURCES = 2000;

/** Lines that fill each other in a longer row say no more than the first of them. */
const DEEPEST = 100;

const SHELL = { file: null, line: 0, start: 0, end: 0 } as const;

type Filled = {
  readonly parts: readonly FilledRange[];
  readonly setting: (name: string) => VariableSetting | null;
  readonly offset: number;
  /** The text with the `${…}`. */
  readonly text: Pick<ValueSource, "file" | "line" | "start" | "end">;
  readonly depth: number;
  /** How many more are looked for. */
  readonly left: { count: number };
};

function filledFrom({ parts, setting, offset, text, depth, left }: Filled): readonly ValueSource[] {
  return parts.flatMap(({ name, by, start, end }): readonly ValueSource[] => {
    if (left.count-- <= 0) return [];
    const part = [offset + start, offset + end] as const;
    const { file, line, start: from, end: to } = text;
    if (by !== "variable") return [{ kind: by, file, line, start: from, end: to, name, part }];
    const found = setting(name);
    if (found === null) return [];
    if (found.kind === "shell") return [{ kind: "shell", ...SHELL, name, part }];
    const { file: env, member } = found;
    const own = lineSource(env, member, part);
    const filled =
      depth >= DEEPEST
        ? []
        : filledFrom({
            parts: member.parts,
            setting: (use) => settingInLine(env, member, use),
            ...{ offset: part[0], text: own, depth: depth + 1, left },
          });
    return isAlone(member) ? filled : [...filled, own];
  });
}

type EnvLine = Extract<VariablePlace, { readonly kind: "line" }>["member"];

/** A line that passes a variable on sets no value itself. */
const isAlone = ({ nameEnd, valueStart }: EnvLine): boolean => valueStart === nameEnd;

const lineSource = (file: ComposeEnvFile, member: EnvLine, part: ValueSource["part"]): ValueSource => {
  const { name, line, start, end } = member;
  return { kind: "line", file, line, start, end, name, part };
};

/** The text that defines a variable, and the alias by which it is given to it. */
function ownSources(place: VariablePlace, length: number): readonly ValueSource[] {
  const { file, name, line } = place;
  const part = [0, length] as const;
  if (place.kind === "line") return isAlone(place.member) ? [] : [lineSource(place.file, place.member, part)];
  const node = place.kind === "pair" ? place.member.value : place.member;
  const text = follow(node, place.file);
  const [start = 0, end = 0] = text?.range ?? [];
  if (!isAlias(node)) return [{ kind: "text", file, line, start, end, name, part }];
  const [from = 0, to = 0] = node.range ?? [];
  return [
    { kind: "text", file, line: lineOf(file.text, start), start, end, name, part },
    { kind: "alias", file, line: lineOf(file.text, from), start: from, end: to, name, part },
  ];
}
