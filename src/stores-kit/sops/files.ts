import { stat } from "node:fs/promises";
import type { Provider, RecipientChange, Rewrapped } from "../../contract/provider.ts";
import { UnsprawlError } from "../../model/error.ts";
import { creationRule } from "./creation-rules.ts";
import type { DataKeys } from "./keys.ts";
import { parseSopsReference, sopsKey, sopsNames, sopsReference, splitField } from "./names.ts";
import { listKeys, templateFiles } from "./places.ts";
import { recipientChange, rewrapFile } from "./rewrap.ts";
import { mustEncrypt } from "./rules.ts";
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
): Pick<Provider, "inFiles" | "key" | "names" | "reference" | "parse" | "get" | "put" | "remove" | "list"> &
  Required<Pick<Provider, "rewrap" | "rewraps" | "mayPut" | "version">> {
  const writable = (): void => {
    if (readOnly)
      throw new UnsprawlError(
        "denied",
        `the store ${name} is opened for reading only`,
        "readOnly: false in its configuration",
      );
  };
  const previews = new Map<string, ReturnType<typeof mayPut>>();
  /** For all values of a plan, as long as neither the file nor its rule changes: keys are wrapped to try them. */
  const previewed = async (file: string): ReturnType<typeof mayPut> => {
    const id = JSON.stringify([file, await fileVersion(file), await creationRule(file)]);
    const asked = previews.get(id) ?? mayPut(file, keys);
    previews.set(id, asked);
    asked.catch(() => previews.delete(id));
    return asked;
  };
  return {
    inFiles: true,
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
    async mayPut({ path: file, field }) {
      const { rules, metadata, ...preview } = await previewed(file);
      mustEncrypt(file, splitField(field), { rules, metadata }, "would stay");
      return preview;
    },
    async put(key, value, replace, { recipients }) {
      writable();
      return { version: await putValue(key.path, splitField(key.field), value, replace, keys, recipients) };
    },
    async remove(key, matches) {
      writable();
      return removeValue(key.path, splitField(key.field), matches, keys);
    },
    list: (what, omits) => listKeys(template, what, dir, keys, omits),
    async rewrap(changes, rotateKey) {
      writable();
      const done: Rewrapped[] = [];
      for (const { file, ...shown } of changes) {
        try {
          if (await rewrapFile(file, keys, rotateKey, shown)) done.push({ file, error: null });
        } catch (error) {
          if (!(error instanceof UnsprawlError)) throw error;
          done.push({ file, error });
        }
      }
      return done;
    },
    async rewraps() {
      const changes: RecipientChange[] = [];
      for (const file of await templateFiles(template)) {
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
