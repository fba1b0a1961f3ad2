import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { effectiveAssignments, readUnit } from "../../../src/files/units/unit-environment.ts";
import type { World } from "../../support/world.ts";
import { SECRET, type Files } from "./units.ts";

let count = 0;

/** Writes the files into a folder of their own. */
export function lay(
  { dir: into }: World,
  files: Files,
): { readonly dir: string; readonly main: string; readonly before: Files } {
  const dir = join(into, `units-${++count}`);
  const before: { [file: string]: string } = {};
  for (const [name, template] of Object.entries(files)) {
    const file = join(dir, name);
    mkdirSync(dirname(file), { recursive: true });
    before[name] = template.replace(SECRET, "$2").replaceAll("¦", "").replaceAll("DIR", dir);
    writeFileSync(file, before[name]);
  }
  return { dir, main: Object.keys(files)[0] ?? "", before };
}

export function now(dir: string, files: Files): Files {
  return Object.fromEntries(Object.keys(files).map((name) => [name, readFileSync(join(dir, name), "utf8")]));
}

export async function variablesOf(file: string): Promise<{ readonly [name: string]: string }> {
  return Object.fromEntries([...effectiveAssignments(await readUnit(file))].map(({ name, value }) => [name, value]));
}

/** The secrets' own pieces, which may stand nowhere. */
export function pieces(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(/[^A-Za-z0-9]+/).filter((part) => part.length >= 15));
}
