import { dirname, isAbsolute, relative, resolve } from "node:path";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { FoundNames, KeyNames } from "../../contract/provider.ts";
import type { StoreKey } from "../../model/plan.ts";
import { templateFor, templateForms } from "../names.ts";

const SCHEME = "ref+sops://";
/** What `fileSegment` makes of a name, for a regular expression. */
export const NAME_PATTERN = "((?:[\\w.-]|%[0-9A-F]{2})+)";
const SHORTEST_NAME = "((?:[\\w.-]|%[0-9A-F]{2})+?)";
/** What a file's name may have in bytes, with room for the names of the lock and of a temporary file. */
const MAX_SEGMENT = 180;

/**
 * Where a value goes. A template with `{subject}` makes one flat file a subject; without, one file holds a map a
 * subject. Throws `refused` for names that make no file name.
 */
export function sopsKey(template: string, names: KeyNames): StoreKey {
  const put = { subject: names.subject, project: names.project, name: names.name };
  if (names.name === "" || names.subject === "")
    throw new UnsprawlError("refused", "a SOPS file cannot hold a value without a name", null);
  const path = templateFor(template, names).replace(/\{(subject|project|name)\}/g, (_, which: keyof typeof put) =>
    fileSegment(put[which], which),
  );
  const flat = template.includes("{subject}");
  return { path, field: joinField(flat ? [names.name] : [names.subject, names.name]) };
}

/** The template of a store's files. Throws `config` for a dotenv file that would have to hold several subjects. */
export function checkTemplate(template: string): string {
  if (formatName(template) !== "dotenv" || template.includes("{subject}")) return template;
  throw new UnsprawlError(
    "config",
    "a dotenv file holds one list of names, so it cannot hold several containers",
    "put {subject} into the store's file, or name it .yaml or .json",
  );
}

/** The inverse of `sopsKey`, as far as the template tells: what it does not tell is empty. */
export function sopsNames(template: string, { path, field }: StoreKey): FoundNames {
  const readings = [NAME_PATTERN, SHORTEST_NAME].flatMap((pattern) =>
    templateForms(template).flatMap((form) => partsOf(form, path, pattern) ?? []),
  );
  const [parts] = readings;
  const isGuess = new Set(readings.map((one) => JSON.stringify([...one]))).size > 1;
  const part = (which: string): string => parts?.get(which) ?? "";
  const inFile = splitField(field);
  const flat = template.includes("{subject}");
  return {
    subject: flat ? part("subject") : inFile.length > 1 ? (inFile[0] ?? "") : "",
    project: part("project"),
    name: inFile.slice(flat || inFile.length < 2 ? 0 : 1).join("/"),
    ...(isGuess ? { isGuess } : {}),
  };
}

/** What a path has in place of a form's names; null if it is not of this form. */
function partsOf(form: string, path: string, name: string): ReadonlyMap<string, string> | null {
  const order = Array.from(form.matchAll(/\{(subject|project|name)\}/g), ([, which = ""]) => which);
  const pattern = form
    .split(/\{(?:subject|project|name)\}/)
    .map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(name);
  const found = new RegExp(`^${pattern}$`).exec(path);
  if (found === null) return null;
  // The first place of a name counts.
  return new Map(order.map((which, at) => [which, decodeSegment(found[at + 1] ?? "")] as const).toReversed());
}

/**
 * The file of one subject (`db`, or `shop/db` where the template has an optional project) if the template makes a file
 * of that alone; else null, and for a name that makes none.
 */
export function subjectFile(template: string, what: string): string | null {
  if (!template.includes("{subject}") || /\{(project|name)\}/.test(template)) return null;
  const [, project = "", subject = what] = (templateForms(template).length > 1 && /^([^/]+)\/(.+)$/.exec(what)) || [];
  try {
    return sopsKey(template, { subject, project, name: "x" }).path;
  } catch {
    return null;
  }
}

/** The folder under which all files of a template are. */
function templateFolder(template: string): string {
  return dirname(`${template.split("{")[0]}x`);
}

/** A key's path in the file. A `/` inside a name is written `%2F`. */
export function splitField(field: string): readonly string[] {
  return field.split("/").map((part) => part.replace(/%2F/gi, "/").replaceAll("%25", "%"));
}

export function joinField(path: readonly string[]): string {
  return path.map((part) => part.replaceAll("%", "%25").replaceAll("/", "%2F")).join("/");
}

/**
 * `ref+sops:///abs/secrets/api.sops.yaml#/DB_PASSWORD`, as vals reads it; `?format=json` for a file that is not YAML
 * (helmfile/vals pkg/providers/sops). vals itself finds no single value in a dotenv file.
 */
export function sopsReference(key: StoreKey): string {
  const file = key.path.split("/").map(encodeURIComponent).join("/");
  const format = formatName(key.path);
  const query = format === "yaml" ? "" : `?format=${format}`;
  return `${SCHEME}${file}${query}#/${splitField(key.field).map(encodeURIComponent).join("/")}`;
}

/**
 * The key of a `ref+sops:` reference, relative files taken from `dir`; null for another kind, and for a file outside
 * the template's folder, which is another store's. Throws `malformed`.
 */
export function parseSopsReference(reference: string, template: string, dir: string): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const [, file = "", query = "", fragment = ""] =
    /^([^?#]*)(?:\?([^#]*))?(?:#\/(.+))?$/.exec(reference.slice(SCHEME.length)) ?? [];
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("malformed", `a ref+sops reference ${why}`, "the form is ref+sops:///path/file.sops.yaml#/NAME");
  if (file === "" || fragment === "") throw bad("lacks the file or the #/NAME");
  // vals knows these two settings; what a file is called says how unsprawl reads it. JSON is YAML too.
  const formats = [formatName(file), ...(formatName(file) === "json" ? ["yaml"] : [])];
  for (const [name, value] of new URLSearchParams(query)) {
    if (!(name === "key_type" && value === "filepath") && !(name === "format" && formats.includes(value)))
      throw bad("has a setting that unsprawl does not know");
  }
  let path: string;
  let field: string;
  try {
    path = resolve(dir, file.split("/").map(decodeURIComponent).join("/"));
    field = joinField(fragment.split("/").map(decodeURIComponent));
  } catch {
    throw bad("has a broken percent sign");
  }
  const below = relative(templateFolder(template), path);
  return below === ".." || below.startsWith("../") || isAbsolute(below) ? null : { path, field };
}

/** A name as one segment of a path, reversibly: what is not a letter, a digit, `_`, `-` or `.` becomes `%XX`. */
function fileSegment(name: string, which: string): string {
  if (name === "" || !name.isWellFormed())
    throw new UnsprawlError(
      "refused",
      `{${which}} is empty here and names no file`,
      cmd`leave {${which}} out of the store's file`,
    );
  const encoded = encodeURIComponent(name).replace(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const segment = /^\.+$/.test(encoded) ? encoded.replaceAll(".", "%2E") : encoded;
  if (segment.length > MAX_SEGMENT)
    throw new UnsprawlError(
      "refused",
      `the name of this {${which}} is too long for a file name`,
      cmd`leave {${which}} out of the store's file`,
    );
  return segment;
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function formatName(file: string): "dotenv" | "json" | "yaml" {
  if (file.endsWith(".env")) return "dotenv";
  return file.endsWith(".json") ? "json" : "yaml";
}
