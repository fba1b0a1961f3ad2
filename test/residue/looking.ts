import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { ResidueMatch, LookAbout, MovedValue, UnreadablePlace } from "../../src/contract/look.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { looksFor } from "../../src/residue/index.ts";

export type Looked = {
  /** `kind place` of each. */
  readonly found: readonly string[];
  readonly places: readonly ResidueMatch[];
  readonly unseen: readonly UnreadablePlace[];
  readonly looked: ReadonlyMap<string, number>;
};

export const password = (): string => `${randomBytes(9).toString("base64url")}!${randomBytes(9).toString("hex")}`;

/** A folder that goes with its test file. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-residue-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Looks for one value, on a host whose engine does not answer unless one is given. */
export async function lookFor(
  value: string,
  about: Partial<LookAbout>,
  env: NodeJS.ProcessEnv,
  name = "DB_PASSWORD",
): Promise<Looked> {
  const mark: MovedValue = { name, value: Secret.of(value), runs: ["20261125-000000-0000"], store: "local" };
  const open = async (): Promise<never> => Promise.reject(new UnsprawlError("unreachable", "no engine here"));
  const looks = await looksFor({ files: [], folders: [], containers: [], engine: true, ...about }, open, env);
  const places: ResidueMatch[] = [];
  const unseen: UnreadablePlace[] = [];
  const looked = new Map<string, number>();
  const host = {
    signal: new AbortController().signal,
    looked: (what: string): void => void looked.set(what, (looked.get(what) ?? 0) + 1),
  };
  for (const look of looks)
    for await (const one of look.look([mark], host))
      if ("mark" in one) places.push(one);
      else if (one.why !== "no engine here") unseen.push(one);
  return { found: places.map(({ kind, place }) => `${kind} ${place}`), places, unseen, looked };
}
