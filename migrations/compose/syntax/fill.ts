import { UnsprawlError } from "../../../src/model/error.ts";
import { interpolate, type Interpolated } from "../../../src/files/interpolate.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { scalarText, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { Node } from "yaml";

/** Is told what of a project cannot be read, with its place. One that throws ends the reading; behind the others it goes on. */
export type OnFault = (fault: UnsprawlError) => void;

export const stop: OnFault = (fault) => {
  throw fault;
};

/**
 * What Compose makes of a text that stands at `start` in a file. What it refuses is told by `FILE, line N`; then the text
 * stays as it is written.
 */
export function fill(
  text: string,
  lookup: (name: string) => string | null,
  { file, text: whole }: Pick<YamlFile, "file" | "text">,
  start: number,
  tell: OnFault,
): Interpolated {
  try {
    return interpolate(text, lookup);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    tell(new UnsprawlError(error.code, `${file}, line ${lineOf(whole, start)}: ${error.message}`, error.hint));
    return { value: text, uses: [], missing: [] };
  }
}

/** A path or a name that a file says; null for none, and for one that Compose cannot fill in, which is told. */
export function filledScalar(
  node: Node | null,
  lookup: (name: string) => string | null,
  file: YamlFile,
  tell: OnFault,
): string | null {
  const text = scalarText(node);
  if (text === null) return null;
  let sound = true;
  const { value } = fill(text, lookup, file, node?.range?.[0] ?? 0, (fault) => {
    sound = false;
    tell(fault);
  });
  return sound ? value : null;
}
