import type { Fingerprint } from "../model/fingerprint.ts";
import type { NotMoved, PutStep, Step } from "../model/plan.ts";
import { FORGOTTEN } from "./journal/trace.ts";

/** How many secrets these steps move or rotate, counted as a scan does: a password and the URL that holds it are one. */
export function secretsOfSteps(steps: readonly Step[]): number {
  const prints = steps.flatMap((step) =>
    step.kind === "put" ? printsOf(step) : step.kind === "rotate" ? [step.id] : [],
  );
  return new Set(prints).size;
}

/** How many secrets these findings are. */
export function secretsLeft(left: readonly Pick<NotMoved, "finding">[]): number {
  return new Set(left.map(({ finding }) => finding.fingerprint)).size;
}

/** What tells the secrets of one value from others. Plans of older versions, and scrubbed ones, may lack it. */
function printsOf({ id, move }: PutStep): readonly Fingerprint[] {
  if (move.secrets !== undefined) return move.secrets.map((one, at) => one.fingerprint ?? `${id} ${at}`);
  const print = move.finding?.fingerprint ?? move.fingerprint;
  return [print === FORGOTTEN ? id : print];
}
