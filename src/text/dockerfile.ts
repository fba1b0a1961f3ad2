/** One instruction of a Dockerfile. */
export type Instruction = {
  /** In capitals. */
  readonly name: string;
  /** What follows the name, its lines joined as Docker joins them; heredocs with their text. */
  readonly value: string;
  /** Where the name stands, from 1. */
  readonly line: number;
  /** Counts from 0 at each FROM; null before the first. */
  readonly stage: number | null;
};

/** A name and a value that ENV, ARG or LABEL sets; null where ARG gives none. */
export type DockerPair = { readonly name: string; readonly value: string | null };

/**
 * The instructions of a Dockerfile, in order: docs.docker.com/reference/dockerfile, and BuildKit's frontend/dockerfile/parser.
 * The `escape` directive is honoured; comments and empty lines between continued lines are passed over.
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
    let joined = lines[at] ?? "";
    while (continued.test(joined) && at + 1 < lines.length) {
      at++;
      const next = lines[at] ?? "";
      if (!isPassed(next)) joined = joined.replace(continued, "") + next;
    }
    const [, word = "", value = ""] = /^\s*([A-Za-z]+)(?:\s+(.*))?$/s.exec(joined.replace(continued, "")) ?? [];
    if (word === "") continue;
    const name = word.toUpperCase();
    if (name === "FROM") stage = stage === null ? 0 : stage + 1;
    let whole = value.trim();
    if (["RUN", "COPY", "ADD"].includes(name)) {
      for (const [, dash = "", , end = ""] of value.matchAll(/<<(-?)(["']?)([A-Za-z_]\w*)\2/g)) {
        const closes = (one: string): boolean => (dash === "" ? one : one.replace(/^\t+/, "")) === end;
        while (at + 1 < lines.length) {
          at++;
          whole += `\n${lines[at] ?? ""}`;
          if (closes(lines[at] ?? "")) break;
        }
      }
    }
    found.push({ name, value: whole, line, stage });
  }
  return found;
}

/** Directives stand before everything else: `# escape=`. */
function escapeOf(lines: readonly string[]): "\\" | "`" {
  for (const line of lines) {
    const [, name = "", value = ""] = /^#\s*([A-Za-z]+)\s*=(.*)$/.exec(line) ?? [];
    if (name === "") return "\\";
    if (name.toLowerCase() === "escape") return value.trim() === "`" ? "`" : "\\";
  }
  return "\\";
}

const isPassed = (line: string): boolean => /^\s*(?:#|$)/.test(line);

/** What ENV, LABEL or ARG sets, without quotes and escapes; what it fills in stays as written. */
export function pairsOf({ name, value }: Instruction): readonly DockerPair[] {
  // The old form: one name, and all behind it is the value.
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
