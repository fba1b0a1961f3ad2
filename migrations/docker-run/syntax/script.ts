import { cmd } from "../../../src/kit/shell.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import {
  commandsOf,
  flagOf,
  programStart,
  runCommand,
  scriptKind,
  type EnvFlag,
  type RunCommand,
  type ScriptKind,
} from "./shell-run.ts";
import type { ShellWord, TextRange } from "../../../src/kit/text/shell-words.ts";
import { linePlace } from "../../../src/files/file-migration.ts";
import { placeText } from "../../../src/model/place.ts";
import { readText } from "../../../src/files/read.ts";
import { runText, subjectOf } from "./run-names.ts";
import { constantText, holdsFlags, ownVariable, type ScriptConstant } from "./script-own.ts";
import { withArrays } from "./script-arrays.ts";
import { variableIn, type ScriptText } from "./script-index.ts";
import { unmovableVariables, type ScriptVariable } from "./script-unmovable.ts";
import type { Refusal } from "../../../src/model/plan.ts";

export type RunScript = {
  readonly file: string;
  readonly text: string;
  readonly kind: ScriptKind;
  readonly commands: readonly (readonly ShellWord[])[];
  /** The commands that create a container, in their order. */
  readonly runs: readonly RunCommand[];
  readonly variables: readonly ScriptVariable[];
  /** The lines with a quote or a substitution that never ends. */
  readonly open: readonly number[];
};

/**
 * A shell script, or by its name a systemd unit, a makefile or a PowerShell script, with the variables of its `docker run` lines. Throws as `readText`.
 */
export async function readScript(file: string): Promise<RunScript> {
  return scriptOf(file, await readText(file, { named: true }));
}

export function scriptOf(file: string, text: string): RunScript {
  const kind = scriptKind(file);
  const bodies: TextRange[] = [];
  const unended: number[] = [];
  const commands = commandsOf(text, kind, bodies, unended);
  const open = unended.map((at) => lineOf(text, at));
  const isShell = kind === "shell";
  const { commands: spliced, parts } = isShell ? withArrays(text, commands) : { commands, parts: new Set() };
  const runsOf = (isFlags?: (word: ShellWord) => boolean): RunCommand[] =>
    spliced.flatMap((words) => runCommand(words, isFlags) ?? []).sort((a, b) => programStart(a) - programStart(b));
  const first = runsOf();
  const found = isShell ? runsOf((word) => holdsFlags({ text, commands, runs: first }, word)) : first;
  const runs = isShell ? found.map((run) => named({ text, commands, runs: found }, run)) : found;
  const about = aroundOf(text);
  const shell = isShell ? { text, commands, runs } : null;
  const moving = runs.flatMap((run) => inRun(file, text, run, about, shell));
  const others = commands.filter((words) => !parts.has(words));
  const unmovable = unmovableVariables({ file, text, commands: others, bodies, runs, moving });
  // `-e NAME=$own` says nothing of its secret that the line which sets `own` does not say.
  const reported = new Set(unmovable.map(({ place }) => place.name));
  const isReported = ({ by }: ScriptVariable): boolean =>
    by !== null && by.own === null && reported.has(`${variableIn(by.flag.content ?? "") ?? ""}=`);
  const variables = [...moving.filter((one) => !isReported(one)), ...unmovable];
  // Places, and run lines too, are distinguished by their lines.
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const one of [
    ...runs.map((run) => subjectOf(file, text, run)),
    ...variables.map(({ place }) => placeText(place)),
  ])
    (seen.has(one) ? again : seen).add(one);
  const [line] = open;
  const broken = line === undefined ? null : unclosed(line);
  const told = variables.map((one) =>
    again.has(placeText(one.place)) || again.has(one.subject) ? { ...one, fault: one.fault ?? TWICE } : one,
  );
  return {
    ...{ file, text, kind, commands, runs, open },
    variables: broken === null ? told : told.map((one) => ({ ...one, fault: broken })),
  };
}

/** A run line with its name and its image, if they are variables of the script. */
function named(script: ScriptText, run: RunCommand): RunCommand {
  const full = (at: number | null | undefined): string | null => {
    const word = run.words[at ?? -1];
    const text = word === undefined ? null : constantText(script, run, word);
    return text !== null && /^[A-Za-z0-9][\w./:@-]*$/.test(text) ? text : null;
  };
  const flag = flagOf(run, "name");
  const name = run.said.name ?? (flag === null || flag.flag === flag.holder ? null : full(flag.holder));
  return { ...run, said: { name, image: run.said.image ?? full(run.image) } };
}

