import type { KeyNames, SubjectNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { iamPolicy } from "../../src/stores-kit/iam-policy.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { awsOptions } from "../../src/stores-kit/aws.ts";
import { encodeName, fillTemplate, templateFor, fixedPrefix } from "../../src/stores-kit/names.ts";

/** Letters, digits and `/_+=.@-`, 512 at most (CreateSecret, Name). */
const MOST = 512;
const SCHEME = "ref+awssecrets://";

/** Where a value goes: a field of the subject's object, or a separate secret. Throws `refused`. */
export function secretKey(of: string, names: KeyNames): StoreKey {
  const { subject, project, name } = names;
  const template = templateFor(of, names);
  const given: { [which: string]: string } = {};
  for (const [which, text] of Object.entries({ subject, project, name })) {
    if (!template.includes(`{${which}}`)) continue;
    if (text === "" || !text.isWellFormed())
      throw new UnsprawlError("refused", `{${which}} is empty here, or not text`, cmd`leave {${which}} out of path`);
    const encoded = encodeName(text, /[A-Za-z0-9_+=.@-]/);
    given[which] = /^\.{1,2}$/.test(encoded) ? encoded.replaceAll(".", "_x2e_") : encoded;
  }
  const path = fillTemplate(template, given);
  if (path.length > MOST)
    throw new UnsprawlError("refused", "the name is longer than a secret's may be", "shorten prefix or path");
  if (template.includes("{name}")) return { path, field: "" };
  if (name === "" || !name.isWellFormed() || ["__proto__", "constructor", "prototype"].includes(name))
    throw new UnsprawlError("refused", "the variable's name is empty, or cannot be a field name", "rename it");
  return { path, field: name };
}

/** As vals writes it: `ref+awssecrets://apps/api#/DB_PASSWORD`, with `version_stage` or `version_id` for a pinned one. */
export function secretReference({ path, field }: StoreKey): string {
  const [secret = "", query] = path.split("?");
  const name = secret.split("/").map(encodeURIComponent).join("/");
  return `${SCHEME}${name}${query === undefined ? "" : `?${query}`}${field === "" ? "" : `#/${encodeURIComponent(field)}`}`;
}

/** The key that a reference names; null for another kind and another region's. Throws `malformed`. */
export function parseSecretReference(reference: string, region: string | null): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const bad = new UnsprawlError(
    "malformed",
    "the reference to a secret is broken",
    cmd`${SCHEME}apps/api#/DB_PASSWORD`,
  );
  const [place = "", fragment, more] = reference.slice(SCHEME.length).split("#");
  const [name = "", query, twice] = place.split("?");
  if (name === "" || twice !== undefined || more !== undefined || (fragment !== undefined && !/^\/./.test(fragment)))
    throw bad;
  const options = awsOptions(query, region, VERSIONS, bad);
  if (options === null) return null;
  const pinned = [...options].filter(([option]) => option !== "region");
  // The service takes both only where they name one version.
  if (pinned.length > 1) throw bad;
  try {
    const path = name.split("/").map(decodeURIComponent).join("/");
    // Behind it a key's path has the version.
    if (path.includes("?")) throw bad;
    const arn = /^arn:aws[a-z-]{0,12}:secretsmanager:([a-z0-9-]{1,40}):\d{12}:secret:./.exec(path);
    if (arn === null ? path.startsWith("arn:") : arn[1] !== region) return null;
    const version = pinned.map(([option, text]) => `?${option}=${text}`).join("");
    return { path: `${path}${version}`, field: fragment === undefined ? "" : decodeURIComponent(fragment.slice(1)) };
  } catch {
    throw bad;
  }
}

/** The secret that a key's path names, and the version if it is pinned to one. No name has a `?`. */
export function pinnedSecret(path: string): { readonly id: string; readonly version: SecretVersionName | null } {
  const [id = "", query] = path.split("?");
  const [option, text = ""] = query?.split("=") ?? [];
  if (option === undefined) return { id, version: null };
  return { id, version: option === "version_id" ? { VersionId: text } : { VersionStage: text } };
}

export type SecretVersionName = { readonly VersionId: string } | { readonly VersionStage: string };

const VERSIONS = { version_stage: /^[\w+=.@-]{1,256}$/, version_id: /^[\w-]{32,64}$/ };

/** An IAM policy that reads this subject's secrets, or all below the prefix (null). */
export function secretPolicy(template: string, names: SubjectNames | null, region: string | null): string {
  const arn = secretArn(template, names, region);
  return iamPolicy([
    // To see that a value has changed without reading it.
    { actions: ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], resource: arn },
    { actions: "kms:Decrypt", resource: "*", context: { SecretARN: arn } },
  ]);
}

/** The IAM policy of whoever migrates: to move and restore every value that the template can address. */
export function secretMigratorPolicy(template: string, region: string | null): string {
  const arn = secretResource(template, region);
  const actions = MIGRATOR.map((action) => `secretsmanager:${action}`);
  return iamPolicy([
    { actions, resource: arn },
    { actions: ["kms:Decrypt", "kms:GenerateDataKey"], resource: "*", context: { SecretARN: arn } },
  ]);
}

/** What it is about, as IAM names it. */
export function secretResource(template: string, region: string | null): string {
  return secretArn(fixedPrefix(template), template.includes("{") ? null : ANY, region);
}

const ANY: SubjectNames = { subject: "-", project: "" };
const MIGRATOR = [
  "CreateSecret",
  "DeleteSecret",
  "DescribeSecret",
  "GetSecretValue",
  "ListSecretVersionIds",
  "PutSecretValue",
  "RestoreSecret",
  // For the tags of a new secret.
  "TagResource",
  "UpdateSecretVersionStage",
];

/** The service appends a dash and six characters to every name (IAM for Secrets Manager, resource ARNs). */
function secretArn(template: string, names: SubjectNames | null, region: string | null): string {
  const path = names === null ? `${template}*` : secretKey(template, { ...names, name: "NAME" }).path;
  return `arn:aws:secretsmanager:${region ?? "*"}:*:secret:${
    names === null ? path : template.includes("{name}") ? path.replace(/NAME$/, "*") : `${path}-??????`
  }`;
}
