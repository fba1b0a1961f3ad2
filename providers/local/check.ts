import { dirname } from "node:path";
import type { StoreCheck } from "../../src/contract/provider.ts";
import {
  temporaryIdentity,
  removeEmptyFolders,
  sopsFiles,
  sopsKey,
  nearestFolder,
  usableFolder,
  type DataKeys,
  type Identities,
  type SopsPlace,
} from "../../src/stores-kit/sops/index.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { dataKeys } from "./keys.ts";

/** Tries the folder, the identity and every right with a value of its own, and leaves nothing behind. */
export async function checkFiles(
  place: SopsPlace,
  identities: Identities,
  keys: DataKeys,
): Promise<readonly StoreCheck[]> {
  const { template, readOnly } = place;
  const names = { subject: "unsprawl-check", project: "unsprawl-check", name: "PROBE" };
  let folder = dirname(sopsKey(template, names).path);
  const standing = await nearestFolder(folder);
  let files = sopsFiles(place, keys);
  try {
    const lines = await probeStore(
      {
        key: files.key,
        get: (key) => files.get(key),
        put(key, value, replace, origin) {
          folder = dirname(key.path);
          return files.put(key, value, replace, origin);
        },
        remove: (key, matches) => files.remove(key, matches),
      },
      {
        reach: async () => {
          await usableFolder(standing, readOnly);
          return dirname(sopsKey(template, names).path);
        },
        authenticate: async () => {
          if ((await identities.load()).length > 0) return identities.where;
          // One that is nowhere but in memory stands for it: a check makes no identity.
          files = sopsFiles(
            place,
            dataKeys(temporaryIdentity(), {}, async () => []),
          );
          return `no age identity yet (${identities.where}): the first write makes one`;
        },
      },
    );
    // A store for reading only has no rights beyond these to try.
    return readOnly ? lines.slice(0, 2) : lines;
  } finally {
    await removeEmptyFolders(folder, standing);
  }
}
