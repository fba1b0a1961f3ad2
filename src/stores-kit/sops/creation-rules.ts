import { dirname, join } from "node:path";
import { readChecked } from "../../kit/io/read.ts";
import { codeOf, fileError } from "../../kit/io/error.ts";
import { trimEndOf } from "../../kit/text/trim.ts";
import { mustBeParsable } from "../../kit/text/yaml-size.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { KeyGroups, NewMetadata, SopsKey } from "./document.ts";
import { keyName } from "./groups.ts";
import { mustBeOurs } from "./own-file.ts";
import { CRYPT_RULES, keyTest } from "./rules.ts";

/** What `.sops.yaml` says of a new file. */
export type CreationRule = KeyGroups & {
  /** For messages: `rule 2 of /srv/.sops.yaml`. */
  readonly from: string;
  /** What the file says beside its keys. */
  readonly settings: NewMetadata;
};

/**
 * The creation rule of a file: the first that matches in the nearest `.sops.yaml` from its folder upwards, as sops finds it there
 * (getsops/sops config/config.go). Null if there is no such file or rule. Throws `refused` for one that others can write to, since
 * who opens the file stands in it, and `config` for one that sops would not take.
 */
export async function creationRule(file: string): Promise<CreationRule | null> {
  const found = nearest(dirname(file));
  if (found === null) return null;
  const { path, text } = found;
  await mustBeOurs(path, text, `the creation rules in ${path} cannot be used`);
  mustBeParsable(text, path);
  const { parse } = await import("yaml");
  let whole: unknown;
  try {
    whole = parse(text, { logLevel: "silent", maxAliasCount: 100 });
  } catch {
    throw new UnsprawlError("config", `${path} is not valid YAML`, "correct it: sops reads it too");
  }
  const rules = (whole as { readonly creation_rules?: unknown } | null)?.creation_rules;
  const below = file.startsWith(`${dirname(path)}/`) ? file.slice(dirname(path).length + 1) : file;
  for (const [at, rule] of (Array.isArray(rules) ? (rules as readonly unknown[]) : []).entries()) {
    const from = `rule ${at + 1} of ${path}`;
    const fields = mapIn(rule, from);
    const pattern = textIn(fields, "path_regex", from);
    if (pattern === "" || (await keyTest(pattern))(below)) return ruleOf(fields, from);
  }
  return null;
}

/** sops looks no further up. */
const MAX_DEPTH = 100;
const MAX_BYTES = 1_000_000;

function nearest(folder: string): { readonly path: string; readonly text: string } | null {
  for (let [at, left] = [folder, MAX_DEPTH]; left > 0; [at, left] = [dirname(at), left - 1]) {
    const path = join(at, ".sops.yaml");
    try {
      return { path, text: readChecked(path, { limit: MAX_BYTES }).toString("utf8") };
    } catch (error) {
      if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ENOTDIR") throw fileError(error, path);
    }
    if (at === dirname(at)) return null;
  }
  return null;
}

type RuleFields = { readonly [key: string]: unknown };

function ruleOf(fields: RuleFields, from: string): CreationRule {
  const crypt = CRYPT_RULES.map((name) => [name, textIn(fields, name, from)] as const).filter(
    ([, text]) => text !== "",
  );
  if (crypt.length > 1) throw bad(from, `has ${crypt.map(([name]) => name).join(" and ")}, of which sops takes one`);
  const groups = fields["key_groups"];
  const { shamir_threshold: threshold = null } = fields;
  if (threshold !== null && !Number.isInteger(threshold)) throw bad(from, "has a shamir_threshold that is no number");
  const keyGroups = Array.isArray(groups) && groups.length > 0 ? (groups as readonly unknown[]) : null;
  return {
    from,
    groups: (keyGroups?.map((group) => groupKeys(mapIn(group, from), from)) ?? [flatKeys(fields, from)]).map(unique),
    threshold: (keyGroups?.length ?? 0) > 1 ? (threshold as number | null) || null : null,
    settings: {
      ...(crypt.length === 0 ? { unencrypted_suffix: "_unencrypted" } : Object.fromEntries(crypt)),
      ...(fields["mac_only_encrypted"] === true ? { mac_only_encrypted: true } : {}),
    },
  };
}

