import { tried } from "../files/env-file.ts";
import { readText } from "../files/read.ts";
import { UnsprawlError } from "../model/error.ts";
import { parseDotenv, type DotenvEntry } from "../text/dotenv.ts";
import type { OnFault } from "./fill.ts";

/** An env file: one that `${…}` is filled from, or one that a service names. */
export type EnvFile = {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly raw: boolean;
  readonly entries: readonly DotenvEntry[];
};

/**
 * An env file as Compose reads it. Why it cannot be read is told; what Compose refuses is told too, and then read as
 * `docker run` would. Null when nobody can read it.
 */
export async function readEnvFile(
  file: string,
  raw: boolean,
  lookup: (name: string) => string | null,
  tell: OnFault,
): Promise<EnvFile | null> {
  let text: string | null = null;
  try {
    text = await readText(file);
    return { file, text, raw, entries: parseDotenv(text, raw ? "raw" : "compose", lookup) };
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    tell(text === null ? error : new UnsprawlError(error.code, `${file}: ${error.message}`, error.hint));
    const entries = text === null ? null : tried(text, "docker");
    return text === null || entries === null ? null : { file, text, raw: true, entries };
  }
}
