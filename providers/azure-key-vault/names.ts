import type { FoundNames, KeyNames } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { fillTemplate, namesInPath, templateFor, templateForms, unfillTemplate } from "../../src/stores-kit/names.ts";

const SCHEME = "ref+azurekeyvault://";
const PUBLIC = ".vault.azure.net";
const NAME = /^[0-9A-Za-z-]{1,127}$/;
const VERSION = /^[0-9a-f]{32}$/i;
const PLACE = /\{(subject|project|name)\}/g;

/** A secret's name, and the version that a pinned reference asks for. */
export type SecretName = { readonly name: string; readonly version: string | null };

/** The original names of a vault name. */
export type Names = {
  /** One secret per variable. Throws `refused` for names that the vault cannot hold or cannot distinguish. */
  key(names: KeyNames): StoreKey;
  /** The names that were mapped to this one in this process; null for a name from a plan, a reference or the vault. */
  original(name: string): KeyNames | null;
  /** The original names in a secret's tags, for `names`. */
  learn(name: string, was: Partial<KeyNames>): void;
  /** The inverse of `key`: exact if it was made or learnt here, else as far as the template determines it. */
  names(key: StoreKey): FoundNames;
};

/** Remembers the original of each mapped name: the vault has letters, digits and dashes, and ignores case. */
export function nameMap(template: string): Names {
  const made = new Map<string, KeyNames>();
  const learnt = new Map<string, Partial<KeyNames>>();
  return {
    key(given) {
      const name = mappedName(template, given);
      if (name.length > 127)
        throw new UnsprawlError(
          "refused",
          `the name of ${given.name} would have ${name.length} characters in the Key Vault, which takes 127`,
          "shorten the variable's name, or name in the store's configuration",
        );
      const before = made.get(name.toLowerCase());
      if (before !== undefined && differ(template, before, given)) throw collision(template, before, given, name);
      made.set(name.toLowerCase(), given);
      return { path: name, field: "" };
    },
    original: (name) => made.get(name.toLowerCase()) ?? null,
    learn: (name, was) => void learnt.set(name.toLowerCase(), was),
    names(key) {
      const { name } = secretName(key);
      const at = name.toLowerCase();
      return made.get(at) ?? unmapped(template, name, learnt.get(at) ?? {});
    },
  };
}

/**
 * The names in the vault's letters, in the template's places. Throws `refused` for a name that is empty or not text.
 */
export function mappedName(of: string, given: KeyNames): string {
  const template = templateFor(of, given);
  const used = (["subject", "project", "name"] as const).filter((which) => template.includes(`{${which}}`));
  return fillTemplate(template, Object.fromEntries(used.map((which) => [which, part(given[which], which)])));
}

/** `ref+azurekeyvault://team/api-DB-PASSWORD`, as vals reads it, and `/VERSION` for a pinned one. */
export function azureReference(key: StoreKey, url: string): string {
  return `${SCHEME}${hostName(url)}/${key.path}`;
}

/** The key of a reference into this vault; null for another vault's. Throws `malformed`. */
export function parseAzureReference(reference: string, url: string): StoreKey | null {
  if (!reference.startsWith(SCHEME)) return null;
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError(
      "malformed",
      `a ref+azurekeyvault reference ${why}`,
      cmd`the form is ${SCHEME}VAULT/NAME[/VERSION]`,
    );
  const [vault = "", ...rest] = reference.slice(SCHEME.length).split("/");
  if (vault === "") throw bad("names no vault");
  if (![hostName(url), new URL(url).host].includes(vault.toLowerCase())) return null;
  const path = rest.join("/");
  if (splitPath(path) === null) throw bad("does not name one secret");
  return { path, field: "" };
}

/** What a key names. Throws `malformed` for one that is not of a Key Vault. */
export function secretName({ path, field }: StoreKey): SecretName {
  const split = field === "" ? splitPath(path) : null;
  if (split === null)
    throw new UnsprawlError(
      "malformed",
      "the key is not one of a Key Vault: letters, digits and dashes, up to 127",
      "unsprawl plan again",
    );
  return split;
}

/** The vault's name, for the Azure CLI: the first label of its host. */
export function vaultName(url: string): string {
  return new URL(url).hostname.split(".")[0] ?? "";
}