/** The keys of a rule without groups: texts with commas, or lists of texts. */
function flatKeys(fields: RuleFields, from: string): readonly SopsKey[] {
  const profile = textIn(fields, "aws_profile", from);
  const of = (name: string, make: (text: string) => SopsKey): readonly SopsKey[] =>
    textsIn(fields, name, from).map(make);
  return [
    ...of("age", (recipient) => ({ kind: "age", fields: { recipient } })),
    ...of("pgp", (fp) => ({ kind: "pgp", fields: { fp } })),
    ...of("kms", (text) => {
      const [arn = "", role = ""] = text.replaceAll(" ", "").split(/\+(?=arn:)/);
      return { kind: "kms", fields: kmsFields({ arn, role, aws_profile: profile }) };
    }),
    ...of("gcp_kms", (resource_id) => ({ kind: "gcp_kms", fields: { resource_id } })),
    ...of("hckms", (key_id) => ({ kind: "hckms", fields: { key_id } })),
    ...of("azure_keyvault", (url) => azureKey(url, from)),
    ...of("hc_vault_transit_uri", (uri) => transitKey(uri, from)),
  ];
}

/** The keys of one of `key_groups`, those of the groups that it merges first. */
function groupKeys(group: RuleFields, from: string, depth = 0): readonly SopsKey[] {
  if (depth > 10) throw bad(from, "merges groups too deeply");
  const maps = (name: string): readonly RuleFields[] => listIn(group, name, from).map((one) => mapIn(one, from));
  const named = (fields: RuleFields, ...names: readonly string[]): readonly string[] =>
    names.map((name) => textIn(fields, name, from));
  return [
    ...maps("merge").flatMap((one) => groupKeys(one, from, depth + 1)),
    ...textsIn(group, "age", from).map((recipient) => ({ kind: "age", fields: { recipient } })),
    ...textsIn(group, "pgp", from).map((fp) => ({ kind: "pgp", fields: { fp } })),
    ...maps("kms").map((one) => ({ kind: "kms", fields: kmsFields({ aws_profile: "", ...one }) })),
    ...maps("gcp_kms").map(({ resource_id }) => ({ kind: "gcp_kms", fields: { resource_id } })),
    ...maps("hckms").map(({ key_id }) => ({ kind: "hckms", fields: { key_id } })),
    ...maps("azure_keyvault").map((one) => {
      const [vault_url = "", name = "", version = ""] = named(one, "vaultUrl", "key", "version");
      return { kind: "azure_kv", fields: { vault_url: trimEndOf(vault_url, "/"), name, version } };
    }),
    ...textsIn(group, "hc_vault", from).map((uri) => transitKey(uri, from)),
  ];
}

function kmsFields({ arn, role, context, aws_profile }: RuleFields): RuleFields {
  const bound = typeof context === "object" && context !== null && Object.keys(context).length > 0;
  return { arn, ...(role ? { role } : {}), ...(bound ? { context } : {}), aws_profile };
}

function azureKey(url: string, from: string): SopsKey {
  const [, vault_url, name, version = ""] = /^(https:\/\/[^/]+)\/keys\/([^/]+)(?:\/([^/]*))?$/.exec(url) ?? [];
  if (vault_url === undefined) throw bad(from, "names an Azure key that is not https://VAULT/keys/NAME/VERSION");
  return { kind: "azure_kv", fields: { vault_url, name, version } };
}

/** `https://vault:8200/v1/transit/keys/NAME` (getsops/sops hcvault/keysource.go `NewMasterKeyFromURI`). */
function transitKey(uri: string, from: string): SopsKey {
  const [, address, engine_path, key_name] = /^(https?:\/\/[^/?#]+)\/v[\d.]+\/(.+)\/keys\/([^/]+)\/*$/.exec(uri) ?? [];
  if (address === undefined) throw bad(from, "names a transit key that is not https://HOST:8200/v1/ENGINE/keys/NAME");
  return { kind: "hc_vault", fields: { vault_address: address, engine_path, key_name } };
}

function unique(keys: readonly SopsKey[]): readonly SopsKey[] {
  return [...new Map(keys.map((key) => [keyName(key), key])).values()];
}

function mapIn(value: unknown, from: string): RuleFields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as RuleFields;
  throw bad(from, "has something else than a map");
}

function listIn(fields: RuleFields, name: string, from: string): readonly unknown[] {
  const value = fields[name] ?? [];
  if (Array.isArray(value)) return value as readonly unknown[];
  throw bad(from, `has ${name}, which is no list`);
}

function textIn(fields: RuleFields, name: string, from: string): string {
  const value = fields[name] ?? "";
  if (typeof value === "string") return value;
  throw bad(from, `has ${name}, which is no text`);
}

/** A list of texts, or one text with commas. */
function textsIn(fields: RuleFields, name: string, from: string): readonly string[] {
  const value = fields[name];
  const list = typeof value === "string" ? value.split(",") : listIn(fields, name, from);
  return list
    .map((one) => {
      if (typeof one !== "string") throw bad(from, `has ${name}, which is no list of texts`);
      return one.split(",").map((part) => part.trim());
    })
    .flat()
    .filter((one) => one !== "");
}

function bad(from: string, why: string): UnsprawlError {
  return new UnsprawlError("config", `${from} ${why}`, cmd`correct it; sops reads it too`);
}
