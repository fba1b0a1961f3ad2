import type { Json } from "../model/json.ts";
import type { Plan, Step, StepOf } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import { partOfStep } from "../model/step-id.ts";
import { comparedText, isFromStore, type ComparedStores } from "./compare-stores.ts";
import { unitsOf, unitStates } from "./journal/runs.ts";

/** One thing that was looked at after a change, or was not. */
export type ProofItem = {
  readonly what: "store" | "inspect" | "disk" | "health" | "received" | "image" | "application";
  readonly text: string;
};

/** What was seen of one unit after its migration, and what was not. */
export type UnitProof = {
  readonly unit: string;
  readonly verified: readonly ProofItem[];
  readonly notVerified: readonly ProofItem[];
  /**
   * How the running application was seen to have every value: in its environment, by reading files, or not at all. `none`:
   * from store to store there is no application.
   */
  readonly reach: "environment" | "files" | "unseen" | "none";
  /** Where inspect still shows a plain word that a value equals; absent if nowhere. */
  readonly stays?: readonly string[];
  /** Values that were delivered as files although no application was seen to read them, as was accepted; absent for none. */
  readonly unread?: readonly string[];
};

type ReceiptData = Receipt["data"];

/** The proofs of the units that a run migrated, by its journal: what has no receipt is not claimed. */
export function proofsOf(plan: Plan, receipts: readonly Receipt[]): UnitProof[] {
  const done = new Map(receipts.filter(({ state }) => state === "done").map(({ step, data }) => [step, data]));
  const stateOf = unitStates(receipts);
  return [...unitsOf(plan)]
    .filter(([unit]) => stateOf(unit) === "done")
    .map(([unit, steps]) => unitProof(unit, steps, done));
}

/**
 * The closing sentences of a run: what was verified of every unit, and of both stores if it was from one to another; then
 * the units whose application was not seen with its values.
 */
export function closingSentences(proofs: readonly UnitProof[], compared?: ComparedStores): string[] {
  const claims = CLAIMS.filter(({ holds }) => proofs.length > 0 && proofs.every(holds)).map(({ text }) =>
    typeof text === "string" ? text : text(proofs),
  );
  const reached = proofs.filter(({ reach }) => reach !== "none");
  if (reached.length > 0 && reached.every(({ reach }) => reach !== "unseen")) claims.push(reachText(reached));
  if (compared !== undefined) claims.push(comparedText(compared));
  const reasons = Map.groupBy(
    proofs.filter(({ reach }) => reach === "unseen"),
    reasonOf,
  );
  const open = [...reasons].map(([reason, own]) => `${own.map(({ unit }) => unit).join(", ")} (${reason})`);
  return [
    ...(claims.length > 0 ? [`Verified: ${claims.join("; ")}.`] : []),
    ...(open.length > 0 ? [`Not verified that the application has its values: ${open.join("; ")}.`] : []),
  ];
}

const isSeen =
  (what: ProofItem["what"]) =>
  ({ verified, notVerified }: UnitProof): boolean =>
    verified.some((item) => item.what === what) && notVerified.every((item) => item.what !== what);

/** What inspect shows no more, and the plain words that it still does. */
function inspectText(proofs: readonly UnitProof[]): string {
  const stays = proofs.flatMap((one) => one.stays ?? []);
  const more = stays.length > 3 ? ` and ${stays.length - 3} more` : "";
  return `a fresh inspect shows no value${stays.length === 0 ? "" : `, except ${stays.slice(0, 3).join(", ")}${more}`}`;
}

const CLAIMS: readonly {
  readonly text: string | ((proofs: readonly UnitProof[]) => string);
  readonly holds: (proof: UnitProof) => boolean;
}[] = [
  { text: "the store gave back the same bytes", holds: isSeen("store") },
  { text: inspectText, holds: isSeen("inspect") },
  { text: "the cleaned image has the same layers and no value in its config or history", holds: isSeen("image") },
];

function reachText(proofs: readonly UnitProof[]): string {
  const ways = new Set(proofs.map(({ reach }) => reach));
  if (ways.size > 1) return "the running applications have each value, or have read it from its file";
  return ways.has("files")
    ? "the running application has read each value from its file"
    : "the running application has each value";
}

/** Why a unit's application was not seen with its values. */
function reasonOf({ notVerified }: UnitProof): string {
  const first = REASONS.map((what) => notVerified.find((item) => item.what === what)).find(
    (item) => item !== undefined,
  );
  return first?.text ?? "not seen";
}

const REASONS = ["health", "application", "image", "received"] as const;

