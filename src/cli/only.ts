import picomatch from "picomatch";
import { bare, cmd } from "../kit/shell.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import { UnsprawlError } from "../model/error.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** How many names a hint lists. */
const LISTED = 8;

/**
 * The findings that `--only` names, by name or glob; all of them without `--only`. Throws `usage` for a name that
 * matches none: a misspelt one must not look like a secret that is already moved.
 */
export function selectedHits(hits: readonly ScanHit[], globs: readonly string[]): readonly ScanHit[] {
  if (globs.length === 0) return hits;
  const known = [...new Set(hits.map(({ finding }) => finding.name))].sort();
  const matchers = globs.map((glob) => {
    const matches = picomatch(glob, { dot: true, bash: true, nobracket: true });
    if (known.some((name) => matches(name))) return matches;
    throw new UnsprawlError("usage", `--only ${glob}: no secret of this name was found`, hintFor(glob, known));
  });
  return hits.filter(({ finding }) => matchers.some((matches) => matches(finding.name)));
}

function hintFor(glob: string, known: readonly string[]): string {
  if (known.length === 0) return "nothing was found here: unsprawl scan shows what was scanned";
  const near = nearestWord(glob.replace(/[*?]/g, ""), known);
  if (near !== null) return cmd`did you mean ${near}?`;
  const more = known.length > LISTED ? `, and ${known.length - LISTED} more (unsprawl scan)` : "";
  return cmd`found: ${bare(known.slice(0, LISTED).join(", "))}${bare(more)}`;
}
