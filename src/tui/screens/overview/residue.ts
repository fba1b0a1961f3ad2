import { residueChecks } from "../../../core/residue-text.ts";
import type { Residue } from "../../../core/residue.ts";
import { wrapped, type SpanLine } from "../../widgets/text.ts";
import { checkLines } from "./checks.ts";

/** Where values that were moved are still found, besides what runs keep. */
export function residueTabLines(residue: readonly Residue[] | undefined): SpanLine[] {
  if (residue === undefined)
    return [
      wrapped(1, " r searches for other copies of every value that runs have moved: in containers and their logs,"),
      wrapped(1, " images, volumes, shell histories and project folders. It reads the store, and can take minutes."),
    ];
  if (residue.length === 0) return [wrapped(1, " no run has moved a secret yet, so there is nothing to search for")];
  return checkLines(residueChecks(residue));
}
