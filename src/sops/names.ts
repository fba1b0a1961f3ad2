import { dirname, isAbsolute, relative, resolve } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";

export type FileNames = { readonly subject: string; readonly project: string; readonly name: string };

const SCHEME = "ref+sops://";
/** What a file's name may have in bytes, with room for the names of the lock and of a temporary file. */
const MAX_SEGMENT = 180;

/**
 * Where a value goes. A template with `{subject}` makes one flat file a subject; without, one file holds a map a
 * subject. Throws `refused` for names that make no file name.
 */
export function sopsKey(template: string, names: FileNames): StoreKey {
  const put = { subject: names.subject, project: names.project, name: names.name };
  if (names.name === "" || names.subject === "")
    throw new UnsprawlError("refused", "a value without a name has no place in a SOPS file", null);
  const path = template.replace(/\{(subject|project|name)\}/g, (_, which: keyof FileNames) =>
    fileSegment(put[which], which),
  );
  const flat = template.includes("{subject}");
  return { path, field: joinField(flat ? [names.name] : [names.subject, names.name]) };
}

/** The folder under which all files of a template are. */
function templateFolder(template: string): string {
  return dirname(`${template.split("{")[0]}x`);
}

/** A key's path in the file. A `/` inside a name is written `%2F`. */
export function splitField(field: string): readonly string[] {
  return field.split("/").map((part) => part.replace(/%2F/gi, "/").replaceAll("%25", "%"));
}

function joinField(path: readonly string[]): string {
  return path.map((part) => part.replaceAll("%", "%25").replaceAll("/", "%2F")).join("/");
}

/** `ref+sops:///abs/secrets/api.sops.yaml#/DB_PASSWORD`, as vals reads it. */
export function sopsReference(key: StoreKey): string {
  const file = key.path.split("/").map(encodeURIComponent).join("/");
  return `${SCHEME}${file}#/${splitField(key.field).map(encodeURIComponent).join("/")}`;
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
  // vals knows these two settings; files of other formats are not read.
  for (const [name, value] of new URLSearchParams(query)) {
    if (!(name === "key_type" && value === "filepath") && !(name === "format" && value === "yaml"))
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
      `leave {${which}} out of the store's file`,
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
      `leave {${which}} out of the store's file`,
    );
  return segment;
}
