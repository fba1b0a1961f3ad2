import { entriesOrNull, parseEntries } from "../../../src/files/env-file.ts";
import type { DotenvEntry } from "../../../src/files/dotenv.ts";
import { lineOfLocation } from "../../../src/files/file-migration.ts";
import { readText } from "../../../src/files/read.ts";
import type { Location } from "../../../src/model/location.ts";
import { envFileBeside, envFileFlags, flagsNaming } from "../syntax/run-env-files.ts";
import { runOf } from "../syntax/run-names.ts";
import type { RunScript } from "../syntax/script.ts";
import type { RunCommand, WordFlag } from "../syntax/shell-run.ts";

/** A line of a file of variables, and the last flag by which a run line passes it on to its container. */
export type HandedLine = {
  readonly run: RunCommand;
  readonly flag: WordFlag;
  readonly file: string;
  readonly text: string;
  readonly entry: DotenvEntry;
};

/** Whether a place is in a file that a script names, and not in the script. */
export const isHanded = (location: Location): boolean => lineOfLocation(location).file !== location.subjectId;

/** The line of this place as docker reads it; null if it is no longer there. */
export async function handedLine(script: RunScript, location: Location): Promise<HandedLine | null> {
  const { file, line, name } = lineOfLocation(location);
  const run = runOf(script, location.subjectName);
  const flag = run === undefined ? undefined : flagsNaming(script, run, file).at(-1);
  if (run === undefined || flag === undefined) return null;
  const text = await readText(file);
  const entry = parseEntries(text, "docker").find((one) => one.line === line && one.name === name);
  return entry === undefined || entry.value === null ? null : { run, flag, file, text, entry };
}

/** The lines of these places, by `handedKey`; one that is no longer there is missing. */
export async function handedLines(
  script: RunScript,
  locations: readonly Location[],
): Promise<ReadonlyMap<string, HandedLine>> {
  const found = new Map<string, HandedLine>();
  for (const location of locations.filter(isHanded)) {
    const line = await handedLine(script, location);
    if (line !== null) found.set(handedKey(location), line);
  }
  return found;
}

/** A line of a file as one run line gets it. */
export const handedKey = (location: Location): string => JSON.stringify([location.subjectName, lineKey(location)]);

/** The same for all run lines that get it. */
function lineKey(location: Location): string {
  const { file, line, name } = lineOfLocation(location);
  return JSON.stringify([file, line, name]);
}

/** The names of the variables that a run line gets from files beside the script. */
export async function handedNames(script: RunScript, run: RunCommand): Promise<readonly string[]> {
  const names: string[] = [];
  for (const flag of envFileFlags(run)) {
    const file = envFileBeside(script, run, flag);
    const entries = file === null ? null : entriesOrNull(await readText(file).catch(() => ""), "docker");
    names.push(...(entries ?? []).map(({ name }) => name));
  }
  return names;
}

/** What sets a variable of the container again, so that this line has no effect; null if nothing is known to. */
export async function setAgain(script: RunScript, handed: HandedLine): Promise<string | null> {
  const { run, file, text, entry } = handed;
  const { name, line } = entry;
  // Wherever it stands: flags come after files.
  if (run.env.some(({ variable }) => variable === name)) return `-e ${name}`;
  const last = parseEntries(text, "docker").findLast((one) => one.name === name && one.value !== null);
  if (last !== undefined && last.line !== line) return `${file}:${last.line}`;
  for (const next of laterFlags(handed))
    if ((await entriesOf(script, run, next))?.some((one) => one.name === name && one.value !== null) === true)
      return `--env-file ${next.value}`;
  return null;
}

/** A file that is passed on behind this line's and cannot be read: it may set anything again. Null without one. */
export async function unknownBehind(script: RunScript, handed: HandedLine): Promise<string | null> {
  for (const next of laterFlags(handed))
    if ((await entriesOf(script, handed.run, next)) === null) return `--env-file ${next.value}`;
  return null;
}

const laterFlags = ({ run, flag }: HandedLine): readonly WordFlag[] =>
  envFileFlags(run).filter((one) => one.flag > flag.flag);

async function entriesOf(script: RunScript, run: RunCommand, flag: WordFlag): Promise<readonly DotenvEntry[] | null> {
  const file = envFileBeside(script, run, flag);
  return file === null ? null : entriesOrNull(await readText(file), "docker");
}
