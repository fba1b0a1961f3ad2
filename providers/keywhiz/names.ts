import type { KeyNames, SubjectNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { encodeName, fillTemplate, templateFor, templateForms } from "../../src/stores-kit/names.ts";

const SCHEME = "ref+keywhiz://";
const ALLOWED = /^[A-Za-z0-9_.:-]$/;
/** Without the dot, so that `{subject}.{name}` has one reading: the first dot ends the subject. */
const BEFORE_DOT = /^[A-Za-z0-9_:-]$/;
const LONGEST = 195;

/**
 * Maps names to a secret's name for one opened store. Keywhiz ignores case: names that it could not distinguish throw
 * `refused`, as do empty ones and those that are too long.
 */
export function keyMaker(of: string): (names: KeyNames) => StoreKey {
  const taken = new Map<string, string>();
  return (names) => {
    const template = templateFor(of, names);
    const used = placeholders(template);
    for (const which of used) {
      if (names[which] === "")
        throw new UnsprawlError("refused", `{${which}} is empty here`, cmd`leave {${which}} out of the store's name`);
    }
    const parts = Object.fromEntries(used.map((which) => [which, encoded(which, names[which])]));
    // Keywhiz accepts no name that begins with a dot.
    const name = fillTemplate(template, parts).replace(/^\./, "_x2e_");
    checkName(name);
    const folded = name.toLowerCase();
    const meant = JSON.stringify(used.map((which) => [which, names[which]]));
    const before = taken.get(folded);
    if (before !== undefined && before !== meant)
      throw new UnsprawlError(
        "refused",
        `two secrets would both be called ${name}: Keywhiz ignores case`,
        "rename one of them, or put {subject} and {project} into the store's name",
      );
    taken.set(folded, meant);
    return { path: name, field: "" };
  };
}

/** `ref+keywhiz://host:4444/api.DB_PASSWORD`. */
export function keywhizReference({ path }: StoreKey, url: string): string {
  return `${SCHEME}${authority(new URL(url))}/${encodeURIComponent(path)}`;
}

/** The key of a reference into this server; null for another's. Throws `malformed`. */
export function parseKeywhizReference(reference: string, url: string): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("malformed", `a ref+keywhiz reference ${why}`, "the form is ref+keywhiz://host:4444/NAME");
  const [, host = "", rest = ""] = /^([^/?#]*)(.*)$/s.exec(reference.slice(SCHEME.length)) ?? [];
  let server: URL;
  try {
    server = new URL(`https://${host}`);
  } catch {
    throw bad("names no server");
  }
  if (authority(server) !== authority(new URL(url))) return null;
  if (!/^\/[^/?#]+$/.test(rest)) throw bad("must name one secret after the server");
  let path: string;
  try {
    path = decodeURIComponent(rest.slice(1));
  } catch {
    throw bad("has a broken percent sign");
  }
  if (path.startsWith(".")) throw bad("names a secret that Keywhiz cannot have");
  return { path, field: "" };
}

/** A name for a new secret. Throws `refused` if Keywhiz would not accept it. */
export function checkName(name: string): void {
  if (name.length > LONGEST)
    throw new UnsprawlError(
      "refused",
      `the name of the secret is longer than ${LONGEST} characters: ${name.slice(0, 60)}…`,
      "rename the variable or the container, or shorten the store's name",
    );
  if (name === "" || name.startsWith(".") || !name.isWellFormed())
    throw new UnsprawlError("refused", "Keywhiz does not accept a secret with this name", "rename it");
}

/** Throws `config` for a template that produces names which Keywhiz does not accept, or one name for all variables. */
export function checkTemplate(template: string): string {
  const literals = templateForms(template).map((form) => form.replace(/\{(?:subject|project|name)\}/g, ""));
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `name: ${why}`, "such as {subject}.{name}; {project} too");
  if (!template.includes("{name}")) throw bad("{name} is missing, so all variables would be one secret");
  if (literals.some((literal) => !/^[A-Za-z0-9_.:-]*$/.test(literal)))
    throw bad("letters, digits and _ . : - only, and {subject}, {project}, {name}");
  if (templateForms(template).some((form) => form.startsWith(".")))
    throw bad("Keywhiz does not accept a name that begins with a dot");
  return template;
}

/** The part of the template that is the same for all names: `apps.` of `apps.{subject}.{name}`. */
export function fixedPrefix(template: string): string {
  return template.split("{")[0] ?? "";
}

/** What every name of this subject begins with, as far as the template puts it before the variable's. */
export function subjectPrefix(template: string, names: SubjectNames): string {
  const [front = ""] = templateFor(template, names).split("{name}");
  const [subject, project] = [encoded("subject", names.subject), encoded("project", names.project)];
  return fillTemplate(front, { subject, project });
}

/** A subject's name in the letters that Keywhiz has: for its group, and for descriptions. */
export function plainName(name: string): string {
  return encodeName(name, BEFORE_DOT);
}

type Placeholder = "subject" | "project" | "name";

function encoded(which: Placeholder, name: string): string {
  return encodeName(name, which === "name" ? ALLOWED : BEFORE_DOT);
}

function placeholders(template: string): readonly Placeholder[] {
  const all: readonly Placeholder[] = ["subject", "project", "name"];
  return all.filter((which) => template.includes(`{${which}}`));
}

function authority(url: URL): string {
  return `${url.hostname}:${url.port === "" ? "443" : url.port}`;
}
