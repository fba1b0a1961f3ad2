import { basename, dirname, join } from "node:path";
import type { StoreCheck } from "../../src/contract/provider.ts";
import {
  ANY_KEY,
  temporaryIdentity,
  removeEmptyFolders,
  holdersOf,
  leftProbes,
  sopsFiles,
  sopsKey,
  nearestFolder,
  templateFiles,
  usableFolder,
  type DataKeys,
  type Identities,
  type SopsPlace,
} from "../../src/stores-kit/sops/index.ts";
import { atomicRemove, sweepTemps } from "../../src/kit/io/atomic.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { dataKeys } from "./keys.ts";

/** Tries the folder, the identity and every right with a test value, and leaves nothing behind. */
export async function checkFiles(
  place: SopsPlace,
  identities: Identities,
  keys: DataKeys,
): Promise<readonly StoreCheck[]> {
  const { template, readOnly } = place;
  const names = { subject: "unsprawl-check", project: "unsprawl-check", name: "PROBE" };
  let folder = dirname(sopsKey(template, names).path);
  const standing = await nearestFolder(folder);
  let files = sopsFiles(place, { ...keys, made: ANY_KEY });
  try {
    const lines = await probeStore(
      {
        key: (names) => files.key(names),
        get: (key) => files.get(key),
        put(key, value, replace, origin) {
          folder = dirname(key.path);
          return files.put(key, value, replace, origin);
        },
        remove: (key, matches) => files.remove(key, matches),
      },
      {
        reach: async () => {
          await usableFolder(folder, standing, readOnly);
          if (!readOnly) await sweepProbes(template, standing);
          return dirname(`${template.split("{", 1)[0] ?? ""}x`);
        },
        authenticate: async () => {
          const { names: ruled, from } = await keys.recipients(sopsKey(template, names).path);
          if (from !== null) return `${ruled.join(", ")}, as ${from} says`;
          if ((await identities.load()).length > 0) return identities.where;
          await mustNeedNone(template, identities.file);
          // A temporary identity in memory stands in for it: a check creates none.
          files = sopsFiles(
            { ...place, template: ofItsOwn(template) },
            { ...dataKeys(temporaryIdentity(), {}, async () => []), made: ANY_KEY },
          );
          return `no age identity yet (${identities.where}): the first write creates one`;
        },
      },
    );
    // A read-only store has no further rights to try.
    return readOnly ? lines.slice(0, 2) : lines;
  } finally {
    await removeEmptyFolders(folder, standing);
  }
}

/** For a test value that nobody can open once the check was killed: never in a file that will hold others. */
function ofItsOwn(template: string): string {
  return template.includes("{subject}") ? template : join(dirname(template), `{subject}.${basename(template)}`);
}

/** Removes what checks left that were killed. */
async function sweepProbes(template: string, standing: string): Promise<void> {
  for (const one of [template, ofItsOwn(template)])
    for (const file of await leftProbes(one)) {
      await sweepTemps(file);
      await atomicRemove(file);
      await removeEmptyFolders(dirname(file), standing);
    }
}

/** Throws `denied` if there are files already that only an age key opens: a new one would open none of them. */
async function mustNeedNone(template: string, keyFile: string): Promise<void> {
  const closed: string[] = [];
  for (const file of await templateFiles(template)) {
    const holders = (await holdersOf(file)) ?? [];
    if (holders.length > 0 && holders.every((holder) => holder.startsWith("age "))) closed.push(file);
  }
  const [first] = closed;
  if (first === undefined) return;
  const more = closed.length > 1 ? ` and ${closed.length - 1} more` : "";
  throw new UnsprawlError(
    "denied",
    `no age key in ${keyFile}, and nothing else here opens ${first}${more}`,
    cmd`restore ${keyFile} from its backup (a new key cannot open old files)`,
  );
}