/** Which of the template's names a tag must agree with. */
export function usesSubject(template: string): boolean {
  return template.includes("{subject}");
}

/** Throws `config` for a template that could not produce a name, or gives all variables the same. */
export function checkTemplate(template: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `name ${why}`, "letters, digits, dashes, {subject}, {project} and {name}");
  if (!template.includes("{name}")) throw bad("must hold {name}: each variable is a separate secret");
  if (templateForms(template).some((form) => !/^[0-9A-Za-z-]*$/.test(form.replace(PLACE, ""))))
    throw bad("contains a character that a Key Vault name cannot have");
  return template;
}

/** How vals names a vault: short in the public cloud, by its host elsewhere. */
function hostName(url: string): string {
  const { host } = new URL(url);
  return host.endsWith(PUBLIC) ? host.slice(0, -PUBLIC.length) : host;
}

function splitPath(path: string): SecretName | null {
  const [name = "", version, ...more] = path.split("/");
  if (!NAME.test(name) || more.length > 0) return null;
  if (version !== undefined && !VERSION.test(version)) return null;
  return { name, version: version ?? null };
}

function part(text: string, which: string): string {
  const refuse = (why: string): UnsprawlError =>
    new UnsprawlError("refused", `the name of this {${which}} ${why}`, cmd`rename it, or leave {${which}} out of name`);
  if (text === "") throw refuse("is empty");
  if (!text.isWellFormed()) throw refuse("is not valid Unicode");
  return Array.from(text, letter).join("");
}

/** Exact if the tags say so; a known subject shows where the variable's name begins. */
function unmapped(template: string, name: string, was: Partial<KeyNames>): FoundNames {
  const known = tagged(template, name, was);
  if (known !== null) return known;
  const guess = namesInPath(template, name, decoded);
  if (was.name !== undefined) return { ...guess, ...was };
  if (!was.subject?.isWellFormed()) return guess;
  const told = unfillTemplate(template.replaceAll("{subject}", part(was.subject, "subject")), name, decoded);
  return told.name === "" ? guess : { ...told, subject: was.subject };
}

/** What the tags say, if this secret's name is made of it. A project without a tag is the rest of the name. */
function tagged(template: string, name: string, was: Partial<KeyNames>): FoundNames | null {
  const { subject = "", name: variable = "" } = was;
  if ([subject, variable].some((text) => text === "" || !text.isWellFormed())) return null;
  const rest = template.replaceAll("{subject}", part(subject, "subject")).replaceAll("{name}", part(variable, "name"));
  const names = { subject, project: was.project ?? unfillTemplate(rest, name, decoded).project, name: variable };
  if (names.project === "" && templateFor(template, names).includes("{project}")) return null;
  return mappedName(template, names).toLowerCase() === name.toLowerCase() ? names : null;
}

function decoded(text: string): string {
  return text.replace(/-x([0-9a-f]{1,6})-/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function letter(char: string): string {
  if (/^[0-9A-Za-z-]$/.test(char)) return char;
  return char === "_" ? "-" : `-x${(char.codePointAt(0) ?? 0).toString(16)}-`;
}

/** Only names that the template uses distinguish two secrets. */
function differ(template: string, a: KeyNames, b: KeyNames): boolean {
  const [one, other] = [a, b].map((names) => usedIn(templateFor(template, names), names));
  return one !== other;
}

function usedIn(form: string, names: KeyNames): string {
  const used = (["subject", "project", "name"] as const).map((which) =>
    form.includes(`{${which}}`) ? names[which] : null,
  );
  return JSON.stringify(used);
}

function collision(template: string, a: KeyNames, b: KeyNames, name: string): UnsprawlError {
  const both =
    a.name === b.name || (usesSubject(template) && a.subject !== b.subject)
      ? [`${a.name} of ${a.subject}`, `${b.name} of ${b.subject}`]
      : [a.name, b.name];
  return new UnsprawlError(
    "refused",
    `${both.join(" and ")} would both become ${name} in the Key Vault, whose names have only letters, digits and dashes and ignore case`,
    "rename one of them, or put them into different vaults",
  );
}
