import type { PlanOptions, Selected, UnitPlan } from "../../src/contract/migration.ts";
import { leftElsewhereError, lineOfLocation, stayingText, type FileMove } from "../../src/files/file-migration.ts";
import { leftIn, type RemainingText } from "../../src/files/left.ts";
import { cmd } from "../../src/kit/shell.ts";
import { handedKey, handedLines, isHanded, type HandedLine } from "./handed/line.ts";
import { flagsNaming } from "./syntax/run-env-files.ts";
import { subjectOf } from "./syntax/run-names.ts";
import type { RunScript } from "./syntax/script.ts";
import { undeliveredMoves } from "../../src/engine/choose.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { chooseFor, type RunTools } from "./choose.ts";
import { rewriteScript } from "./rewrite.ts";
import type { Chosen } from "./chosen.ts";

type LeftFinding = NonNullable<UnitPlan["left"]>[number];

/** What moves from one run line, and how. */
export type RunLineMoves = { readonly own: readonly Selected[]; readonly line: Chosen };

type MovableRuns = { readonly groups: readonly RunLineMoves[]; readonly left: readonly LeftFinding[] };

/**
 * The run lines of a script that move: each as a whole, or not at all with the reason. One that stays does not keep
 * others, but for a line of a file that both get.
 */
export async function movableRuns(
  tools: RunTools,
  script: RunScript,
  selected: readonly Selected[],
  options: PlanOptions,
): Promise<MovableRuns> {
  const handed = await handedLines(
    script,
    selected.map(({ move }) => move.location),
  );
  // What stays may be what keeps another.
  for (let kept: readonly LeftFinding[] = []; ;) {
    const staying = new Set(kept.map((one) => one.selected));
    const free = selected.filter((one) => !staying.has(one));
    const { groups, left } = await movableFrom(tools, script, free, options, handed);
    const more = keptByOthers(script, groups);
    if (more.length === 0) return { groups, left: [...left, ...kept] };
    kept = [...kept, ...more];
  }
}

/** Lines of files that another run line gets too, whose values stay there. */
function keptByOthers(script: RunScript, groups: readonly RunLineMoves[]): readonly LeftFinding[] {
  const { file, text, runs } = script;
  const moving = new Set(groups.flatMap(({ own }) => own.map(({ move }) => handedKey(move.location))));
  return groups.flatMap(({ own }) =>
    own.flatMap((selected): LeftFinding[] => {
      const { location } = selected.move;
      if (!isHanded(location)) return [];
      const { file: from, name } = lineOfLocation(location);
      const other = runs.find((run) => {
        const key = handedKey({ ...location, subjectName: subjectOf(file, text, run) });
        const isOver = run.env.some(({ variable }) => variable === name);
        return !moving.has(key) && !isOver && flagsNaming(script, run, from).length > 0;
      });
      if (other === undefined) return [];
      const by = subjectOf(file, text, other);
      const reason = `is in ${from}, which ${by} gets too, and that stays`;
      return [{ selected, reason, hint: cmd`give ${by} a file that it shares with no other line; then plan again` }];
    }),
  );
}

async function movableFrom(
  tools: RunTools,
  script: RunScript,
  selected: readonly Selected[],
  options: PlanOptions,
  handed: ReadonlyMap<string, HandedLine>,
): Promise<MovableRuns> {
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
      textsStaying(script, [{ own, line }], handed);
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
    const texts = kept.length === 0 ? [] : textsStaying(script, kept, handed);
    const found = kept.map((group) => ({
      ...{ group, place: leftIn(group.own, texts).find((one) => !one.isPlain) },
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

/** Of the script's text, and of the files that it passes on, what would stay. */
function textsStaying(
  script: RunScript,
  groups: readonly RunLineMoves[],
  handed: ReadonlyMap<string, HandedLine>,
): readonly RemainingText[] {
  const moving = groups.flatMap(({ own }) => own.map(({ move }): FileMove => ({ move, masked: "" })));
  const lines = groups.map(({ line }) => line);
  const { drafts } = rewriteScript(script, lines, moving, handed);
  return drafts.map((draft) => ({ place: draft.file, text: stayingText(draft) }));
}
