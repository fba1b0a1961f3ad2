import type { FoundNames, KeyNames, SubjectNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { fixedPrefix, namesInPath, templateFor, templateForms } from "../../src/stores-kit/names.ts";

/** Where a mount is. */
type InVault = { readonly address: string; readonly mount: string; readonly namespace: string | null };

const SCHEME = "ref+vault://";
/** The same for vals, which has a word for OpenBao. */
const OPENBAO = "ref+openbao://";

/** One KV secret per subject, one field per variable. Throws `refused` for names that Vault cannot distinguish. */
export function vaultKey(template: string, names: KeyNames): StoreKey {
  return { path: filled(template, names), field: checkField(names.name) };
}

/** The inverse of `vaultKey`. */
export function vaultNames(template: string, { path, field }: StoreKey): FoundNames {
  return { ...namesInPath(template, path, plainSegment), name: field };
}

/**
 * The path of all values of one application, for a policy: `+` for a segment with the variable's name, `*` for the end
 * of the last one. Throws `refused` if that would match another application's path too.
 */
export function applicationPath(template: string, names: SubjectNames): string {
  const segments = templateFor(template, names).split("/");
  const varies = (part: string): boolean => part.includes("{name}");
  const of = (part: string): string => filled(part, { ...names, name: "-" });
  if (template.includes("{subject}") && !segments.some((part) => part.includes("{subject}") && !varies(part)))
    throw new UnsprawlError(
      "refused",
      "the store's path has {subject} and {name} in one segment: no policy can tell applications apart there",
      "put a / between them in the store's path",
    );
  return segments
    .map((part, at) => {
      if (!varies(part)) return of(part);
      const last = at === segments.length - 1 && /^[^{]+\{name\}$/.test(part);
      return last ? `${part.slice(0, -"{name}".length)}*` : "+";
    })
    .join("/");
}

/** `ref+vault://secret/apps/api#/DB_PASSWORD`, as vals reads it; with the namespace if the store has one. */
export function vaultReference(key: StoreKey, { mount, namespace }: InVault): string {
  const { path, version } = pinnedPath(key.path);
  const options = [
    ...(namespace === null ? [] : [`namespace=${encodeURIComponent(namespace)}`]),
    ...(version === null ? [] : [`version=${version}`]),
  ];
  const query = options.length === 0 ? "" : `?${options.join("&")}`;
  const place = `${mount}/${path}`.split("/").map(encodeURIComponent).join("/");
  return `${SCHEME}${place}${query}#/${encodeURIComponent(key.field)}`;
}

/** The key of a reference into this store's mount; null for another store's. Throws `malformed`. */
export function parseVaultReference(reference: string, { mount, namespace, address }: InVault): StoreKey | null {
  const scheme = [SCHEME, OPENBAO].find((one) => reference.startsWith(one));
  if (scheme === undefined) return null;
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("malformed", `a ref+vault reference ${why}`, "the form is ref+vault://mount/path#/FIELD");
  const [, place = "", query = "", fragment = ""] =
    /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(reference.slice(scheme.length)) ?? [];
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw bad("has a broken percent sign");
    }
  };
  const path = place.split("/").map(decoded).join("/");
  const field = decoded(fragment.slice(1));
  const settings = new URLSearchParams(query);
  const names = [...settings.keys()];
  if (new Set(names).size < names.length) throw bad("has a setting twice");
  for (const name of names) {
    if (LOGIN.test(name)) throw bad("names a login: a store's configuration does that, with auth");
    if (!OPTIONS.has(name)) throw bad("has a setting that unsprawl does not know");
  }
  const version = settings.get("version");
  if (version !== null && !/^[1-9]\d{0,9}$/.test(version)) throw bad("has a version that is no number");
  if ((settings.get("namespace") ?? namespace ?? "") !== (namespace ?? "")) return null;
  const at = settings.get("address") ?? address;
  // As vals takes it, also without a scheme.
  if ((at.includes("://") ? at : `${settings.get("proto") ?? address.split(":")[0]}://${at}`) !== address) return null;
  if (!path.startsWith(`${mount}/`)) return null;
  if (!fragment.startsWith("/") || fragment.slice(1).includes("/")) throw bad("must name one field after #/");
  try {
    const own = checkPath(path.slice(mount.length + 1), "path");
    return { path: version === null ? own : `${own}*${version}`, field: checkField(field) };
  } catch (error) {
    throw bad(error instanceof UnsprawlError ? `is broken: ${error.message}` : "is broken");
  }
}