function unitProof(unit: string, steps: readonly Step[], done: ReadonlyMap<string, ReceiptData>): UnitProof {
  const verified: ProofItem[] = [];
  const notVerified: ProofItem[] = [];
  const into = { verified, notVerified };
  storeItems(steps, done, into);
  const checks = steps.filter((step): step is StepOf<"check"> => step.kind === "check");
  for (const step of checks) checkItems(step, done.get(`${step.id}/proof`), checks.length > 1, into);
  const cleaned = steps.filter(({ kind }) => kind === "clean");
  for (const { id } of cleaned) {
    if (done.has(`${id}/proof`))
      verified.push({ what: "image", text: "the same layers, and no value in its config or history" });
    else notVerified.push({ what: "image", text: "no proof in the journal" });
    notVerified.push({ what: "application", text: "nothing was started from the cleaned image" });
  }
  const isMoved = isFromStore(steps);
  if (checks.length + cleaned.length === 0 && !isMoved)
    notVerified.push({ what: "application", text: "nothing that runs was changed or inspected" });
  const isReached = checks.length > 0 && notVerified.every(({ what }) => !REASONS.some((reason) => reason === what));
  const proofs = checks.map((step) => done.get(`${step.id}/proof`));
  const reach = proofs.some((data) => isByFile(data)) ? "files" : "environment";
  const unread = proofs.flatMap((data) => names(data?.["unread"]));
  const stays = checks.flatMap(staying);
  return {
    ...{ unit, verified, notVerified, reach: isMoved ? "none" : isReached ? reach : "unseen" },
    ...(stays.length === 0 ? {} : { stays }),
    ...(unread.length === 0 ? {} : { unread }),
  };
}

/** Whether the file of a value was seen to be read. */
function isByFile(data: ReceiptData | undefined): boolean {
  const by = data?.["by"];
  return typeof by === "object" && by !== null && Object.values(by).includes("read");
}

/** Runs of earlier versions did not record how: of a file they had compared only what they wrote themselves. */
const isWitnessed = ({ delivery }: StepOf<"check">, data: ReceiptData): boolean =>
  delivery !== "file" || data["by"] !== undefined;

type Items = { readonly verified: ProofItem[]; readonly notVerified: ProofItem[] };

function storeItems(steps: readonly Step[], done: ReadonlyMap<string, ReceiptData>, into: Items): void {
  const all = steps.filter(({ kind }) => kind === "verify");
  const same = all.filter(({ id }) => done.has(id)).length;
  const text = `gave back the same bytes for ${same} of ${all.length}`;
  (same === all.length ? into.verified : into.notVerified).push({ what: "store", text });
}

function checkItems(step: StepOf<"check">, data: ReceiptData | undefined, isOneOfMany: boolean, into: Items): void {
  const whose = isOneOfMany ? `${partOfStep(step)}: ` : "";
  const add = (holds: boolean, what: ProofItem["what"], text: string): void => {
    (holds ? into.verified : into.notVerified).push({ what, text: `${whose}${text}` });
  };
  if (data === undefined) return add(false, "application", "no proof in the journal");
  const isClean = data["inspect"] === "clean";
  const stays = staying(step);
  const except = stays.length === 0 ? "" : `, except ${stays.join(", ")}`;
  add(isClean, "inspect", isClean ? `shows no value in any field${except}` : textOf(data["inspect"]));
  const isDiskClean = data["disk"] === "clean";
  const shown = names(data["shown"]);
  if (shown.length > 0) add(false, "disk", `what the application wrote still shows values: ${shown.join(", ")}`);
  else
    add(
      isDiskClean,
      "disk",
      isDiskClean ? "the engine's own files hold no value" : "the engine's own files: not readable",
    );
  const unseen = names(data["unseen"]);
  if (unseen.length > 0) add(false, "disk", `whether the application wrote values to ${unseen.join(", ")}`);
  const claimed = names(data["received"]);
  const received = isWitnessed(step, data) ? claimed : [];
  const isStarted = typeof data["started"] === "boolean" ? data["started"] : claimed.length > 0;
  add(isStarted, "health", isStarted ? textOf(data["health"]) : "never started: it was not running before");
  const unread = names(data["unread"]);
  const missing = step.moves.map(({ name }) => name).filter((name) => ![...received, ...unread].includes(name));
  const how = isByFile(data) ? "has, or has read from its file," : "has";
  if (received.length > 0) add(true, "received", `the application ${how} ${received.join(", ")}`);
  if (missing.length > 0) add(false, "received", `whether the application has ${missing.join(", ")}`);
  if (unread.length > 0) add(false, "received", `delivered, not seen to be read: ${unread.join(", ")}`);
  const elsewhere = typeof data["elsewhere"] === "number" ? data["elsewhere"] : 0;
  if (elsewhere > 0)
    add(
      false,
      "application",
      `${elsewhere} ${elsewhere === 1 ? "task" : "tasks"} on other nodes: only the spec was seen`,
    );
}

/** The places of plain words that a migrated value equals, which stay. */
const staying = ({ tolerated }: StepOf<"check">): string[] =>
  tolerated.map(({ name, path }) => `${path} (the plain word of ${name}, which stays there)`);

const names = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "not recorded");
