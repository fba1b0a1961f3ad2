import { readdirSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { realOrSame } from "../../../src/kit/io/real.ts";
import { bytesIfThere } from "../../../src/files/rewritten.ts";
import type { ComposeProject } from "./project.ts";

/** The Compose file beside those of the project that uses this variable; null if no file does. */
export function usedBeside(project: ComposeProject, variable: string): string | null {
  return aboutBeside(project).uses.get(variable) ?? null;
}

/**
 * Notes on lines that leave env files which another Compose file names, whose services had those variables too, or which may
 * be anybody's, as one outside the project's folder is.
 */
export function besideNotes(
  project: ComposeProject,
  lines: readonly { readonly name: string; readonly file: { readonly file: string } }[],
): readonly string[] {
  return [...Map.groupBy(lines, ({ file }) => file.file)].flatMap(([file, own]) => {
    const isNamed = (text: string): boolean =>
      text.includes("env_file") && text.split(/[\s"'/,[\]]+/).includes(basename(file));
    const beside = aboutBeside(project).texts.find(({ text }) => isNamed(text))?.file;
    const names = [...new Set(own.map(({ name }) => name))].toSorted().join(", ");
    if (beside !== undefined) return [`${names} of ${file}: the services of ${beside} read it too, and lose that`];
    if (realOrSame(file).startsWith(realOrSame(project.dir) + sep)) return [];
    return [`${names} leaves ${file}, outside the project's folder: another project that reads it loses that`];
  });
}

type Beside = {
  readonly texts: readonly { readonly file: string; readonly text: string }[];
  readonly uses: ReadonlyMap<string, string>;
};

/** Read once for all findings of a project: a folder may have many of both. */
function aboutBeside(project: ComposeProject): Beside {
  const known = besides.get(project) ?? readBeside(project);
  besides.set(project, known);
  return known;
}

const besides = new WeakMap<ComposeProject, Beside>();

const USE = /\$(?:\{(\w+)[}:?+-]|(\w+))/g;

function readBeside({ dir, yaml }: ComposeProject): Beside {
  const texts = yamlBeside(dir)
    .filter((file) => !yaml.has(file))
    .map((file) => ({ file, text: textOf(file) }))
    .filter(({ text }) => /^services:/m.test(text));
  const uses = new Map<string, string>();
  for (const { file, text } of texts)
    for (const [, braced, plain = ""] of text.replaceAll("$$", "").matchAll(USE)) {
      const variable = braced ?? plain;
      if (!uses.has(variable)) uses.set(variable, file);
    }
  return { texts, uses };
}

// A folder or a file that cannot be read is no help.
function yamlBeside(dir: string): readonly string[] {
  try {
    return readdirSync(dir).flatMap((name) => (/\.ya?ml$/.test(name) ? join(dir, name) : []));
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return bytesIfThere(file)?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}
