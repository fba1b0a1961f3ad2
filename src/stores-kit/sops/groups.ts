import type { KeyFields } from "../../contract/key-service.ts";
import { trimEndOf } from "../../kit/text/trim.ts";
import type { KeyGroups, SopsDocument, SopsKey } from "./document.ts";

/** The kinds of master keys, and the fields that name a key of each (getsops/sops stores/stores.go, `ToString` of each key source). */
const KINDS: { readonly [kind: string]: readonly string[] } = {
  age: ["recipient"],
  kms: ["arn", "role"],
  pgp: ["fp"],
  gcp_kms: ["resource_id"],
  azure_kv: ["vault_url", "name", "version"],
  hc_vault: ["vault_address", "engine_path", "key_name"],
  hckms: ["key_id"],
  acs_kms: ["arn"],
};

/** The keys of one group. */
export function oneGroup(keys: readonly SopsKey[]): KeyGroups {
  return { groups: [keys], threshold: null };
}

/** The keys of a file: the metadata's own lists, or its key groups (getsops/sops stores/stores.go `internalKeygroups`). */
export function groupsOf({ metadata }: Pick<SopsDocument, "metadata">): KeyGroups {
  const own = keysIn(metadata);
  const nested = metadata["key_groups"];
  if (own.length > 0 || !Array.isArray(nested)) return oneGroup(own);
  const groups = (nested as readonly unknown[]).map(keysIn).filter((group) => group.length > 0);
  const threshold = Number(metadata["shamir_threshold"] ?? 0);
  return { groups, threshold: groups.length > 1 ? threshold || groups.length : null };
}

/** The inverse: what the metadata has under each name. */
export function keyLists({ groups, threshold }: KeyGroups): { readonly [name: string]: unknown } {
  const [only = []] = groups;
  return groups.length > 1
    ? { shamir_threshold: threshold ?? groups.length, key_groups: groups.map(listsOf) }
    : listsOf(only);
}

/** How many of which groups are needed, in words; null where any key is enough. */
export function splitText({ groups, threshold }: KeyGroups): string | null {
  if (groups.length < 2) return null;
  const each = groups.map((group) => group.map(keyName).toSorted().join(" or ")).toSorted();
  return `a key of ${threshold ?? groups.length} of these groups: ${each.join("; ")}`;
}

/** A key in words, which no secret is in: `kms arn:…`. What it is compared by, too. */
export function keyName({ kind, fields }: SopsKey): string {
  const [place = "", middle = "", name = ""] = (KINDS[kind] ?? []).map((field) => textOf(fields[field]));
  if (kind === "azure_kv") return `${kind} ${place}/keys/${middle}/${name}`;
  if (kind === "hc_vault") return `${kind} ${place}/v1/${middle}/keys/${name}`;
  return `${kind} ${place}${middle === "" ? "" : `+${middle}`}`;
}

function textOf(field: unknown): string {
  return typeof field === "string" ? trimEndOf(field.trim(), "/") : "";
}

function keysIn(lists: unknown): readonly SopsKey[] {
  const from = (lists ?? {}) as { readonly [kind: string]: unknown };
  return Object.keys(KINDS).flatMap((kind) => {
    const list = from[kind];
    const entries = Array.isArray(list) ? (list as readonly unknown[]) : [];
    return entries
      .filter((entry): entry is KeyFields => typeof entry === "object" && entry !== null)
      .map((fields) => ({ kind, fields }));
  });
}

function listsOf(keys: readonly SopsKey[]): { readonly [kind: string]: readonly KeyFields[] } {
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  return Object.fromEntries(
    kinds.map((kind) => [kind, keys.filter((key) => key.kind === kind).map(({ fields }) => fields)]),
  );
}
