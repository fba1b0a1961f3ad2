import { UnsprawlError } from "../../../src/model/error.ts";
import { MOST_SHARED_PARTS, mustBeParsable } from "../../../src/kit/text/yaml-size.ts";

/** Of one Compose file or env file, in bytes. */
export const LARGEST_FILE = 8 * 1024 * 1024;
/** Of all env files of a project, each counted as often as it is read. */
const MOST_ENTRIES = 150_000;

/** What all files of a project may come to: one tenant's project must not hold up the reading of the others'. */
export type ProjectSize = {
  /** Counts a Compose file. Throws `refused`, naming the file that is too much. */
  readonly yaml: (file: string, text: string) => void;
  /** The same for an env file with so many variables. */
  readonly env: (file: string, entries: number) => void;
};

export function projectSize(): ProjectSize {
  let [parts, entries] = [0, 0];
  return {
    yaml(file, text) {
      parts += mustBeParsable(text, file, { most: MOST_SHARED_PARTS });
      if (parts > MOST_SHARED_PARTS) throw tooLarge(file, `${MOST_SHARED_PARTS.toLocaleString("en")} lines and items`);
    },
    env(file, count) {
      entries += count;
      if (entries > MOST_ENTRIES) throw tooLarge(file, `${MOST_ENTRIES.toLocaleString("en")} variables in env files`);
    },
  };
}

function tooLarge(file: string, what: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `with ${file} the project has more than ${what}`,
    "make several projects of it, with fewer files in each",
  );
}
