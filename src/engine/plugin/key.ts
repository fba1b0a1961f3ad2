import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { makeFolders } from "../../kit/io/folders.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { PluginKey } from "./seal.ts";

/** What this installation keeps of an engine's volume plugin, 0600 in the state folder. */
export type PluginNote = {
  readonly key: PluginKey;
  /**
   * The files of the plugin's home while another takes its place, as `state` answers them: a killed upgrade continues with
   * them. Null at any other time.
   */
  readonly moving: HomeRecord | null;
  /** The files of homes whose credentials are to be revoked, unless the plugin reads with them: of a killed upgrade too. */
  readonly ending: readonly HomeRecord[];
};

/** A home's files, base64 by path. */
export type HomeRecord = { readonly [path: string]: string };

const fileOf = (state: string, engineId: string): string =>
  join(state, "plugins", `${createHash("sha256").update(engineId).digest("hex").slice(0, 32)}.json`);

/** Null if this installation has given no plugin to the engine. Throws `denied` or `malformed`. */
export function readPluginNote(state: string, engineId: string): PluginNote | null {
  const file = fileOf(state, engineId);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw new UnsprawlError("denied", `cannot read ${file}`, "run as its owner", causeOf(error));
  }
  try {
    const { version, key, moving, ending } = JSON.parse(text) as Partial<PluginNote> & {
      version: unknown;
      key: string;
    };
    mustBeKnownForm(version, 1, file);
    const bytes = Buffer.from(key, "base64");
    if (bytes.length === 32) return { key: bytes, moving: moving ?? null, ending: ending ?? [] };
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    // The same as a file of another form.
  }
  throw new UnsprawlError("malformed", `${file} cannot be understood`, "restore it from a backup");
}

export async function writePluginNote(
  state: string,
  engineId: string,
  { key, moving, ending }: PluginNote,
): Promise<void> {
  const file = fileOf(state, engineId);
  makeFolders(dirname(file), 0o700);
  await atomicWrite(file, jsonText({ version: 1, key: key.toString("base64"), moving, ending }), { mode: 0o600 });
}

export function forgetPluginNote(state: string, engineId: string): void {
  rmSync(fileOf(state, engineId), { force: true });
}

export const newPluginKey = (): PluginKey => randomBytes(32);
