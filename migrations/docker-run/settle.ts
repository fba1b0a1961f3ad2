import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { leftElsewhereError, stayingText, type FileMove } from "../../src/files/file-migration.ts";
import { leftIn } from "../../src/files/left.ts";
import { subjectOf } from "./syntax/run-names.ts";
import type { RunScript } from "./syntax/script.ts";
import { undeliveredMoves } from "../../src/engine/choose.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { chooseFor, type Chosen, type RunTools } from "./choose.ts";
import { rewriteScript } from "./rewrite.ts";

type LeftFinding = NonNullable<UnitPlan["left"]>[number];

/** What moves from one run line, and how. */
export type RunLineMoves = { readonly own: readonly Selected[]; readonly line: Chosen };

/**
 * The run lines of a script that move: each as a whole, or not at all with the reason. One that stays does not keep
 * others.
 */
export async function movableRuns(
  tools: RunTools,
  script: RunScript,
  selected: readonly Selected[],
  options: PlanOptions,
): Promise<{ readonly groups: readonly RunLineMoves[]; readonly left: readonly LeftFinding[] }> {
  const left: LeftFinding[] = [];
  const leave = (own: readonly Selected[], { message: reason, hint }: UnsprawlError): void => {
    left.push(...own.map((one) => ({ selected: one, reason, hint })));
  };
  const groups: RunLineMoves[] = [];
  const subjects = Map.groupBy(selected, ({ move }) => move.location.subjectName);
  for (const run of script.runs) {
    const all = subjects.get(subjectOf(script.file, script.text, run));
    if (all === undefined) continue;
    try {
      const chosen = await chooseFor(tools, script, run, all, options);
      const own = all.filter(({ move }) => !chosen.left.has(move));
      const { line } = chosen;
      // Alone, to see whether it can be written at all.
      textStaying(script, [{ own, line }]);
      if (groups.some((one) => (one.line.delivery === null) !== (line.delivery === null)))
        throw new UnsprawlError("refused", MIXED, "apply this plan, then plan again");
      groups.push({ own, line });
      left.push(...undeliveredMoves(all, chosen));
    } catch (error) {
      if (!(error instanceof UnsprawlError) || !OF_ONE_LINE.has(error.code)) throw error;
      leave(all, error);
    }
  }
  // What one line keeps may be what another would move.
  for (let kept: readonly RunLineMoves[] = groups; ;) {
    const text = kept.length === 0 ? "" : textStaying(script, kept);
    const found = kept.map((group) => ({
      ...{ group, place: leftIn(group.own, [{ place: script.file, text }]).find((one) => !one.isPlain) },
    }));
    const free = found.filter(({ place }) => place === undefined || options.accept.has("elsewhere"));
    if (free.length === kept.length) return { groups: kept, left };
    for (const one of found)
      if (one.place !== undefined && !free.includes(one)) leave(one.group.own, leftElsewhereError(one.place));
    kept = free.map(({ group }) => group);
  }
}

/** What the engine says about one image or container is no reason to leave the other lines. */
const OF_ONE_LINE = new Set(["refused", "failed", "absent", "malformed"]);

const MIXED = "docker and podman lines of one script are moved in separate runs";

/** Of the script's text what would stay. */
function textStaying(script: RunScript, groups: readonly RunLineMoves[]): string {
  const moving = groups.flatMap(({ own }) => own.map(({ move }): FileMove => ({ move, masked: "" })));
  const lines = groups.map(({ line }) => line);
  const [draft] = rewriteScript(script, lines, moving).drafts;
  return draft === undefined ? "" : stayingText(draft);
}
