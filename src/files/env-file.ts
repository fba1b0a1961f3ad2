import { UnsprawlError } from "../model/error.ts";
import { parseDotenv, type DotenvDialect, type DotenvEntry } from "./dotenv.ts";
import { readText } from "./read.ts";

export type DotenvFile = {
  readonly file: string;
  readonly text: string;
  /** The reader whose rules count. */
  readonly dialect: DotenvDialect;
  readonly entries: readonly DotenvEntry[];
};

/**
 * An env file as Compose and most libraries read it; if they refuse it, as `docker run --env-file` does. What only the
 * environment could supply stays empty. `by` as for `readText`. Throws as `readText`, and `malformed` if no reader
 * accepts it.
 */
export async function readEnvFile(file: string, by: { readonly named?: boolean } = {}): Promise<DotenvFile> {
  const text = await readText(file, by);
  try {
    return { file, text, dialect: "compose", entries: parseEntries(text, "compose") };
  } catch (error) {
    const entries = entriesOrNull(text, "docker");
    if (entries !== null) return { file, text, dialect: "docker", entries };
    if (!(error instanceof UnsprawlError)) throw error;
    throw new UnsprawlError("malformed", `${file}: ${error.message}`, error.hint);
  }
}

export function parseEntries(text: string, dialect: DotenvDialect): readonly DotenvEntry[] {
  return parseDotenv(text, dialect, () => null);
}

/** The entries as a dialect reads them, or null if it refuses the file. */
export function entriesOrNull(text: string, dialect: DotenvDialect): readonly DotenvEntry[] | null {
  try {
    return parseEntries(text, dialect);
  } catch (error) {
    if (error instanceof UnsprawlError) return null;
    throw error;
  }
}

/** A later entry that sets the same variable: then this one has no effect. */
export function laterEntry<Entry extends { readonly name: string; readonly value: string | null }>(
  entries: readonly Entry[],
  entry: Entry,
): Entry | null {
  const last = entries.findLast(({ name, value }) => name === entry.name && value !== null);
  return last === undefined || last === entry ? null : last;
}
