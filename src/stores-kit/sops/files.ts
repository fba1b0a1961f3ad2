import { stat } from "node:fs/promises";
import type { Provider, RecipientChange } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { DataKeys } from "./keys.ts";
import { parseSopsReference, sopsKey, sopsNames, sopsReference, splitField } from "./names.ts";
import { listKeys } from "./places.ts";
import { recipientChange, rewrapFile } from "./rewrap.ts";
import { getValue, mayPut, putValue, removeValue } from "./store.ts";

export type SopsPlace = {
  /** The store's name, for messages. */
  readonly name: string;
  /** The absolute file, with `{subject}` and the like in it. */
  readonly template: string;
  /** Another template whose references this store resolves too. */
  readonly also?: string;
  /** Where relative references begin. */
  readonly dir: string;
  readonly readOnly: boolean;
};

/**
 * The operations of a store of SOPS files, for any holder of its keys. Throws `denied` for a write to a read-only one.
 */
export function sopsFiles(
  { name, template, also, dir, readOnly }: SopsPlace,
  keys: DataKeys,
): Pick<Provider, "key" | "names" | "reference" | "parse" | "get" | "put" | "remove" | "list"> &
  Required<Pick<Provider, "rewrap" | "rewraps" | "mayPut" | "version">> {
  const writable = (): void => {
    if (readOnly)
      throw new UnsprawlError(
        "denied",
        `the store ${name} is opened for reading only`,
        "readOnly: false in its configuration",
      );
  };
  const filesBelow = async (what: string): Promise<readonly string[]> => [
    ...new Set((await listKeys(template, what, dir, keys)).map(({ path }) => path)),
  ];
  return {
    key: (names) => sopsKey(template, names),
    names: (key) => sopsNames(template, key),
    reference: sopsReference,
    parse: (reference) =>
      parseSopsReference(reference, template, dir) ??
      (also === undefined ? null : parseSopsReference(reference, also, dir)),
    async get(key) {
      const stored = await getValue(key.path, splitField(key.field), keys);
      return stored && { ...stored, beside: {} };
    },
    version: async (key) => fileVersion(key.path),
    mayPut: async (key) => mayPut(key.path, keys),
    async put(key, value, replace) {
      writable();
      return { version: await putValue(key.path, splitField(key.field), value, replace, keys) };
    },
    async remove(key, matches) {
      writable();
      return removeValue(key.path, splitField(key.field), matches, keys);
    },
    list: (what) => listKeys(template, what, dir, keys),
    async rewrap(what, rotateKey) {
      writable();
      const done: string[] = [];
      for (const file of await filesBelow(what)) if (await rewrapFile(file, keys, rotateKey)) done.push(file);
      return done;
    },
    async rewraps(what) {
      const changes: RecipientChange[] = [];
      for (const file of await filesBelow(what)) {
        const change = await recipientChange(file, keys);
        if (change !== null) changes.push({ file, ...change });
      }
      return changes;
    },
  };
}

/** Which file it is and when it was written, or null. */
async function fileVersion(file: string): Promise<string | null> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  return found === null ? null : [found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}
