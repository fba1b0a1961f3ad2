import { beganAt, runIds } from "../core/journal/journal.ts";
import { listRuns, type RunSummary } from "../core/journal/runs.ts";
import type { Assembly } from "../assembly/index.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { asking } from "./asked.ts";
import { type CommandContext, type ParsedFlags, canAsk } from "./context.ts";
import { say } from "./output.ts";

/** The run that began last. */
const LAST = "last";
const CLOCKS_DIFFER_MS = 60_000;

/**
 * The run that a command means: the one named, or the only one for which `fits` is true. A person who can answer is asked
 * where several could be meant. Throws `absent` if there is none, `usage` if several could be meant.
 */
export async function chooseRun(
  context: CommandContext,
  options: ParsedFlags,
  named: string | undefined,
  fits: (run: RunSummary) => boolean,
  what: string,
): Promise<string> {
  const { assembly } = context;
  const isEach = options["onHost"] !== undefined;
  if (named !== undefined && !(isEach && named === LAST)) return runOf(assembly, named);
  // Of several hosts each has its runs.
  const address = isEach ? (await assembly.engine()).connection.address : null;
  const all = listRuns(assembly.installation()).filter(
    (run) => fits(run) && (address === null || run.engine === address),
  );
  const fitting = named === LAST ? all.slice(-1) : all;
  if (fitting.length < 2 || !canAsk(context, options))
    return oneRun(
      fitting.map(({ run }) => run),
      what,
    );
  say(context, `${fitting.length} runs could be meant:`);
  for (const one of fitting) say(context, `  ${runLine(one)}`);
  const typed = await asking(context.signal, (ask) => ask(`Which one do you want to ${verbOf(what)}? `));
  if (typed === null || typed === "") throw new UnsprawlError("interrupted", "cancelled: nothing was changed");
  return runOf(assembly, typed);
}

/** The command as a verb in a sentence. */
const verbOf = (command: string): string => (command === "rollback" ? "roll back" : command);

/** The only one of these runs. Throws `absent` or `usage` if there is none, or several. */
export function oneRun(runs: readonly string[], what: string): string {
  const [one] = runs;
  if (one !== undefined && runs.length === 1) return one;
  if (one === undefined)
    throw new UnsprawlError("absent", `there is no run to ${verbOf(what)}`, "unsprawl runs lists them");
  throw new UnsprawlError(
    "usage",
    `${runs.length} runs could be meant: ${runs.join(", ")}`,
    cmd`unsprawl ${bare(what)} RUN, or ${bare(LAST)} for the newest`,
  );
}

/**
 * The id that a person means by an id, its first characters, or `last`. A word that begins no id is returned as it is, for
 * the journal's own error. Throws `usage` if several ids begin with it, `absent` for `last` without a run.
 */
export function runOf(assembly: Pick<Assembly, "state">, named: string): string {
  const ids = runIds(assembly.state());
  if (named === LAST) {
    const newest = ids.at(-1);
    if (newest === undefined) throw new UnsprawlError("absent", "there is no run yet", "unsprawl migrate makes one");
    // Runs that began since then are not behind it.
    if (Date.parse(beganAt(assembly.state(), newest)) > Date.now() + CLOCKS_DIFFER_MS)
      throw new UnsprawlError(
        "usage",
        `the clock was set back since run ${newest}, so the newest run is not known`,
        "unsprawl runs lists them: name one",
      );
    return newest;
  }
  const meant = named.length > 0 && !ids.includes(named) ? ids.filter((id) => id.startsWith(named)) : [];
  if (meant.length > 1)
    throw new UnsprawlError(
      "usage",
      `${meant.length} runs begin with ${named}: ${meant.join(", ")}`,
      "type more of it",
    );
  return meant[0] ?? named;
}

function runLine({ run, createdAt, units, store }: RunSummary): string {
  return `${run}  ${createdAt.slice(0, 16).replace("T", " ")}  ${units.map(({ unit }) => unit).join(", ")} → ${store}`;
}
