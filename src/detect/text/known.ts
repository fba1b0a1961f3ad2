import { secretFileKind, type SecretFile } from "../../model/secret-file.ts";
import { decideIn } from "../classify.ts";
import { looksRandom } from "../entropy.ts";
import { humanPassword } from "../names/passwordish.ts";
import { isEvidence, type Evidence } from "../evidence.ts";
import { cleanTexts } from "./clean.ts";
import { ruleById } from "../rules/index.ts";
import { listed } from "./listed.ts";
import { unescaped } from "./unescape.ts";
import { loginFile, type LinePattern } from "./login-files.ts";

/** A secret that stands where this kind of file keeps one; `value` only where it is not the bytes themselves. */
export type KnownHit = {
  readonly found: Evidence;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly value?: string;
};

/** Secrets of a file whose kind says where they stand, beyond what names in it say. Nothing for any other file. */
export function inKnownFile(bytes: Uint8Array, path: string, off: ReadonlySet<string>): readonly KnownHit[] {
  const kind = secretFileKind(path);
  const form = kind === null ? loginFile(path) : FORMS[kind];
  if (form === undefined || form === null) return [];
  // One character a byte, so that places are those of the bytes.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return listed(text.matchAll(form.pattern), (match) => {
    const { value = "", name = form.name } = match.groups ?? {};
    const start = match.index + match[0].lastIndexOf(value);
    if (form.typed === true && !humanPassword(value) && !looksRandom(value, 12)) return [];
    const found = judged(name, Buffer.from(asRead(value), "latin1").toString("utf8"), form, off);
    return found === null ? [] : [{ found, name, start, end: start + value.length }];
  });
}

/** Sources: GNU inetutils, "The .netrc file"; PostgreSQL, "The Password File"; Apache, "Password Formats"; PgBouncer, "Authentication file format"; Postfix, "SASL howto"; npm, "npmrc". */
const FORMS: { readonly [kind in SecretFile]?: LinePattern } = {
  env: {
    pattern: /^[ \t]{0,8}(?:export[ \t]{1,8})?(?<name>[A-Za-z_][\w.]{0,79})=(?<value>[^\r\n]{1,4096})/gm,
    name: "",
    rule: null,
    why: "",
  },
  netrc: {
    pattern: /(?<=\s|^)password[ \t\r\n]{1,8}(?<value>[^\s]{1,512})/g,
    name: "password",
    rule: "password",
    why: "the password of a .netrc file",
  },
  pgpass: {
    pattern: /^(?!#)(?:(?:\\.|[^\\:\r\n]){1,256}:){4}(?<value>[^\r\n]{1,512})/gm,
    name: "password",
    rule: "password",
    why: "the password of a .pgpass file",
  },
  htpasswd: {
    pattern: /^(?!#)[^:\s]{1,255}:(?<value>[^\s:]{4,256})/gm,
    name: "htpasswd",
    rule: "password-hash",
    why: "the password of a .htpasswd file",
  },
  userlist: {
    pattern: /^"[^"\n]{1,64}"[ \t]{1,8}"(?<value>[^"\r\n]{3,256})"/gm,
    name: "password",
    rule: "password",
    why: "the password of a list of PgBouncer's users",
  },
  "sasl-passwd": {
    pattern: /^(?!#)[^\s#]{1,256}[ \t]{1,40}[^\s:]{1,128}:(?<value>[^\s]{3,256})/gm,
    name: "password",
    rule: "password",
    why: "the password for a relay of Postfix",
  },
  npmrc: {
    pattern: /^(?:\/\/[^\s=]{1,256}:)?_auth[ \t]{0,4}=[ \t]{0,4}["']?(?<value>[A-Za-z0-9+/=]{8,1024})/gm,
    name: "_auth",
    rule: "user-password",
    why: "the login of an .npmrc file",
  },
  "git-config": {
    pattern: /^[ \t]{0,8}extraheader[ \t]{0,4}=[ \t]{0,4}["']?(?<value>[^\r\n"']{12,1024})/gim,
    name: "extraheader",
    rule: null,
    why: "",
  },
};

/** What a reader of variables makes of escapes in double quotes. */
function asRead(value: string): string {
  return value.includes("\\") && /^".*"$/.test(value) ? unescaped(value.slice(1, -1)) : value;
}

function judged(name: string, value: string, { rule, why }: LinePattern, off: ReadonlySet<string>): Evidence | null {
  const clean = cleanTexts("named", off);
  const key = `${name}\n${value}`;
  if (rule === null && clean.has(key)) return null;
  const outcome = decideIn(name, value, off);
  if (isEvidence(outcome)) return outcome;
  clean.add(key);
  if (rule === null || off.has(rule) || outcome !== null) return null;
  return { rule, score: 0.9, severity: ruleById(rule)?.severity ?? "high", why: [why], part: value };
}

const FIRST = 48 * 1024;

/** A binary file that is a key store by its name and its first bytes. */
export function inKeystore(bytes: Uint8Array, path: string, off: ReadonlySet<string>): readonly KnownHit[] {
  return secretFileKind(path) === "keystore" && !off.has("keystore") ? keystore(bytes) : [];
}

/**
 * PKCS#12 (RFC 7292: a DER sequence), JKS and JCEKS (Java's own: magic, version, count, then each entry's tag, 1 for a
 * private key). A store that begins with a certificate is a list of those who are trusted.
 */
function keystore(bytes: Uint8Array): KnownHit[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < 64) return [];
  const magic = view.readUInt32BE(0);
  const java = magic === 0xfeedfeed || magic === 0xcececece;
  if (java ? view.readUInt32BE(12) === 2 : view[0] !== 0x30) return [];
  const value = view.toString("base64", 0, Math.min(view.length, FIRST));
  const why = [`a key store (${java ? "Java" : "PKCS#12"})`];
  const found = { rule: "keystore", score: 0.75, severity: "high", why, part: value } as const;
  return [{ found, name: "keystore", start: 0, end: view.length, value }];
}
