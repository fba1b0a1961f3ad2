import { lineOf } from "../../src/kit/text/lines.ts";
import { constants, lstat, open, stat as statOf } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { linePlace } from "../../src/files/file-migration.ts";
import { envFilesOfRuns, type EnvFileVariable, type UnreadableEnvFile } from "./syntax/run-env-files.ts";
import { lastingSubject, runText, subjectOf } from "./syntax/run-names.ts";
import { readScript, type RunScript } from "./syntax/script.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { NO_FACTS } from "../../src/model/location.ts";
import { programStart, scriptKind } from "./syntax/shell-run.ts";
import { candidateAt } from "../../src/files/candidate.ts";
import { filesBelow } from "../../src/sources/dir.ts";
import { errorReading } from "../../src/engine/reading.ts";

/** Anything larger is not a hand-written script: an installer with embedded files. */
const MOST_BYTES = 1024 * 1024;

/**
 * `script:FILE`, or `script:FOLDER` for the scripts, makefiles and systemd units below it: the variables, and the other words, of
 * their `docker run` and `podman run` lines, and the env files that those name.
 */
export function scriptSource(cwd: string): Source {
  return {
    kind: "script",
    async *read(what, signal) {
      if (what === "") throw new UnsprawlError("usage", "script: needs a file or a folder", "unsprawl scan script:.");
      const root = resolve(cwd, what);
      const stat = await statOf(root).catch(() => null);
      if (stat === null)
        throw new UnsprawlError("absent", `there is no ${what}`, "unsprawl scan script:FILE_OR_FOLDER");
      if (!stat.isDirectory()) {
        yield* await readings(`script:${what}`, root, dirname(root), true);
        return;
      }
      for await (const found of filesBelow(root, root, signal)) {
        if ("error" in found) yield found.error;
        else yield* await readings(`script:${what}`, found.file, root, false);
      }
    },
  };
}

/** None for a file in a folder that is not a script, or has nothing to do with containers. */
async function readings(source: string, file: string, root: string, named: boolean): Promise<readonly SourceReading[]> {
  const about = { kind: "file", path: file } as const;
  try {
    if (!named && !(await isScript(file))) return [];
    const { size } = await statOf(file);
    if (size > MOST_BYTES)
      throw new UnsprawlError("malformed", `${file} is larger than 1 MiB`, cmd`unsprawl scan dir:${file}`);
    const script = await readScript(file);
    if (!named && script.runs.length === 0 && script.variables.length === 0) return [];
    const { handed, errors } = await envFilesOfRuns(script, root);
    const faults = errors.map((error) => ({
      ...error,
      about: { kind: "subject", name: error.subject, id: null } as const,
    }));
    const unended = script.open.map((line) => ({ ...unendedQuote(file, line), about }));
    return [
      ...readingsOf(source, script, handed),
      ...[...faults, ...unended].map((fault): SourceReading => ({ kind: "error", ...fault })),
    ];
  } catch (error) {
    if (named) throw error;
    return [errorReading(file, about, error)];
  }
}

function unendedQuote(file: string, line: number): UnreadableEnvFile {
  return {
    subject: `${basename(file)}:${line}`,
    message: "a quote that begins there is never closed: the rest is read line by line, as far as possible",
    hint: cmd`bash -n ${file} shows how the shell reads it`,
  };
}

/** One for each run line, one for what belongs to none. */
function readingsOf(
  source: string,
  { file, text, runs, variables: written }: RunScript,
  handed: readonly EnvFileVariable[],
): readonly SourceReading[] {
  const variables = [...written, ...handed];
  const runsOf = Map.groupBy(runs, (run) => subjectOf(file, text, run));
  const variablesOf = Map.groupBy(variables, ({ subject }) => subject);
  const lasting = new Map(runs.map((run) => [subjectOf(file, text, run), lastingSubject(file, run)]));
  const names = new Set([...runsOf.keys(), ...variablesOf.keys()]);
  if (names.size === 0) names.add(basename(file));
  return [...names].map((name): SourceReading => {
    const lastingName = lasting.get(name);
    const subject = { kind: "file", name, id: file, ...(lastingName === undefined ? {} : { lastingName }) } as const;
    const own = (variablesOf.get(name) ?? [])
      .filter(({ value }) => value !== "")
      .map((one) => candidateAt(source, subject, "env", one.name, one.value, one.place));
    const others = (runsOf.get(name) ?? []).map((run) => {
      const gone = new Set(run.env.flatMap(({ flag, holder }) => [flag, holder]));
      const words = run.words.slice(run.begin).filter((_, at) => !gone.has(at + run.begin));
      const place = linePlace(file, lineOf(text, programStart(run)), runText(run));
      return candidateAt(
        source,
        subject,
        "cmd",
        `${run.program} run`,
        JSON.stringify(words.map((word) => word.text)),
        place,
      );
    });
    return { kind: "subject", subject, facts: NO_FACTS, candidates: [...own, ...others], exposure: EXPOSURE };
  });
}

const EXPOSURE = ["anyone who can read the script, or inspect the container that it starts"];

const SHELL = /^#!\s{0,8}(?:\S{0,100}\/)?(?:env\s{1,8}(?:-S\s{0,8})?)?(?:\S{0,100}\/)?(?:ba|da|k|z|a)?sh\b/;

/** By its name, or for executable files by the first line. */
async function isScript(file: string): Promise<boolean> {
  if (/\.(?:sh|bash|service)$/.test(file) || ["make", "powershell"].includes(scriptKind(file))) return true;
  const { mode } = await lstat(file);
  if ((mode & 0o111) === 0) return false;
  // It may be a pipe by now, which would block.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(128), 0, 128, 0);
    return SHELL.test(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await handle.close();
  }
}