const OPTIONS = new Set(["namespace", "address", "proto", "version"]);
const LOGIN = /^(?:token_|auth_|role_|secret_|user|password)/;

/** A key's path, and the version if a reference pins it to one: a `*` is in no other path. */
export function pinnedPath(path: string): { readonly path: string; readonly version: number | null } {
  const [, own = path, version] = /^([^*]*)\*(\d{1,10})$/.exec(path) ?? [];
  return { path: own, version: version === undefined ? null : Number(version) };
}

/** Throws `refused` for a path that is pinned to a version. */
export function mustBeCurrent(path: string): void {
  const { path: own, version } = pinnedPath(path);
  if (version === null) return;
  throw new UnsprawlError(
    "refused",
    `${own} is pinned to version ${version}, which nobody can change`,
    "leave the version out of the reference",
  );
}

/**
 * A path for a URL. Dots are safe only because `checkPath` rejects `..`: URLs fold even `%2e%2e`. node-vault takes
 * every response for success if the path contains "sys/health", so a secret of that name is encoded differently.
 */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/").replaceAll("sys/health", "sys/%68ealth");
}

/** The path of all values that the template can address, for a policy. */
export function everyPath(template: string): string {
  return template.includes("{") ? `${fixedPrefix(template)}*` : template;
}

/** A path template below the mount, each form of which is a path. Throws `config`. */
export function checkTemplate(template: string): string {
  for (const form of templateForms(template)) checkPath(form, "path");
  return template.replace(/^\/+|\/+$/g, "");
}

/** Throws `config` for a path that Vault or a URL would read in another way. */
export function checkPath(path: string, what: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  const bad =
    trimmed === "" ||
    /[\p{Cc}\p{Cs}*+]/u.test(trimmed) ||
    trimmed.split("/").some((part) => part === "" || /^\.+$/.test(part) || part !== part.trim());
  if (bad)
    throw new UnsprawlError(
      "config",
      `${what} is not a path that a Vault policy can name`,
      "use segments without . .. * +, without leading or trailing spaces, joined by /",
    );
  return trimmed;
}

function filled(template: string, names: KeyNames): string {
  return templateFor(template, names).replace(
    /\{(subject|project|name)\}/g,
    (_, which: "subject" | "project" | "name") => segment(names[which], which),
  );
}

function segment(name: string, which: string): string {
  const refuse = (why: string): UnsprawlError =>
    new UnsprawlError(
      "refused",
      `the name of this {${which}} ${why}`,
      cmd`leave {${which}} out of the store's path, or rename it`,
    );
  if (name === "") throw refuse("is empty");
  if (/^\.+$/.test(name) || name !== name.trim() || !name.isWellFormed() || /\p{Cc}/u.test(name))
    throw refuse("is not one that Vault keeps in a path");
  return name.replace(/[%/*+]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The input of `segment`. */
function plainSegment(text: string): string {
  return text.replace(/%(25|2F|2A|2B)/g, (escaped) => decodeURIComponent(escaped));
}

/** Field names are JSON keys: any text, except those that a JavaScript client drops. */
function checkField(field: string): string {
  const refuse = (why: string): UnsprawlError =>
    new UnsprawlError("refused", `the variable's name ${why}`, "rename it, or use another store");
  if (field === "") throw refuse("is empty");
  if (!field.isWellFormed()) throw refuse("is not valid Unicode");
  if (["__proto__", "constructor", "prototype"].includes(field)) throw refuse("is one that JSON clients drop");
  return field;
}
