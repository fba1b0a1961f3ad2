import type { Migration, PlanOptions, Selected, Unit, UnitPlan } from "../contract/migration.ts";
import type { SubjectNames } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { nameMayHoldSecret, type Finding } from "../model/finding.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { Json } from "../model/json.ts";
import type { Location } from "../model/location.ts";
import { earlierPlace } from "../model/earlier-place.ts";
import { placeText, type LinePlace } from "../model/place.ts";
import type { FileChange, Move, Refusal, Step } from "../model/plan.ts";
import { Secret } from "../model/secret.ts";
import { splice, type Edit } from "../kit/text/splice.ts";
import { leftIn, type RemainingText } from "./left.ts";
import { fileChange, rewrittenFiles, type Rewrite } from "./rewritten.ts";
import { foreignlyNamed } from "./writers.ts";
import { stepId } from "../model/step-id.ts";

export type FileTools = { readonly key: FingerprintKey; readonly state: () => string };

/** One secret to take out of its file. `masked` is for the diff, and empty when the plan is applied. */
export type FileMove = { readonly move: Move; readonly masked: string };

/** A file as it is and as it will be. The diff is masked. */
export type FileDraft = {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly diff: FileChange["diff"];
  /** What stays of `before`, on the lines on which a reader sees it now. Absent if all of `after` may hold a value. */
  readonly staying?: string;
};

/** A file with these edits. */
export function draftOf(file: string, before: string, edits: readonly Edit[], diff: FileDraft["diff"]): FileDraft {
  const blank = ({ start, end }: Edit): Edit => ({
    ...{ start, end, text: before.slice(start, end).replaceAll(/[^\n]/g, " ") },
  });
  return { file, before, after: splice(before, edits), diff, staying: splice(before, edits.map(blank)) };
}

/** The text of a draft that may still hold a value. */
export const stayingText = ({ after, staying = after }: FileDraft): string => staying;

export type Rewriting = {
  readonly drafts: readonly FileDraft[];
  /** What the application also reads and what stays as it is: none of it may contain a migrated value. */
  readonly rest: readonly RemainingText[];
  readonly warnings: readonly string[];
};

export type StepTarget = { readonly [key: string]: Json };

/** A run configuration that consists of files only. */
export type FileFormat = {
  readonly name: string;
  unit(finding: Finding): Promise<Unit | null>;
  refuses(finding: Finding, accept: ReadonlySet<string>): Promise<Refusal | null>;
  names(finding: Finding): Promise<SubjectNames>;
  /** The current value; null if there is none. */
  value(move: Move): Promise<string | null>;
  /** What `rewrite` needs to know again when the plan is applied; contains no value. Throws `refused`. */
  target(unit: string, selected: readonly Selected[], options: PlanOptions): Promise<StepTarget>;
  /** Deterministic: the same files give the same texts. Throws `refused`, or `changed` if a place has changed. */
  rewrite(target: StepTarget, moving: readonly FileMove[]): Promise<Rewriting>;
};

/**
 * A migration that rewrites files and restarts nothing: after the writes to the store there is one step, the rewrite.
 */
export function fileMigration(tools: FileTools, format: FileFormat): Migration {
  const files = rewrittenFiles(tools);
  return {
    name: format.name,
    engine: async () => ({ id: "files", address: "files" }),
    unit: async (finding) => format.unit(finding),
    async refuses(finding, accept) {
      return (nameRefusal(finding) ?? (await format.refuses(finding, accept))) satisfies Refusal | null;
    },
    names: async (finding) => format.names(finding),
    plan: (unit, selected, options) => planFiles(tools, format, unit, selected, options),
    async read(move) {
      const value = await format.value(move);
      return value === null ? null : Secret.of(value);
    },
    async unchanged(step) {
      if (step.kind === "rewrite") await files.unchanged(step);
    },
    async perform(step, work) {
      if (step.kind !== "rewrite") return;
      await files.write(step, work, async () => {
        const { drafts } = await format.rewrite(
          step.target,
          step.moves.map((move) => ({ move, masked: "" })),
        );
        return new Map(drafts.map(({ file, after }) => [file, after]));
      });
    },
    async undo(steps, work) {
      for (const step of rewrites(steps)) await files.restore(step, work);
    },
    undoNeedsValues: async (steps) => rewrites(steps).some((step) => files.needsValues(step)),
    async scrub(steps, { plan }) {
      const removed: string[] = [];
      for (const step of rewrites(steps)) removed.push(...(await files.forget(step, plan)));
      return removed;
    },
    render: async () => 0,
  };
}

async function planFiles(
  { key }: FileTools,
  format: FileFormat,
  unit: string,
  selected: readonly Selected[],
  options: PlanOptions,
): Promise<UnitPlan> {
  const target = await format.target(unit, selected, options);
  const moving = selected.map(({ move, finding: { masked } }) => ({ move, masked }));
  const { drafts, rest, warnings } = await format.rewrite(target, moving);
  const paths = drafts.map(({ file }) => file);
  const foreign = foreignlyNamed(paths, paths, process.env);
  if (foreign !== null) throw new UnsprawlError("refused", foreign.reason, foreign.hint);
  const left = leftIn(selected, [...drafts.map((draft) => ({ place: draft.file, text: stayingText(draft) })), ...rest]);
  const first = left.find((one) => !one.isPlain);
  if (first !== undefined && !options.accept.has("elsewhere")) throw leftElsewhereError(first);
  const step: Step = {
    id: stepId({ kind: "rewrite", unit }),
    kind: "rewrite",
    unit,
    moves: selected.map(({ move }) => move),
    files: drafts.map(({ file, before, after, diff }) => fileChange(file, before, after, diff, key)),
    target,
  };
  const stays = left.map(
    ({ name, place, isPlain }) =>
      `the value of ${name}${isPlain ? " is a plain word that" : ""} also stands at ${place}, and stays there`,
  );
  return { unit, steps: [step], warnings: [...warnings, ...stays] };
}

const rewrites = (steps: readonly Step[]): Rewrite[] => steps.filter((step) => step.kind === "rewrite");

/** A name that contains a secret would stay in every form of the entry. */
function nameRefusal(finding: Finding): Refusal | null {
  if (!nameMayHoldSecret(finding)) return null;
  return {
    reason: "its variable's name holds a secret, or may",
    hint: "write NAME=VALUE in its place, then scan again",
  };
}

/** For a value that a rewrite would leave in another place. */
export function leftElsewhereError({ name, place }: { readonly name: string; readonly place: string }): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `the value of ${name} also stands at ${place}, and would stay there`,
    "move or take that out too, then plan again; or --accept elsewhere leaves it there",
  );
}

/** `FILE:LINE NAME`: where an entry is. */
export function lineText(file: string, line: number, name: string): string {
  return placeText(linePlace(file, line, name));
}

/** The same as data, for a location. */
export function linePlace(file: string, line: number, name: string): LinePlace {
  return { kind: "line", file, line, name };
}

/** The line of a location, if it has one; for any other, line 0 of its subject. */
export function lineOfLocation({ place, path, subjectId }: Location): Omit<LinePlace, "kind"> {
  const known = place ?? earlierPlace(path);
  return known?.kind === "line" ? known : { file: subjectId, line: 0, name: "" };
}

export function valueGoneError(name: string, place: string): UnsprawlError {
  return new UnsprawlError("changed", `${name} is no longer at ${place}`, "unsprawl plan again");
}
