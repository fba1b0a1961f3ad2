import { isDeepStrictEqual } from "node:util";
import type { FileMove, Rewriting, StepTarget } from "../../src/files/file-migration.ts";
import { lineText, valueGoneError } from "../../src/files/file-migration.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import { splice } from "../../src/kit/text/splice.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import type { MovingVariable } from "./platforms/platform.ts";
import { describedIn, variableAt } from "./recognise.ts";
import { plainPart } from "./syntax/part.ts";

/** The file with the platform's own form in place of these values. Reading it again proves that nothing else differs. */
export async function rewritten(
  file: string,
  text: string,
  target: StepTarget,
  moves: readonly FileMove[],
): Promise<Rewriting> {
  const description = await describedIn(file, text);
  const native = description?.platform.native;
  const inOrder = (a: MovingVariable, b: MovingVariable): number => a.variable.start - b.variable.start;
  const moving = moves
    .map((one): MovingVariable => {
      const { name, location } = one.move;
      const variable = description === null ? null : variableAt(name, location, text, description);
      if (variable === null) throw valueGoneError(name, location.path);
      return { ...one, variable };
    })
    .sort(inOrder);
  if (description === null || native === undefined)
    throw new UnsprawlError("changed", `${file} has changed since the plan was made`, "unsprawl plan again");
  const after = splice(text, native.edits(description, moving, target));
  const changes = native.changes(description, moving, target);
  const expected = description.parts.map((part) => plainPart(part, changes));
  const read = (await describedIn(file, after, description.platform))?.parts.map((part) => plainPart(part));
  if (!isDeepStrictEqual(read, expected))
    throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its lines plainly");
  const diff = moving.flatMap((one): DiffLine[] => {
    const { name, start } = one.variable;
    const path = lineText(file, lineOf(text, start), name);
    return [
      { sign: "-", path, text: one.masked },
      { sign: "+", path, text: native.shown(one, target) },
    ];
  });
  return {
    drafts: [{ file, before: text, after, diff }],
    // The whole text as it will be is searched for values that stay.
    rest: [],
    warnings: native.warnings(moving, target),
  };
}
