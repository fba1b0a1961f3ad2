import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { nearest } from "../../src/kit/text/nearest.ts";
import { checkTemplate } from "./names.ts";

type KeywhizConfigValues = { readonly [key: string]: Json | undefined };

/** The client certificate that Keywhiz knows us by: two PEM files, or one PKCS#12 file. */
export type Identity =
  | { readonly kind: "pem"; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: "p12"; readonly p12File: string; readonly p12PasswordFile: string | null };

export type KeywhizSettings = {
  /** `https://host:4444`, without a slash at its end. */
  readonly url: string;
  readonly identity: Identity;
  readonly caFile: string | null;
  readonly groups: readonly string[];
  /** Template of a secret's name. */
  readonly name: string;
  /** `client` reads what is delivered to it, and writes nothing. */
  readonly delivery: "automation" | "client";
  /** The certificate that the runtime on this host is given; null where none is configured. */
  readonly reader: Identity | null;
};

export const KEYWHIZ_KEYS = {
  url: "https://host:4444; without it KEYWHIZ_URL",
  certFile: "the client certificate (PEM) of an automation client; with keyFile",
  keyFile: "its private key (PEM)",
  caFile: "the CA that signed the server's certificate; without it those of the system",
  p12File: "certificate and key as one PKCS#12 file, in place of certFile and keyFile",
  p12PasswordFile: "the file that holds the password of p12File",
  groups:
    "groups of the clients that the applications read with; each new secret is granted to them, and a missing group is made",
  name: "the name of a secret: {subject}.{name}",
  delivery: "automation, or client: reads what is granted to this certificate's client, and writes nothing",
  reader: "{ certFile, keyFile } or { p12File, p12PasswordFile } of a client that only reads, for the OCI runtime",
} as const;

const IDENTITY_KEYS = ["certFile", "keyFile", "p12File", "p12PasswordFile"];

/** The settings of a store. Throws `config` with the key that is missing or wrong. */
export function readSettings(config: KeywhizConfigValues, { env, dir }: ProviderContext): KeywhizSettings {
  const url = text(config, "url") ?? env["KEYWHIZ_URL"] ?? "";
  if (url === "")
    throw new UnsprawlError("config", "no url of a Keywhiz", "set KEYWHIZ_URL, or url in the store's configuration");
  const caFile = file(config, "caFile", dir, "");
  const delivery = text(config, "delivery") ?? "automation";
  if (delivery !== "automation" && delivery !== "client")
    throw new UnsprawlError("config", "delivery is not one that unsprawl knows", "automation or client");
  const reader = config["reader"];
  return {
    url: origin(url),
    identity: identityOf(config, dir, ""),
    caFile,
    groups: groupsOf(config["groups"]),
    name: checkTemplate(text(config, "name") ?? "{subject}.{name}"),
    delivery,
    reader: reader === undefined || reader === null ? null : readerOf(reader, dir),
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: KeywhizSettings): { readonly [key: string]: Json } {
  const { url, identity, caFile, groups, name, delivery, reader } = settings;
  return {
    url,
    ...identityKeys(identity),
    ...(caFile === null ? {} : { caFile }),
    groups,
    name,
    delivery,
    ...(reader === null ? {} : { reader: identityKeys(reader) }),
  };
}

/** An identity as the configuration writes it. */
function identityKeys(identity: Identity): { readonly [key: string]: string } {
  if (identity.kind === "pem") return { certFile: identity.certFile, keyFile: identity.keyFile };
  const { p12File, p12PasswordFile } = identity;
  return { p12File, ...(p12PasswordFile === null ? {} : { p12PasswordFile }) };
}

function identityOf(config: KeywhizConfigValues, dir: string, at: string): Identity {
  const of = (key: string): string | null => file(config, key, dir, at);
  const [certFile, keyFile, p12File, p12PasswordFile] = IDENTITY_KEYS.map(of);
  if (p12File && (certFile || keyFile))
    throw new UnsprawlError("config", `both ${at}p12File and ${at}certFile are set`, "leave one of them out");
  if (p12File) return { kind: "p12", p12File, p12PasswordFile: p12PasswordFile ?? null };
  if (p12PasswordFile)
    throw new UnsprawlError("config", `${at}p12PasswordFile is set without ${at}p12File`, cmd`set ${at}p12File too`);
  if (certFile && keyFile) return { kind: "pem", certFile, keyFile };
  const missing = certFile ? "keyFile" : keyFile ? "certFile" : "certFile and keyFile";
  throw new UnsprawlError(
    "config",
    `Keywhiz knows its clients by their certificates: ${at}${missing} not set`,
    cmd`set ${at}certFile and ${at}keyFile (PEM), or ${at}p12File and ${at}p12PasswordFile (PKCS#12)`,
  );
}

function readerOf(given: Json, dir: string): Identity {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new UnsprawlError("config", "reader must be a map", "reader: { certFile: …, keyFile: … }");
  for (const key of Object.keys(given)) {
    if (IDENTITY_KEYS.includes(key)) continue;
    const near = nearest(key, IDENTITY_KEYS);
    const hint = near ? cmd`did you mean reader.${near}?` : cmd`known keys: ${bare(IDENTITY_KEYS.join(", "))}`;
    throw new UnsprawlError("config", `unknown key reader.${key}`, hint);
  }
  return identityOf(given as KeywhizConfigValues, dir, "reader.");
}

function groupsOf(given: Json | undefined): readonly string[] {
  if (given === undefined || given === null) return [];
  const isName = (one: unknown): one is string => typeof one === "string" && /^[^\s/]{1,255}$/.test(one);
  if (Array.isArray(given) && given.every(isName)) return [...new Set(given)];
  throw new UnsprawlError("config", "groups must be a list of names of groups", "groups: [api]");
}

function origin(given: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `the url of the Keywhiz ${why}`, "the form is https://host:4444");
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw bad("is not a URL");
  }
  if (url.protocol !== "https:") throw bad("must begin with https://: clients are known by their certificates");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "" || url.pathname !== "/")
    throw bad("holds more than a host and a port");
  return url.origin;
}

function file(config: KeywhizConfigValues, key: string, dir: string, at: string): string | null {
  const name = text(config, key);
  if (name === null) return null;
  const path = resolve(dir, name);
  if (existsSync(path)) return path;
  throw new UnsprawlError("config", `${at}${key}: there is no file ${path}`, "write it there (0600), or name another");
}

function text(config: KeywhizConfigValues, key: string): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError("config", `${key} must be text`, "in quotes where YAML would read something else");
}
