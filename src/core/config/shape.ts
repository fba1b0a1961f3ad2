import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { nearestWord } from "../../kit/text/nearest.ts";

/** Throws `config` for an unknown key, suggesting the nearest known one. */
export function mustHaveKnownKeys(given: object, known: readonly string[], file: string, path: string): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearestWord(key, known);
    throw new UnsprawlError(
      "config",
      `${file}: unknown key ${path}${key}`,
      near ? cmd`did you mean ${path + near}?` : cmd`known keys: ${bare(known.join(", "))}`,
    );
  }
}
