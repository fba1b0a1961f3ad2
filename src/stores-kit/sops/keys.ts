import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { SopsDocument, WrappedKey } from "./document.ts";

/** Who wraps the data key of a SOPS file: age identities, a key management service, or several of them. */
export type DataKeys = {
  /** For a new file of this name, or one that is wrapped again. */
  wrap(dataKey: Buffer, file: string): Promise<readonly WrappedKey[]>;
  /** Throws `denied` when this holder cannot open the file. */
  unwrap(document: SopsDocument): Promise<Buffer>;
  /** Whom the store's settings and identities name, as in `recipientsOf`: `age RECIPIENT`, `kms ARN`. */
  names(): Promise<readonly string[]>;
};

/**
 * Several holders as one: a new file opens for each of them, and whichever can opens a file, the first one first.
 * When none can, the error is that of the first which has an entry in the file.
 */
export function anyHolder(holders: readonly (DataKeys & { readonly kind: WrappedKey["kind"] })[]): DataKeys {
  return {
    async wrap(dataKey, file) {
      return (await Promise.all(holders.map((holder) => holder.wrap(dataKey, file)))).flat();
    },
    names: async () => (await Promise.all(holders.map((holder) => holder.names()))).flat(),
    async unwrap(document) {
      const concerned = holders.filter((holder) => keyEntries(document, holder.kind).length > 0);
      let first: unknown = null;
      for (const holder of concerned) {
        try {
          return await holder.unwrap(document);
        } catch (error) {
          first ??= error;
        }
      }
      throw (
        first ??
        new UnsprawlError(
          "denied",
          `${document.file} is not encrypted for any of this store's keys`,
          cmd`it is encrypted for ${bare(recipientsText(document))}; sops updatekeys adds a key`,
        )
      );
    },
  };
}

/**
 * The entries of one kind: the metadata's own list, or that of the only key group (getsops/sops stores/stores.go
 * `internalKeygroups`). Throws `refused` for several groups, which each hold a share of the key.
 */
export function keyEntries({ file, metadata }: SopsDocument, kind: string): readonly object[] {
  const groups = metadata["key_groups"];
  if (Array.isArray(groups) && groups.length > 1) {
    throw new UnsprawlError(
      "refused",
      `${file} splits its key over several groups`,
      "unsprawl reads files with one key group",
    );
  }
  const group = (Array.isArray(groups) ? groups[0] : null) as { readonly [kind: string]: unknown } | null;
  const own = metadata[kind];
  const list = Array.isArray(own) && own.length > 0 ? (own as readonly unknown[]) : group?.[kind];
  return Array.isArray(list)
    ? (list as readonly unknown[]).filter((entry): entry is object => typeof entry === "object" && entry !== null)
    : [];
}

/** Whom a file is encrypted for: recipients and ARNs are no secrets. */
export function recipientsOf(document: SopsDocument): readonly string[] {
  return [
    ["age", "recipient"],
    ["kms", "arn"],
    ["pgp", "fp"],
    ["gcp_kms", "resource_id"],
    ["azure_kv", "vault_url"],
    ["hc_vault", "vault_address"],
    ["hckms", "key_id"],
    ["acs_kms", "arn"],
  ].flatMap(([kind = "", key = ""]) =>
    keyEntries(document, kind).map((entry) => `${kind} ${String((entry as { [key: string]: unknown })[key])}`),
  );
}

/** The same for people. */
export function recipientsText(document: SopsDocument): string {
  return recipientsOf(document).join(", ") || "nobody";
}
