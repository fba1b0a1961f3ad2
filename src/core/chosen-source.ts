import type { FastSource } from "../fast/index.ts";
import { bare, cmd } from "../kit/shell.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import { UnsprawlError } from "../model/error.ts";

export type ChosenSource = { readonly source: FastSource; readonly what: string };

/**
 * Splits `kind:what` and finds the source of that kind. A bare word is ambiguous, so it throws `usage` with what to
 * type.
 */
export function chosenSource(spec: string, sources: readonly FastSource[]): ChosenSource {
  const at = spec.indexOf(":");
  const kind = at < 0 ? "" : spec.slice(0, at);
  const source = sources.find((one) => one.kind === kind);
  if (source) return { source, what: spec.slice(at + 1) };
  const kinds = sources.map((one) => `${one.kind}:`).join(" ");
  const near =
    at < 0
      ? null
      : nearestWord(
          kind,
          sources.map((one) => one.kind),
        );
  const known =
    near === null ? cmd`known sources: ${bare(kinds)}` : cmd`did you mean ${`${near}:${spec.slice(at + 1)}`}?`;
  const hint = at < 0 ? cmd`${bare(whatIs(spec))}${spec}` : known;
  throw new UnsprawlError("usage", `not a source: ${JSON.stringify(spec)}`, hint);
}

/** What a bare word may be meant for, by its form. */
function whatIs(word: string): string {
  if (/(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/.test(word)) return "for a Compose project: compose:";
  if (/(?:^|[./-])env$/.test(word)) return "for an env file: env:";
  if (word.endsWith(".sh")) return "for a script: script:";
  return /^\.{0,2}(?:\/|$)|^\.$|\//.test(word) ? "for a folder: dir:" : "for a container: docker:";
}

/** Throws `usage` for a source without layers, before anything is read. */
export function mustHaveLayers(
  chosen: readonly (readonly [spec: string, ChosenSource])[],
  sources: readonly FastSource[],
): void {
  const without = chosen.find(([, { source }]) => source.layers !== true);
  if (without === undefined) return;
  const kinds = sources.flatMap((one) => (one.layers === true ? [`${one.kind}:`] : [])).join(" ");
  throw new UnsprawlError("usage", `${without[0]} has no layers`, cmd`--layers goes with ${bare(kinds)}`);
}
