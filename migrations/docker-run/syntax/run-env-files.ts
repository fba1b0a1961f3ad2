import { existsSync } from "node:fs";
import { dirname, normalize, resolve, sep } from "node:path";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { DotenvEntry } from "../../../src/files/dotenv.ts";
import type { RunCommand, WordFlag } from "./shell-run.ts";
import { parseEntries, entriesOrNull } from "../../../src/files/env-file.ts";
import { linePlace } from "../../../src/files/file-migration.ts";
import { readText } from "../../../src/files/read.ts";
import { subjectOf } from "./run-names.ts";
import { constantText } from "./script-own.ts";
import type { LinePlace } from "../../../src/model/place.ts";
import type { RunScript } from "./script.ts";

/** A variable that a run line's `--env-file` gives to its container. */
export type EnvFileVariable = {
  readonly subject: string;
  /** `deploy/web.env:3 DB_PASSWORD`. */
  readonly place: LinePlace;
  readonly name: string;
  readonly value: string;
};

export type UnreadableEnvFile = { readonly subject: string; readonly message: string; readonly hint: string };

/**
 * The env files that a script's run lines name, and those that cannot be read. A relative name is looked for in the
 * script's folder, then in `root`: the script does not say from which folder it is run.
 */
export async function envFilesOfRuns(
  script: RunScript,
  root: string,
): Promise<{ readonly handed: readonly EnvFileVariable[]; readonly errors: readonly UnreadableEnvFile[] }> {
  const handed: EnvFileVariable[] = [];
  const errors: UnreadableEnvFile[] = [];
  const read = new Map<string, EnvFileRead>();
  for (const run of script.runs) {
    const subject = subjectOf(script.file, script.text, run);
    for (const flag of envFileFlags(run)) {
      const named = nameIn(script, run, flag);
      if (named === null) {
        errors.push({
          subject,
          message: "the file that --env-file names is known only when the line runs",
          hint: "unsprawl scan env:FILE reads such a file",
        });
        continue;
      }
      const places = [dirname(script.file), root].map((folder) => resolve(folder, named));
      const file = places.find((place) => existsSync(place)) ?? resolve(dirname(script.file), named);
      const { entries, fault } = read.get(file) ?? (await readIn(file));
      read.set(file, { entries, fault });
      if (fault !== null)
        errors.push({
          subject,
          message: fault.message,
          hint: fault.hint ?? "unsprawl scan env:FILE reads such a file",
        });
      for (const { name, value, line } of entries)
        if (value !== null && value !== "") handed.push({ subject, place: linePlace(file, line, name), name, value });
    }
  }
  return { handed, errors };
}

/** The flags by which a run line names this file of variables, where `envFilesOfRuns` finds it. */
export function flagsNaming(script: RunScript, run: RunCommand, file: string): readonly WordFlag[] {
  return envFileFlags(run).filter((flag) => {
    const named = nameIn(script, run, flag);
    if (named === null) return false;
    const beside = resolve(dirname(script.file), named);
    if (beside === file || existsSync(beside)) return beside === file;
    const root = file.slice(0, -normalize(named).length);
    return root.endsWith(sep) && resolve(root, named) === file && script.file.startsWith(root);
  });
}

/** The file that a flag names, if it is where the script is; null if it is not there, or only the shell knows. */
export function envFileBeside(script: RunScript, run: RunCommand, flag: WordFlag): string | null {
  const named = nameIn(script, run, flag);
  const file = named === null ? null : resolve(dirname(script.file), named);
  return file !== null && existsSync(file) ? file : null;
}

export const envFileFlags = ({ flags }: RunCommand): readonly WordFlag[] =>
  flags.filter(({ name }) => name === "env-file");

/** The script's folder, or the one that it is run from. */
const HERE =
  /^(?:\$\(pwd\)|\$PWD|\$\{PWD\}|\$\(dirname (?:--? )?"?\$(?:0|BASH_SOURCE|\{(?:0|BASH_SOURCE(?:\[0\])?)\})"?\))\//;

/**
 * What may be shown as a name: after a quote that never ends there is half the script. `/dev/fd/3` belongs to the
 * shell.
 */
const NAME = /^(?!\/(?:dev|proc)\/)[\w./@:,+ -]{1,255}$/;

/** Null if only the shell, or systemd, can expand it. */
function nameIn(script: RunScript, run: RunCommand, flag: WordFlag): string | null {
  const word = run.words[flag.holder];
  if (word === undefined) return null;
  const name = flag.value.replace(HERE, "./");
  const plain = script.kind === "shell" && flag.skip === 0 && name === flag.value;
  const known = !word.expands || !plain ? name : (constantText(script, run, word) ?? "");
  return NAME.test(known) ? known : null;
}

type EnvFileRead = { readonly entries: readonly DotenvEntry[]; readonly fault: UnsprawlError | null };

/** Read as docker reads it; what docker refuses is reported, and read as Compose does where possible. */
async function readIn(file: string): Promise<EnvFileRead> {
  let text: string | null = null;
  try {
    text = await readText(file);
    return { entries: parseEntries(text, "docker"), fault: null };
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    if (text === null) return { entries: [], fault: error };
    const fault = new UnsprawlError(error.code, `${file}: ${error.message}`, error.hint);
    return { entries: entriesOrNull(text, "compose") ?? [], fault };
  }
}
