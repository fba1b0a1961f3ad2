import { UnsprawlError } from "../../src/model/error.ts";
import type { KeyNames, SubjectNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { iamPolicy } from "../../src/stores-kit/iam-policy.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { awsOptions } from "../../src/stores-kit/aws.ts";
import { encodeName, fillTemplate, templateFor, fixedPrefix } from "../../src/stores-kit/names.ts";

/** "Parameter name limits": letters, digits and `.-_/`, 1011 characters with the ARN before it, 15 levels (PutParameter, Name). */
const MOST = 1011 - "arn:aws:ssm:ap-southeast-99:123456789012:parameter".length;
const LEVELS = 15;
const SCHEME = "ref+awsssm://";

/** The absolute form of a prefix. Throws `config`. */
export function prefixOf(given: string): string {
  const prefix = `/${given.replace(/^\/{1,200}/, "")}`;
  if (/^\/(?:[\w.-]{1,200}\/){0,14}$/.test(prefix) && !/^\/(?:aws|ssm)/i.test(prefix)) return prefix;
  throw new UnsprawlError("config", "prefix is not one that a parameter's name may have", "the form is /apps/");
}

/** Where a value goes. Throws `refused` if the names cannot be mapped. */
export function parameterKey(of: string, names: KeyNames): StoreKey {
  const { subject, project, name } = names;
  const template = templateFor(of, names);
  const segment = (text: string, which: string): string => {
    if (text === "" || !text.isWellFormed())
      throw new UnsprawlError("refused", `{${which}} is empty here, or not text`, cmd`leave {${which}} out of path`);
    const encoded = encodeName(text, /[A-Za-z0-9_.-]/);
    return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll(".", "_x2e_") : encoded;
  };
  const given: { [which: string]: string } = { name: segment(name, "name") };
  if (template.includes("{subject}")) given["subject"] = segment(subject, "subject");
  if (template.includes("{project}")) given["project"] = segment(project, "project");
  const path = fillTemplate(template, given);
  if (path.length > MOST || path.split("/").length - 1 > LEVELS)
    throw new UnsprawlError("refused", "the name is longer than a parameter's may be", "shorten prefix or path");
  return { path, field: "" };
}

/** As vals writes it: `ref+awsssm://apps/api/DB_PASSWORD`, with `version` and `mode=singleparam` for a field of a document. */
export function parameterReference({ path, field }: StoreKey): string {
  const [name = "", version] = path.slice(1).split(":");
  const options = [
    ...(field === "" ? [] : ["mode=singleparam"]),
    ...(version === undefined ? [] : [`version=${version}`]),
  ];
  const query = options.length === 0 ? "" : `?${options.join("&")}`;
  return `${SCHEME}${name}${query}${field === "" ? "" : `#/${field.split("/").map(encodeURIComponent).join("/")}`}`;
}

/**
 * The key that a reference names; null for another kind and another region's. The field of a parameter is one of the document
 * in it; without `mode=singleparam` what is behind `#` is a parameter below the path. Throws `malformed`.
 */
export function parseParameterReference(reference: string, region: string | null): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("malformed", `the reference to a parameter ${why}`, cmd`${SCHEME}apps/api/DB_PASSWORD`);
  const [, name = "", query, behind = ""] =
    /^([^?#]*)(?:\?([^#]*))?(?:#(\/.+))?$/.exec(reference.slice(SCHEME.length)) ?? [];
  const options = awsOptions(query, region, OPTIONS, bad("has an option that unsprawl does not know"));
  if (options === null) return null;
  const isDocument = options.has("mode");
  const version = options.get("version");
  const isBelow = behind !== "" && !isDocument;
  if (isBelow && (version !== undefined || (behind.slice(1).includes("/") && !options.has("recursive"))))
    throw bad("names no single parameter");
  const path = isBelow ? `${name}${behind}` : name;
  if (!/^[\w.-]+(?:\/[\w.-]+){0,14}$/.test(path) || (isDocument && behind === "")) throw bad("is broken");
  try {
    const field = isDocument ? behind.slice(1).split("/").map(decodeURIComponent).join("/") : "";
    return { path: `/${path}${version === undefined ? "" : `:${version}`}`, field };
  } catch {
    throw bad("has a broken percent sign");
  }
}

/** Throws `refused` for a key that only a reference names: a version, or a field of a document. */
export function mustBeWhole({ path, field }: StoreKey): void {
  if (field === "" && !path.includes(":")) return;
  throw new UnsprawlError(
    "refused",
    `${path} is pinned to a version, or a part of a parameter, which unsprawl does not write`,
    "leave version and mode out of the reference",
  );
}

const OPTIONS = { version: /^[1-9]\d{0,9}$/, mode: /^singleparam$/, recursive: /^true$/ };

/** An IAM policy that reads below this subject's part of the tree, or below all of it (null). */
export function parameterPolicy(template: string, names: SubjectNames | null, region: string | null): string {
  const arn = parameterArn(template, names, region);
  return iamPolicy([
    { actions: ["ssm:GetParameter", "ssm:GetParameters"], resource: arn },
    { actions: "kms:Decrypt", resource: "*", context: { PARAMETER_ARN: arn } },
  ]);
}

/** The IAM policy of whoever migrates: to move and restore every value that the template can address. */
export function parameterMigratorPolicy(template: string, region: string | null): string {
  const arn = parameterResource(template, region);
  const actions = MIGRATOR.map((action) => `ssm:${action}`);
  return iamPolicy([
    { actions, resource: arn },
    { actions: ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], resource: "*", context: { PARAMETER_ARN: arn } },
  ]);
}

/** What it is about, as IAM names it. */
export function parameterResource(template: string, region: string | null): string {
  return parameterArn(fixedPrefix(template), null, region);
}

const MIGRATOR = [
  // For the tags of a new parameter.
  "AddTagsToResource",
  "DeleteParameter",
  "GetParameter",
  "GetParameterHistory",
  "PutParameter",
];

function parameterArn(template: string, names: SubjectNames | null, region: string | null): string {
  const whole = names === null ? `${template}*` : parameterKey(template, { ...names, name: "NAME" }).path;
  const path = names === null ? whole : whole.replace(/NAME$/, "*");
  return `arn:aws:ssm:${region ?? "*"}:*:parameter${path}`;
}
