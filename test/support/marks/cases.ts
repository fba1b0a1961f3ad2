import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A project, and what is to come out of it. */
export type MarkCase = {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly shell: { readonly [name: string]: string };
  readonly given: readonly string[] | null;
  readonly envFiles: readonly string[];
  /** The folder in which Compose is called. */
  readonly dir: string;
  readonly isRefused: boolean;
  readonly absent: readonly string[];
  readonly texts: readonly { readonly at: string; readonly value: string; readonly from: readonly string[] }[];
};

const SECRET = randomBytes(12).toString("hex");
const FILE = new URL("../../fixtures/compose-marks/cases.txt", import.meta.url);

/**
 * The cases of `cases.txt`, each of which begins with `## NAME`. `-- FILE` begins a file, `␍` is a carriage return. `= …` says
 * how Compose is called, `=> …` what comes out: a value as `config` prints it, and behind `<` where its parts come from.
 * Versions of Compose differ: `= since 2.24` is a case of that version and later ones alone, `=> since 5.0 …` replaces what
 * came out before, `=> refused before 2.24` says from when on there is a result.
 */
export function markCases(version: string): readonly MarkCase[] {
  const [, ...all] = readFileSync(FILE, "utf8").split(/^## /m);
  return all.flatMap((text) => caseOf(text, version));
}

/** Writes a case's files below a folder; gives the folder in which Compose is called. */
export function writeCase({ files, dir }: MarkCase, root: string): string {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return join(root, dir);
}

function caseOf(text: string, version: string): readonly MarkCase[] {
  const [name = "", ...lines] = text.trimEnd().replaceAll("{{secret}}", SECRET).replaceAll("␍", "\r").split("\n");
  const behind = (start: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(start) ? line.slice(start.length) : []));
  const words = (start: string): readonly string[] => behind(start).flatMap((line) => line.split(" "));
  const [since = "0"] = behind("= since ");
  if (isBefore(version, since)) return [];
  const given = words("= files ");
  const results = behind("=> ").flatMap((line) => {
    const [, from = "0", result = line] = /^since (\S+) (.*)$/.exec(line) ?? [];
    return isBefore(version, from) ? [] : result;
  });
  const [until] = results.flatMap((result) => /^refused before (.*)$/.exec(result)?.[1] ?? []);
  const found = new Map(results.flatMap(resultOf).map((one) => [one.at, one]));
  return [
    {
      name,
      files: filesIn(lines.filter((line) => !/^=>? /.test(line))),
      shell: Object.fromEntries(words("= shell ").map((word) => word.split("=") as [string, string])),
      given: given.length > 0 ? given : null,
      envFiles: words("= env files "),
      dir: words("= folder ")[0] ?? ".",
      isRefused: results.includes("refused") || (until !== undefined && isBefore(version, until)),
      absent: behind("=> absent "),
      texts: [...found.values()],
    },
  ];
}

function resultOf(line: string): MarkCase["texts"] {
  const [, at = "", value = "", from = ""] = /^(\S+) (".*") <(.*)$/.exec(line) ?? [];
  return at === "" ? [] : [{ at, value: JSON.parse(value) as string, from: from.split(",").map((one) => one.trim()) }];
}

function isBefore(version: string, other: string): boolean {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [numbers(version), numbers(other)];
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

const numbers = (version: string): readonly number[] => version.split(".").map(Number);

function filesIn(lines: readonly string[]): MarkCase["files"] {
  const [, ...all] = `\n${lines.join("\n")}\n`.split(/^-- /m);
  return all.map((one) => {
    const end = one.indexOf("\n");
    const [, path = "", isOpen] = /^(\S+)( \(no last newline\))?$/.exec(one.slice(0, end)) ?? [];
    const text = one.slice(end + 1);
    return { path, text: isOpen === undefined ? text : text.replace(/\n$/, "") };
  });
}
