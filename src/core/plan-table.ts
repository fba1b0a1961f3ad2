import { basename } from "node:path";
import type { DiffLine, FileChange, Plan, PutStep, RecreateStep, Step } from "../model/plan.ts";
import { fieldWords } from "../model/place-words.ts";
import { unitsOf } from "./journal/runs.ts";

/** What a reviewer looks at first: a row for each container, service, image or file that changes. */
export type PlanRow = {
  readonly what: string;
  /** The names of its secrets, each once. */
  readonly secrets: readonly string[];
  /** `shim`; `–` where nothing is delivered. */
  readonly delivery: string;
  /** How long it is away at most: `15 s`, `–` for not at all, `rolling` for a service of a swarm, `?` if it is not known. */
  readonly down: string;
};

/** What a plan shows besides its tables: each line that changes, and the commands that do the same. */
export type PlanParts = { readonly diff?: boolean; readonly byHand?: boolean };

export function planRows(plan: Plan): readonly PlanRow[] {
  return [...unitsOf(plan)].flatMap(([unit, steps]) => {
    const recreated = steps.flatMap((step) =>
      step.kind === "recreate"
        ? { what: step.subject.name, secrets: names(step.moves), delivery: step.delivery, down: downOf(step) }
        : [],
    );
    // What is not started is still given its values.
    const parts = new Set(steps.flatMap((step) => (step.kind === "recreate" ? partOf(step) : [])));
    const unstarted = steps.flatMap((step) =>
      step.kind === "deliver" && !parts.has(partOf(step))
        ? { what: nameOfPart(step), secrets: names(step.moves), delivery: step.delivery, down: "–" }
        : [],
    );
    const files = steps.flatMap((step) => (step.kind === "rewrite" ? step.files.map(fileRow) : []));
    const rows = [...recreated, ...unstarted];
    const secrets = names(steps.flatMap((step) => (step.kind === "put" ? step.move : [])));
    return [...(rows.length > 0 ? rows : [{ what: unit, secrets, delivery: "–", down: "–" }]), ...files];
  });
}

/** What a step is of within its unit, by its id: `recreate:compose/shop/web` and `deliver:compose/shop/web` are of one. */
const partOf = ({ id }: Pick<Step, "id">): string => id.slice(id.indexOf(":") + 1);

const nameOfPart = (step: Pick<Step, "id" | "unit">): string => {
  const part = partOf(step);
  return part.startsWith(`${step.unit}/`) ? part.slice(step.unit.length + 1) : step.unit;
};

/** `compose.yaml` with how many lines it gets and loses, as a diff counts them, in place of its secrets. */
function fileRow({ file, before, diff }: FileChange): PlanRow {
  const count = (one: "+" | "-"): number => diff.filter(({ sign }) => sign === one || sign === "~").length;
  const changed = `+${count("+")} -${count("-")} lines`;
  return { what: basename(file), secrets: [before === null ? "new file" : changed], delivery: "–", down: "–" };
}

const names = (moves: readonly { readonly name: string }[]): readonly string[] => [
  ...new Set(moves.map(({ name }) => name)),
];

function downOf({ outage }: RecreateStep): string {
  if (outage === undefined) return "?";
  if (!outage.isRunning) return "–";
  const { update, stopMs, startMs } = outage;
  const isAway = update === undefined || (update.order === "stop-first" && update.atOnce >= update.tasks);
  return isAway ? `${Math.ceil((stopMs + startMs) / 1000)} s` : "rolling";
}

/** The folder that all paths are in, with its last `/`; empty for none, and for one path alone. */
export function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split("/").slice(0, -1));
  if (others.length === 0) return "";
  const differs = first.findIndex((part, at) => others.some((one) => one[at] !== part));
  const shared = differs < 0 ? first : first.slice(0, differs);
  return shared.map((part) => `${part}/`).join("");
}

/** Whether a restart is more, or less, than being away for a while: of a swarm, with others, with ports that close, or none. */
export const isSpecialOutage = ({ outage, sharers = [] }: RecreateStep): boolean =>
  outage?.update !== undefined || sharers.length > 0 || (outage?.ports.length ?? 0) > 0 || outage?.isRunning === false;

/** What happens to the store: by how it is written, each path with its fields. */
export type StoreWrite = { readonly how: string; readonly path: string; readonly fields: readonly string[] };

export function storeWrites({ steps }: Plan): readonly StoreWrite[] {
  const puts = steps.filter((step): step is PutStep => step.kind === "put");
  const groups = Map.groupBy(puts, ({ found, move }) => JSON.stringify([found, move.key.path]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const fields = [...new Set(group.map(({ move }) => move.key.field).filter((field) => field !== ""))];
    return [{ how: FOUND[first.found], path: first.move.key.path, fields }];
  });
}

const FOUND: { readonly [found in PutStep["found"]]: string } = {
  absent: "create only, read back",
  same: "there already, same bytes",
  other: "replaces another value, which is kept until scrub",
};

/** Texts that say the same of several, once, with whom they are said of. */
export type SharedText = { readonly text: string; readonly of: readonly string[] };

/** Why each delivery was chosen: `by shim: the image has a shell`. */
export function deliveryReasons({ steps }: Plan): readonly SharedText[] {
  return shared(
    steps.flatMap((step) =>
      step.kind === "deliver" ? [{ text: `by ${step.delivery}: ${step.why}`, of: subjectOf(step, steps) }] : [],
    ),
  );
}

/** The warnings of a plan, each once; of a container where one begins with its name, or else of its unit. */
export function planNotes({ warnings, steps }: Plan): readonly SharedText[] {
  const subjects = steps.flatMap((step) => (step.kind === "recreate" ? step.subject.name : []));
  return shared(
    warnings.map(({ unit, text }) => {
      const of = subjects.find((name) => text.startsWith(`${name}: `));
      return of === undefined ? { text, of: unit } : { text: text.slice(of.length + 2), of };
    }),
  );
}

function shared(all: readonly { readonly text: string; readonly of: string }[]): readonly SharedText[] {
  const groups = Map.groupBy(all, ({ text }) => text);
  return [...groups].map(([text, group]) => ({ text, of: [...new Set(group.map(({ of }) => of))] }));
}

/** The container that a step delivers to. */
function subjectOf(step: Step, steps: readonly Step[]): string {
  const recreate = steps.find((one): one is RecreateStep => one.kind === "recreate" && partOf(one) === partOf(step));
  return recreate?.subject.name ?? nameOfPart(step);
}

/** Every line that changes, by file or by what else it is of, in the order of the plan. */
export type PlanDiff = { readonly of: string; readonly lines: readonly DiffLine[] };

export function planDiffs({ steps }: Plan): readonly PlanDiff[] {
  const all = steps.flatMap((step): PlanDiff[] => {
    if (step.kind === "rewrite") return step.files.map(({ file, diff }) => ({ of: file, lines: diff }));
    if (step.kind === "recreate") return [{ of: `container ${step.subject.name}`, lines: step.diff }];
    if (step.kind !== "clean") return [];
    const tags = step.image.tags.map((tag) => ({
      ...{ sign: "~" as const, path: tag },
      text: "names the cleaned image; the old one is kept until scrub",
    }));
    return [{ of: `image ${step.unit}`, lines: [...step.diff, ...tags] }];
  });
  return all
    .filter(({ lines }) => lines.length > 0)
    .map(({ of, lines }) => ({ of, lines: lines.map((one) => ({ ...one, path: fieldWords(one.path) })) }));
}
