/**
 * The terminal UI without a screen, for people who listen to it or read it by touch, and for terminals that cannot move
 * their cursor: one line after the other, numbered lists, a question at a time. State, verbs and letters are those of
 * the screens.
 */
import type { Assembly } from "../../assembly/index.ts";
import { EXIT } from "../../model/error.ts";
import type { KeyScope } from "../keymap.ts";
import { keepDecisions, takeUp } from "../kept.ts";
import { createSession, type TerminalSession } from "../session.ts";
import type { ScanTarget } from "../state.ts";
import { summary } from "../summary.ts";
import { HERE, targetText } from "../target.ts";
import { callOff, tellUnfinished } from "../verbs/run.ts";
import { startScan } from "../verbs/scan.ts";
import { say, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { openLines, type LineTerminal } from "./lines.ts";
import { form } from "./form.ts";
import { hear } from "./hear.ts";
import { detail, list } from "./list.ts";
import { plan, proof, stores } from "./migrate.ts";
import { facets } from "./narrow.ts";
import { overview } from "./overview.ts";
import { receipts, runs } from "./runs.ts";

/** Asks and answers until the person leaves; returns the exit code. Never writes an escape sequence. */
export async function runAccessible(
  assembly: Assembly,
  options: { readonly readOnly?: boolean } = {},
  target: ScanTarget = HERE,
): Promise<number> {
  const session = createSession(assembly, target, options);
  // Headings are rows to listen to that say little: without them, each row is a secret.
  session.store.set(() => ({ grouping: "secret" }));
  const lines = openLines(process.stdin, process.stdout);
  const face: Face = { session, lines, guard: (text) => assembly.redactor.guard(text), listed: [], from: 0 };
  const off = listen(session, lines);
  let keep: () => Promise<void> = async () => undefined;
  session.handOver = async (act) => {
    session.away = true;
    await lines.away(act).finally(() => (session.away = false));
  };
  try {
    say(face, `unsprawl, line by line. At every question ? helps, b goes back, q quits.`);
    say(face, `Reading ${targetText(target)}; ctrl-c leaves.`);
    return await Promise.race([session.ended, talk(face, () => (keep = keepDecisions(session)))]);
  } catch (error) {
    await session.leave(EXIT.failed);
    throw error;
  } finally {
    off();
    await keep();
    lines.close();
    process.stdout.write(summary(session.store.get(), assembly.redactor, null));
  }
}

const STEPS: { readonly [where in KeyScope]: (face: Face) => Promise<void> } = {
  browse: list,
  detail,
  facets,
  stores,
  form,
  plan,
  proof,
  runs,
  receipts,
  run: follow,
  overview,
};

/** `began` is called once earlier decisions have been restored. */
async function talk(face: Face, began: () => void): Promise<number> {
  const { session } = face;
  let left = false;
  void session.ended.then(() => (left = true));
  startScan(session);
  await follow(face, takenUp(session));
  began();
  for (let next = hear; ; next = STEPS[session.store.get().where]) {
    await next(face);
    // Leaving resolves a promise: it comes before the next question.
    await Promise.resolve();
    if (left) return session.ended;
  }
}

/**
 * Decisions from the last session, and runs that a crash cut off; reported as news, so after the listener is installed.
 */
async function takenUp(session: TerminalSession): Promise<void> {
  await Promise.resolve();
  takeUp(session);
  await tellUnfinished(session);
}

/** Signals and the terminal's keys. An open question is put again afterwards. */
function listen(session: TerminalSession, lines: LineTerminal): () => void {
  const leave = (): void => void session.leave(EXIT.interrupted);
  const interrupt = (): void => {
    // While another program has the terminal, the signal is for that program.
    if (session.away) return;
    if (session.jobs.has("run")) callOff(session);
    else leave();
  };
  const stop = (): void => {
    if (session.jobs.has("run")) {
      lines.say("not while a run works: it would hold the engine's lock");
      return;
    }
    process.off("SIGTSTP", stop);
    process.once("SIGCONT", () => {
      process.on("SIGTSTP", stop);
      lines.again();
    });
    // The terminal has already stopped the other processes of the group.
    process.kill(process.pid, "SIGTSTP");
  };
  process.on("SIGINT", interrupt).on("SIGTERM", leave).on("SIGHUP", leave).on("SIGTSTP", stop);
  return () => void process.off("SIGINT", interrupt).off("SIGTERM", leave).off("SIGHUP", leave).off("SIGTSTP", stop);
}
