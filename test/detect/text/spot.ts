import { atLeast } from "../../../src/model/finding.ts";
import type { Confidence } from "../../../src/model/finding.ts";
import { detector } from "../../../src/detect/index.ts";
import type { Spotted } from "../../../src/contract/detector.ts";

/** What is found in a file of this path, in the order of the text. */
function spot(path: string, text: string): readonly Spotted[] {
  return detector.text(Buffer.from(text), path).spotted;
}

/** The names of what a person would be told of; a value without a name counts by its rule. */
export function alarmsIn(path: string, text: string, floor: Confidence = "medium"): string[] {
  return spot(path, text).flatMap(({ verdict, name }) =>
    verdict.secret && atLeast(verdict.confidence, floor) ? name || verdict.rule : [],
  );
}

/** The secret parts found, at medium confidence or more. */
export function partsIn(path: string, text: string): string[] {
  return spot(path, text).flatMap(({ verdict, part }) =>
    verdict.secret && atLeast(verdict.confidence, "medium") ? part.exposeText() : [],
  );
}