/** The variables of a run line. `shell` is a shell's script, in which they may be variables of the script. */
function inRun(
  file: string,
  text: string,
  run: RunCommand,
  around: ScriptSummary,
  shell: ScriptText | null,
): ScriptVariable[] {
  const last = new Map(run.env.map((flag) => [flag.variable, flag]));
  return run.env.flatMap((flag): ScriptVariable[] => {
    const { content, expands, variable } = flag;
    if (content === null) return [];
    const own = shell !== null && expands ? ownVariable(shell, run, flag) : null;
    const holder = run.words[flag.holder];
    const isPart = shell !== null && holder !== undefined && variableIn(content) === null;
    const filled = isPart && expands ? constantText(shell, run, holder, content) : null;
    return [
      {
        subject: subjectOf(file, text, run),
        place: linePlace(file, lineOf(text, holder?.start ?? 0), `${runText(run)} -e ${variable}`),
        name: variable,
        value: own?.value ?? filled ?? (expands ? bracketed(content) : content),
        fault: faultOf(run, flag, own, last.get(variable) === flag, around),
        by: { command: run, flag, own },
      },
    ];
  });
}

/** `$name` as `${name}`: here it is a variable of the script, and elsewhere it may be a part of a secret. */
const bracketed = (content: string): string => content.replaceAll(/\$([A-Za-z_]\w*)/g, "$${$1}");

/** Settings that direct a client to another engine: docker(1), podman(1). */
const ELSEWHERE =
  /(?<![\w-]|(?:-[a-z]{0,8}e|--env)[ \t=]{0,8}["']?)(DOCKER_HOST|DOCKER_CONTEXT|CONTAINER_HOST|CONTAINER_CONNECTION)=/;
const OTHER_ENGINE = /^(?:-H|-c|--(?:host|context|url|connection|remote|config)\b)/;

/** What a script says of all its run lines. */
type ScriptSummary = { readonly replaced: ReadonlySet<string>; readonly elsewhere: string | undefined };

function aroundOf(text: string): ScriptSummary {
  const replaced = ["docker", "podman"].filter((program) =>
    new RegExp(`^[ \\t]*(?:function[ \\t]+)?${program}[ \\t]*\\([ \\t]*\\)|\\balias[ \\t]+${program}=`, "m").test(text),
  );
  return { replaced: new Set(replaced), elsewhere: ELSEWHERE.exec(text)?.[1] };
}

function faultOf(
  run: RunCommand,
  flag: EnvFlag,
  own: ScriptConstant | null,
  isLast: boolean,
  around: ScriptSummary,
): Refusal | null {
  const ofRun = runFault(run, around);
  if (ofRun !== null) return ofRun;
  if (flag.behind !== null)
    return {
      reason: `whether ${flag.behind} in front of it is flags, or the image, only the shell knows`,
      hint: cmd`write -e ${flag.variable}=value in front of ${flag.behind}`,
    };
  if (!isLast)
    return { reason: `has no effect: -e ${flag.variable} is set again`, hint: "remove this one", elsewhere: true };
  if (!flag.expands) return null;
  if (own !== null) return own.fault;
  return {
    reason: "its value is known only when the line runs: it contains a variable, a command's output or a pattern",
    hint: cmd`write -e ${flag.variable}='value' in full, then plan again`,
  };
}

/** Why nothing of a run line can be moved, whatever gives it its variables; null if that may be. */
export function faultOfRun({ text, open, file, runs }: RunScript, run: RunCommand): Refusal | null {
  const [line] = open;
  if (line !== undefined) return unclosed(line);
  const subject = subjectOf(file, text, run);
  if (runs.some((other) => other !== run && subjectOf(file, text, other) === subject)) return TWICE;
  return runFault(run, aroundOf(text));
}

function runFault({ program, words, begin, standsFor, global }: RunCommand, around: ScriptSummary): Refusal | null {
  if (standsFor !== null)
    return {
      reason: standsFor.includes("$")
        ? `whether ${standsFor} is docker or podman, only the shell knows`
        : `${standsFor} starts its containers in another engine`,
      hint: standsFor.includes("$")
        ? "write docker or podman in its place, then plan again"
        : "use docker or podman, then plan again",
    };
  if (around.replaced.has(program))
    return { reason: `the script redefines the command ${program}`, hint: cmd`call /usr/bin/${program} itself` };
  if (words.slice(0, begin).some((word) => word.text === "eval"))
    return { reason: "is parsed a second time, by eval", hint: "remove eval" };
  const elsewhere = global.find((word) => OTHER_ENGINE.test(word)) ?? around.elsewhere;
  if (elsewhere === undefined) return null;
  return {
    reason: `its line is for another engine (${elsewhere})`,
    hint: "unsprawl scan docker: where that engine is",
  };
}

const TWICE: Refusal = { reason: "the script has another line like it", hint: "write each command on its own line" };

const unclosed = (line: number): Refusal => ({
  reason: `a quote in line ${line} is never closed`,
  hint: "close it, then plan again",
});
