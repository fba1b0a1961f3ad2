import type { FoundNames, KeyNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { encodeName, fillTemplate, namesInPath, templateFor, templateForms } from "../../src/stores-kit/names.ts";

const SCHEME = "ref+gcpsecrets://";
/** Letters, digits, `-` and `_` (projects.secrets.create, secretId). */
const NAME = /^[A-Za-z0-9_-]{1,255}$/;
/** A number, or an alias (Secret, versionAliases). */
const VERSION = /^(?:[1-9]\d{0,9}|[A-Za-z][A-Za-z0-9_-]{0,62})$/;
const PLACE = /\{(subject|project|name)\}/g;

/** A secret's name, and the version that a pinned reference asks for. */
export type GcpSecretName = { readonly name: string; readonly version: string | null };

/** One secret per variable. Throws `refused` for names that no secret can have. */
export function secretKey(of: string, given: KeyNames): StoreKey {
  const template = templateFor(of, given);
  const used = (["subject", "project", "name"] as const).filter((which) => template.includes(`{${which}}`));
  const path = fillTemplate(template, Object.fromEntries(used.map((which) => [which, part(given[which], which)])));
  if (path.length > 255)
    throw new UnsprawlError(
      "refused",
      `the name of ${given.name} would have ${path.length} characters, and a secret's has 255`,
      "shorten the variable's name, or name in the store's configuration",
    );
  return { path, field: "" };
}

/** The inverse of `secretKey`. Between the parts of a template there is `--`, which no part contains. */
export function secretNames(template: string, { path }: StoreKey): FoundNames {
  const slashed = (text: string): string => text.replaceAll("--", "/");
  return namesInPath(slashed(template), slashed(path.split("/")[0] ?? ""));
}

/** As vals writes it: `ref+gcpsecrets://team-prod/shop--web--DB_PASSWORD`, with `?version=3` for a pinned one. */
export function secretReference(key: StoreKey, projectId: string): string {
  const { name, version } = secretName(key);
  const field = key.field === "" ? "" : `#/${key.field.split("/").map(encodeURIComponent).join("/")}`;
  return `${SCHEME}${projectId}/${name}${version === null ? "" : `?version=${version}`}${field}`;
}

/** The key of a reference into this project; null for another project's. Throws `malformed`. */
export function parseSecretReference(reference: string, projectId: string): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("malformed", `a ref+gcpsecrets reference ${why}`, cmd`${SCHEME}PROJECT/NAME?version=3`);
  const [rest = "", fragment, more] = reference.slice(SCHEME.length).split("#");
  const [place = "", query, twice] = rest.split("?");
  // Without a project vals takes GCP_PROJECT, and so does this store.
  const [project, name = "", deeper] = place.includes("/") ? place.split("/") : [projectId, place];
  if (project !== projectId) return null;
  if (deeper !== undefined || twice !== undefined || more !== undefined || !NAME.test(name))
    throw bad("does not name one secret");
  const version = query === undefined ? "latest" : (/^version=([^&]+)$/.exec(query)?.[1] ?? "");
  if (!VERSION.test(version)) throw bad("has an option that unsprawl does not know");
  if (fragment !== undefined && !/^\/./.test(fragment)) throw bad("has a broken field");
  return {
    path: version === "latest" ? name : `${name}/${version}`,
    field: fragment === undefined ? "" : decoded(fragment.slice(1), bad),
  };
}

/** What a key names. Throws `malformed` for one that is not of Secret Manager. */
export function secretName({ path }: StoreKey): GcpSecretName {
  const [name = "", version, ...more] = path.split("/");
  if (NAME.test(name) && more.length === 0 && (version === undefined || VERSION.test(version)))
    return { name, version: version ?? null };
  throw new UnsprawlError(
    "malformed",
    "the key is not one of Secret Manager: letters, digits, - and _, up to 255",
    "unsprawl plan again",
  );
}

/** Throws `config` for a template that could not produce a name, or gives all variables the same. */
export function checkTemplate(template: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `name ${why}`, "letters, digits, - and _, {subject}, {project} and {name}");
  if (!template.includes("{name}")) throw bad("must hold {name}: each variable is a separate secret");
  if (templateForms(template).some((form) => !/^[A-Za-z0-9_-]*$/.test(form.replace(PLACE, ""))))
    throw bad("contains a character that a secret's name cannot have");
  return template;
}

/** A dash beside another or at an end is encoded, so that `--` is always between two parts. */
function part(text: string, which: string): string {
  if (text === "" || !text.isWellFormed())
    throw new UnsprawlError("refused", `{${which}} is empty here, or not text`, cmd`leave {${which}} out of name`);
  return encodeName(text, /[A-Za-z0-9_-]/).replace(/^-|-$|-(?=-)/g, "_x2d_");
}

function decoded(field: string, bad: (why: string) => UnsprawlError): string {
  try {
    return decodeURIComponent(field);
  } catch {
    throw bad("has a broken field");
  }
}
