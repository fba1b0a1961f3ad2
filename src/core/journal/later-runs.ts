import { readChecked } from "../../kit/io/read.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { keyedDigest } from "../../model/fingerprint.ts";
import type { FileChange, Step } from "../../model/plan.ts";
import { readJournal, runIds, type Installation, type Journal } from "./journal.ts";
import { runState, unitStates } from "./runs.ts";

/**
 * Throws `refused`, naming the newest, if later runs that are still in effect have rewritten files of this run: they
 * come first. A file that is as this run left it belongs to no later run.
 */
export function mustBeLast(installation: Installation, { plan, receipts }: Pick<Journal, "plan" | "receipts">): void {
  mustNotBeRotatedSince(installation, { plan, receipts });
  const files = rewritten({ plan, receipts }).filter((change) => !isOurs(change, installation));
  if (files.length === 0) return;
  const names = new Set(files.map(({ file }) => file));
  const later = runIds(installation.state)
    .flatMap((id) => (id === plan.id ? [] : (readable(installation, id) ?? [])))
    .filter((other) => beganOf(other) > beganOf({ plan, receipts }))
    .filter((other) => rewritten(other).some(({ file }) => names.has(file)))
    .sort((a, b) => (beganOf(a) < beganOf(b) ? 1 : -1));
  const [newest] = later;
  if (newest === undefined) return;
  const file = rewritten(newest).find((change) => names.has(change.file))?.file ?? "";
  const isScrubbed = runState(installation.state, newest) === "scrubbed";
  throw new UnsprawlError(
    "refused",
    `run ${newest.plan.id} has changed ${file} since run ${plan.id} did${isScrubbed ? ", and was scrubbed" : ""}`,
    isScrubbed ? "put the values back by hand; the store has them" : cmd`unsprawl rollback ${newest.plan.id}, first`,
  );
}

/**
 * Throws `refused`, naming the newest, if a later rotation that is still in effect has changed a value of this run: what
 * the undo would put back is refused where it is checked.
 */
function mustNotBeRotatedSince(installation: Installation, own: Pick<Journal, "plan" | "receipts">): void {
  const values = new Set(entriesOf(own, ["put", "rotate"]).map(({ reference }) => reference));
  if (values.size === 0) return;
  const [newest] = runIds(installation.state)
    .flatMap((id) => (id === own.plan.id ? [] : (readable(installation, id) ?? [])))
    .filter((other) => beganOf(other) > beganOf(own))
    .filter((other) => JSON.stringify(other.plan.store) === JSON.stringify(own.plan.store))
    .filter((other) => entriesOf(other, ["rotate"]).some(({ reference }) => values.has(reference)))
    .sort((a, b) => (beganOf(a) < beganOf(b) ? 1 : -1));
  if (newest === undefined) return;
  const { id } = newest.plan;
  const name = entriesOf(newest, ["rotate"]).find(({ reference }) => values.has(reference))?.name ?? "";
  const isScrubbed = runState(installation.state, newest) === "scrubbed";
  throw new UnsprawlError(
    "refused",
    `run ${id} has rotated ${name} since run ${own.plan.id}${isScrubbed ? ", and was scrubbed" : ""}: the value from before is refused where it is checked`,
    isScrubbed
      ? "put the present value back by hand: the store has it, or the engine that it was handed over to"
      : cmd`unsprawl rollback ${id}, first`,
  );
}

/** The entries that a run has moved or rotated, and not undone. */
function entriesOf(
  { plan, receipts }: Pick<Journal, "plan" | "receipts">,
  kinds: readonly Step["kind"][],
): readonly { readonly name: string; readonly reference: string }[] {
  const stateOf = unitStates(receipts);
  return plan.steps.flatMap((step) => {
    if (!kinds.includes(step.kind) || !["begun", "done"].includes(stateOf(step.unit))) return [];
    return step.kind === "put" ? [step.move] : step.kind === "rotate" ? step.entries : [];
  });
}

/** When a run began: its plan may be older than runs before it. */
const beganOf = ({ plan, receipts }: Pick<Journal, "plan" | "receipts">): string => receipts[0]?.at ?? plan.createdAt;

/** What a run has done to files, and not undone. */
function rewritten({ plan, receipts }: Pick<Journal, "plan" | "receipts">): readonly FileChange[] {
  const stateOf = unitStates(receipts);
  return plan.steps.flatMap((step) =>
    step.kind === "rewrite" && ["begun", "done"].includes(stateOf(step.unit)) ? step.files : [],
  );
}

function isOurs({ file, before, after }: FileChange, { key }: Installation): boolean {
  try {
    const now = keyedDigest(readChecked(file).toString("utf8"), key);
    return now === after || now === before;
  } catch {
    return false; // gone, or not to be read: the rollback itself says why
  }
}

function readable(installation: Installation, id: string): Pick<Journal, "plan" | "receipts"> | null {
  try {
    return readJournal(installation, id);
  } catch {
    return null; // not authentic: it decides nothing
  }
}
