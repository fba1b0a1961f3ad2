/** One instruction of a Dockerfile. */
export type Instruction = {
  /** In capitals. */
  readonly name: string;
  /** What follows the name, with lines joined as Docker joins them; heredocs with their text. */
  readonly value: string;
  /** The line of the name, from 1. */
  readonly line: number;
  /** Counts from 0 at each FROM; null before the first. */
  readonly stage: number | null;
};

/** A name and a value that ENV, ARG or LABEL sets; null if ARG gives none. */
export type DockerPair = { readonly name: string; readonly value: string | null };

/**
 * The instructions of a Dockerfile, in order: docs.docker.com/reference/dockerfile, and BuildKit's
 * frontend/dockerfile/parser. The `escape` directive is honoured; comments and empty lines between continued lines are
 * skipped.
 */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const escape = escapeOf(lines);
  const continued = new RegExp(`${escape === "`" ? "`" : "\\\\"}[ \\t]*$`);
  const found: Instruction[] = [];
  let stage: number | null = null;
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    if (isPassed(lines[at] ?? "")) continue;
    const joined = joinedFrom(lines, at, continued);
    at = joined.last;
    const [, word = "", value = ""] = /^\s*([A-Za-z]+)(?:\s+(.*))?$/s.exec(joined.text) ?? [];
    if (word === "") continue;
    const name = word.toUpperCase();
    if (name === "FROM") stage = stage === null ? 0 : stage + 1;
    const texts = heredocsOf(name, value, lines, at);
    at = texts.last;
    found.push({ name, value: `${value.trim()}${texts.text}`, line, stage });
  }
  return found;
}

/** A line with those that it continues on, and the number of the last. */
function joinedFrom(lines: readonly string[], from: number, continued: RegExp): { text: string; last: number } {
  let [text, at, open] = ["", from, lines[from] ?? ""];
  while (continued.test(open) && at + 1 < lines.length) {
    const next = lines[++at] ?? "";
    if (isPassed(next)) continue;
    text += open.replace(continued, "");
    open = next;
  }
  return { text: text + open.replace(continued, ""), last: at };
}

/** The texts of an instruction's heredocs, which stand behind line `at`, and the number of the last line. */
function heredocsOf(name: string, value: string, lines: readonly string[], at: number): { text: string; last: number } {
  let [text, last] = ["", at];
  const said = name === "ONBUILD" ? `${name} ${value.split(/\s/, 1)[0]}` : name;
  if (!/^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)$/i.test(said)) return { text, last };
  for (const [, dash = "", double, single, bare] of value.matchAll(HEREDOC)) {
    const end = double ?? single ?? bare;
    const closes = (one: string): boolean => (dash === "" ? one : one.replace(/^\t+/, "")) === end;
    // A heredoc that never ends is not one, such as a word in quotes: a build refuses it.
    const stop = lines.findIndex((one, index) => index > last && closes(one));
    if (stop < 0) continue;
    text += `\n${lines.slice(last + 1, stop + 1).join("\n")}`;
    last = stop;
  }
  return { text, last };
}

/** A word that begins a heredoc: `reHeredoc` of BuildKit's frontend/dockerfile/parser. */
const HEREDOC = /(?<!\S)\d*<<(-?)(?:"([^"\s<]+)"|'([^'\s<]+)'|([^\s<"'-][^\s<"']*))(?!\S)/g;

/** The instruction that ONBUILD postpones; null if there is none, or another ONBUILD, which a build refuses. */
export function postponedInstruction({ value, ...at }: Instruction): Instruction | null {
  const [, word = "", rest = ""] = /^([A-Za-z]+)\s+(.*)$/s.exec(value) ?? [];
  const name = word.toUpperCase();
  return name === "" || name === "ONBUILD" ? null : { ...at, name, value: rest };
}

/** Directives come before everything else: `# escape=`. */
function escapeOf(lines: readonly string[]): "\\" | "`" {
  for (const line of lines) {
    const [, name = "", value = ""] = /^#\s*([A-Za-z]+)\s*=(.*)$/.exec(line) ?? [];
    if (name === "") return "\\";
    if (name.toLowerCase() === "escape") return value.trim() === "`" ? "`" : "\\";
  }
  return "\\";
}

const isPassed = (line: string): boolean => /^\s*(?:#|$)/.test(line);

/** What ENV, LABEL or ARG sets, without quotes and escapes; variables in it stay as written. */
export function pairsOf({ name, value }: Instruction): readonly DockerPair[] {
  // The old form: one name, and everything after it is the value.
  const [, old = "", rest = ""] = /^([^\s=]+)\s+(.*)$/s.exec(value) ?? [];
  if (name !== "ARG" && old !== "") return [{ name: old, value: rest.trim() }];
  return splitWords(value).map((word) => {
    const equals = word.indexOf("=");
    return equals < 0 ? { name: word, value: null } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

function splitWords(value: string): string[] {
  return [...value.matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs)].map(([word]) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs, (_all, double?: string, single?: string, char?: string) =>
      double === undefined ? (single ?? char ?? "") : double.replace(/\\(["\\$])/g, "$1"),
    ),
  );
}
