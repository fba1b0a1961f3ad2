import { dirname } from "node:path";
import type { StoreCheck } from "../../src/contract/provider.ts";
import {
  getValue,
  passingIdentity,
  putValue,
  removeEmptyFolders,
  removeValue,
  sopsKey,
  splitField,
  standingFolder,
  usableFolder,
  type DataKeys,
  type Identities,
} from "../../src/sops/index.ts";
import { probeStore } from "../../src/store/probe.ts";
import { dataKeys } from "./keys.ts";

/** Tries the folder, the identity and every right with a value of its own, and leaves nothing behind. */
export async function checkFiles(
  template: string,
  identities: Identities,
  keys: DataKeys,
  readOnly: boolean,
): Promise<readonly StoreCheck[]> {
  const folder = dirname(sopsKey(template, { subject: "unsprawl-check", project: "unsprawl-check", name: "x" }).path);
  const standing = await standingFolder(folder);
  // Where there is no identity yet, one that is nowhere but in memory stands for it: a check makes nothing.
  let holder = keys;
  const lines = probeStore(
    {
      key: (names) => sopsKey(template, names),
      get: (key) => getValue(key.path, splitField(key.field), holder),
      put: async (key, value, replace) => ({
        version: await putValue(key.path, splitField(key.field), value, replace, holder),
      }),
      remove: (key, matches) => removeValue(key.path, splitField(key.field), matches, holder),
    },
    {
      reach: async () => {
        await usableFolder(standing, readOnly);
        return folder;
      },
      authenticate: async () => {
        if ((await identities.load()).length > 0) return identities.where;
        holder = dataKeys(passingIdentity(), {});
        return `no age identity yet (${identities.where}): the first write makes one`;
      },
      ...(readOnly ? { readOnly } : {}),
    },
  );
  return lines.finally(() => removeEmptyFolders(folder, standing));
}
