import { dueSecrets } from "../core/due.ts";
import { mustBeTrusted } from "../core/config/untrusted.ts";
import { rotations, type MovedSecret } from "../core/rotation.ts";
import { jsonText } from "../kit/text/escape.ts";
import { countText } from "../kit/text/count.ts";
import { cmd } from "../kit/shell.ts";
import { EXIT, unexpectedError, UnsprawlError } from "../model/error.ts";
import { openAgentNotices, type AgentNotices } from "./commands/agent-notices.ts";
import type { CommandContext } from "./context.ts";
import { errorDocument, printError, say, writeResult } from "./output.ts";
import { rotationTools } from "./run-tools.ts";

/** Rotates these entries of one store; returns the exit code. */
type RotateThese = (context: CommandContext, references: ReadonlySet<string>) => Promise<number>;

type StoreOutcome = {
  readonly store: string;
  readonly exit: number;
  readonly result: unknown;
  readonly error: unknown;
};

/** How long notifications may take at the end. */
const SEND_MS = 30_000;

/**
 * Rotates what is due by `rotate:` of the configuration, one store after another; one that fails holds no other up. What
 * fails is sent to the channels of `notify:`, and is not tried again; with `isShown` nothing was to be done, and nothing is sent.
 * Throws `config` without a schedule.
 */
export async function rotateDue(context: CommandContext, rotate: RotateThese, isShown: boolean): Promise<number> {
  const { assembly } = context;
  const { rotate: schedule, untrusted } = await assembly.config();
  mustBeTrusted(untrusted, "rotate", "notify");
  if (schedule === null || (schedule.every === null && schedule.names.size + schedule.rules.size === 0))
    throw new UnsprawlError(
      "config",
      "the configuration does not say how often secrets are rotated",
      "set rotate.every, rotate.rules or rotate.names: docs/rotation.md",
    );
  const { due, unknown, undated, nextDays } = dueSecrets(await rotations(rotationTools(assembly)), new Date());
  const notices = isShown ? NO_NOTICES : await openAgentNotices(context);
  const outcomes: StoreOutcome[] = [];
  try {
    for (const one of unknown) report(context, notices, one);
    for (const [store, own] of Map.groupBy(due, (one) => one.store))
      outcomes.push(await outcomeOf(context, notices, { store, due: own }, rotate));
  } finally {
    await notices.stop(SEND_MS);
  }
  if (due.length === 0)
    say(context, `nothing ${unknown.length > 0 ? "else is known to be" : "is"} due${nextText(nextDays)}`);
  if (undated.length > 0)
    say(
      context,
      `${countText(undated.length, "secret")} changed by somebody else: since when is not known, so never due`,
    );
  const exit = exitOf([...outcomes.map((one) => one.exit), ...unknown.map(() => EXIT.failed)]);
  if (context.json)
    await writeResult(
      jsonText({ version: 1, due: due.map(named), unknown: unknown.map(named), stores: outcomes }),
      null,
      context,
    );
  return exit;
}

async function outcomeOf(
  context: CommandContext,
  notices: AgentNotices,
  { store, due }: { readonly store: string; readonly due: readonly MovedSecret[] },
  rotate: RotateThese,
): Promise<StoreOutcome> {
  const written: string[] = [];
  const there = context.json ? { ...context, out: (text: string): void => void written.push(text) } : context;
  const result = (): unknown => (written.length === 0 ? null : (JSON.parse(written.join("")) as unknown));
  const what = `rotation of ${due.map(({ name, subject }) => `${name} of ${subject}`).join(", ")}`;
  try {
    const exit = await rotate(there, new Set(due.map(({ reference }) => reference)));
    if (exit !== EXIT.ok) notices.tell({ kind: "failed", what, error: NOT_ALL });
    return { store, exit, result: result(), error: null };
  } catch (error) {
    const known = error instanceof UnsprawlError ? error : unexpectedError(error);
    if (context.signal.aborted || known.code === "interrupted" || known.code === "usage") throw error;
    notices.tell({ kind: "failed", what, error: known });
    const exit = context.json ? known.exit : printError(known, context);
    return { store, exit, result: result(), error: errorDocument(known, context) };
  }
}

const NO_NOTICES: AgentNotices = { tell: () => undefined, stop: async () => undefined };

const NOT_ALL = new UnsprawlError("failed", "not all that is due was rotated", "unsprawl rotate --due --dry-run");

/** One of which it is not known whether it is due. */
function report(context: CommandContext, notices: AgentNotices, { name, subject, store, why }: MovedSecret): void {
  const error = new UnsprawlError("failed", why ?? `no longer in ${store}`, cmd`unsprawl stores check ${store}`);
  notices.tell({ kind: "failed", what: `rotation of ${name} of ${subject}`, error });
  if (!context.json) say(context, `not rotated: ${name} of ${subject}: ${error.message}; next: ${error.hint ?? ""}`);
}

const named = ({ name, subject, store, key, rotatedAt, movedAt, everyDays, why }: MovedSecret): object => ({
  ...{ name, subject, store, key, rotatedAt, movedAt, everyDays, why },
});

const nextText = (days: number | null): string =>
  days === null ? "" : `; the next secret is in ${countText(days, "day")}`;

function exitOf(all: readonly number[]): number {
  const [first, ...others] = new Set(all);
  return others.length === 0 ? (first ?? EXIT.ok) : EXIT.partly;
}
