import { UnsprawlError } from "../../../src/model/error.ts";
import { interpolate, type Interpolated } from "../../../src/files/interpolate.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { scalarText, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { Node } from "yaml";

/** Receives what cannot be read in a project, with its position. If it throws, reading ends; otherwise it continues. */
export type OnFault = (fault: UnsprawlError) => void;

export const throwFault: OnFault = (fault) => {
  throw fault;
};

/**
 * Interpolates a text at offset `start` of a file as Compose does. Errors go to `tell` with `FILE, line N`; the text is
 * then taken literally.
 */
export function filledText(
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

/** An interpolated path or name; null if absent, or if interpolation failed, which is reported to `tell`. */
export function filledScalar(
  node: Node | null,
  lookup: (name: string) => string | null,
  file: YamlFile,
  tell: OnFault,
): string | null {
  const text = scalarText(node);
  if (text === null) return null;
  let sound = true;
  const { value } = filledText(text, lookup, file, node?.range?.[0] ?? 0, (fault) => {
    sound = false;
    tell(fault);
  });
  return sound ? value : null;
}
