import { existsSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { formed, map, mayBeNull, oneOf, parse, says, text, type EntryValues } from "../../src/kit/schema/index.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { checkTemplate } from "./names.ts";

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

const TEXT = text(says("must be text", "in quotes where YAML would read something else"));
const BAD_GROUPS = says("must be a list of names of groups", "groups: [api]");

const IDENTITY = {
  certFile: mayBeNull("the client certificate (PEM) of an automation client; with keyFile", TEXT),
  keyFile: mayBeNull("its private key (PEM)", TEXT),
  p12File: mayBeNull("certificate and key as one PKCS#12 file, in place of certFile and keyFile", TEXT),
  p12PasswordFile: mayBeNull("the file that holds the password of p12File", TEXT),
};

export const KEYWHIZ = {
  url: mayBeNull("https://host:4444; without it KEYWHIZ_URL", TEXT),
  ...IDENTITY,
  caFile: mayBeNull("the CA that signed the server's certificate; without it those of the system", TEXT),
  groups: mayBeNull(
    "groups of the clients that the applications read with; each new secret is granted to them, and a missing group is created",
    v.array(formed(/^[^\s/]{1,255}$/, says("is not the name of a group", "groups: [api]")), BAD_GROUPS),
  ),
  name: mayBeNull("the name of a secret: {project..}{subject}.{name}", TEXT),
  delivery: mayBeNull(
    "automation, or client: reads what is granted to this certificate's client, and writes nothing",
    oneOf(["automation", "client"], "is not one that unsprawl knows", "automation or client"),
  ),
  reader: mayBeNull(
    "{ certFile, keyFile } or { p12File, p12PasswordFile } of a client that only reads, for the OCI runtime",
    map(IDENTITY, "reader: { certFile: …, keyFile: … }"),
  ),
};

type IdentityGiven = EntryValues<typeof IDENTITY>;

/** The settings of a store. Throws `config` with the key that is missing or wrong. */
export function readSettings(
  config: { readonly [key: string]: Json | undefined },
  { env, dir }: ProviderContext,
): KeywhizSettings {
  const given = parse(map(KEYWHIZ), config, "");
  const url = given.url ?? env["KEYWHIZ_URL"] ?? "";
  if (url === "")
    throw new UnsprawlError(
      "config",
      "the url of the Keywhiz server is not set",
      "set KEYWHIZ_URL, or url in the store's configuration",
    );
  return {
    url: origin(url),
    caFile: file(given.caFile, "caFile", dir),
    identity: identityOf(given, dir, ""),
    groups: [...new Set(given.groups)],
    name: checkTemplate(given.name ?? "{project..}{subject}.{name}"),
    delivery: given.delivery ?? "automation",
    reader: given.reader ? identityOf(given.reader, dir, "reader.") : null,
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

function identityOf(given: IdentityGiven, dir: string, at: string): Identity {
  const of = (key: keyof IdentityGiven): string | null => file(given[key], `${at}${key}`, dir);
  const [certFile, keyFile] = [of("certFile"), of("keyFile")];
  const [p12File, p12PasswordFile] = [of("p12File"), of("p12PasswordFile")];
  if (p12File && (certFile || keyFile))
    throw new UnsprawlError("config", `both ${at}p12File and ${at}certFile are set`, "leave one of them out");
  if (p12File) return { kind: "p12", p12File, p12PasswordFile };
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

function file(name: string | null | undefined, at: string, dir: string): string | null {
  if (name === null || name === undefined) return null;
  const path = resolve(dir, name);
  if (existsSync(path)) return path;
  throw new UnsprawlError("config", `${at}: there is no file ${path}`, "write it there (0600), or name another");
}
