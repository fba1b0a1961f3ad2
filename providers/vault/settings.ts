import { resolve } from "node:path";
import * as v from "valibot";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { map, may, mayBeNull, parse, says, text } from "../../src/kit/schema/index.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { AUTH, readAuth, type VaultAuth } from "./auth-settings.ts";
import { variable } from "./variable.ts";
import { checkPath, checkTemplate } from "./names.ts";

export type VaultSettings = {
  readonly address: string;
  readonly mount: string;
  /** Template of the path below the mount. */
  readonly path: string;
  readonly namespace: string | null;
  readonly caCert: string | null;
  readonly kvVersion: 1 | 2 | null;
  readonly auth: VaultAuth;
};

export const VAULT = {
  address: mayBeNull("https://host:8200; without it VAULT_ADDR or BAO_ADDR", text()),
  mount: mayBeNull("the KV mount, or one of the database engine: secret", text()),
  path: mayBeNull(
    "where a container's secret goes below the mount: apps/{project/}{subject}, where {project/} is the Compose project or the stack and a slash, for a subject that has one",
    text(),
  ),
  namespace: mayBeNull("the namespace; without it VAULT_NAMESPACE or BAO_NAMESPACE", text()),
  caCert: mayBeNull(
    "the file of the CA that signed the server's certificate; without it VAULT_CACERT or BAO_CACERT",
    text(),
  ),
  auth: mayBeNull(
    "{ method: token, tokenFile }, { method: approle, roleIdFile, secretIdFile }, { method: jwt, role, jwtFile }, { method: kubernetes, role, jwtFile }, { method: userpass, username, passwordFile }, { method: ldap, username, passwordFile }, { method: oidc, role }, { method: aws, role, region, serverId }, { method: azure, role, resource }, { method: gcp, role, credentialsFile } or { method: cert, certFile, keyFile, name }, each but token with its mount; wrappedTokenFile and wrappedSecretIdFile for response-wrapping tokens; without it VAULT_TOKEN or BAO_TOKEN, or the token that vault login keeps (token helper, ~/.vault-token)",
    AUTH,
  ),
  kvVersion: may(
    "1 or 2, for a token that may not read the mount's version",
    v.picklist([1, 2], says("must be 1 or 2", "leave it out: unsprawl asks the mount")),
  ),
};

/** The settings of a store: its keys first, then the ecosystem's variables. Throws `config`. */
export function readSettings(config: { readonly [key: string]: Json }, context: ProviderContext): VaultSettings {
  const { env, dir } = context;
  const given = parse(map(VAULT), config, "");
  mustVerify(env);
  const address = given.address ?? variable(env, "ADDR")?.value;
  if (address === undefined)
    throw new UnsprawlError(
      "config",
      "Vault's address is not set",
      "set VAULT_ADDR, or address in the store's configuration",
    );
  const caCert = given.caCert ?? variable(env, "CACERT")?.value ?? null;
  const namespace = given.namespace ?? variable(env, "NAMESPACE")?.value ?? "";
  const settings: VaultSettings = {
    address: origin(address),
    mount: checkPath(given.mount ?? "secret", "mount"),
    path: checkTemplate(given.path ?? "apps/{project/}{subject}"),
    namespace: /^\/*$/.test(namespace) ? null : checkPath(namespace, "namespace"),
    caCert: caCert === null ? null : resolve(dir, caCert),
    kvVersion: given.kvVersion ?? null,
    auth: readAuth(given.auth ?? null, context),
  };
  if (settings.namespace === null && new URL(settings.address).hostname.endsWith(".hashicorp.cloud"))
    throw new UnsprawlError(
      "config",
      "a Vault of HCP lets nobody into its root namespace",
      "set VAULT_NAMESPACE=admin, or namespace in the store's configuration",
    );
  if (settings.auth.method === "cert" && !settings.address.startsWith("https:"))
    throw new UnsprawlError("config", "a client certificate cannot be used without TLS", "use https:// in the address");
  return settings;
}

function mustVerify(env: NodeJS.ProcessEnv): void {
  for (const name of ["VAULT_SKIP_VERIFY", "BAO_SKIP_VERIFY"]) {
    if (!env[name] || ["0", "false"].includes(env[name])) continue;
    throw new UnsprawlError(
      "config",
      `${name} is set: anyone on the network path could read the secrets and the token`,
      "unset it, and name the server's CA by VAULT_CACERT or caCert",
    );
  }
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: VaultSettings): { readonly [key: string]: Json } {
  const { address, mount, path, namespace, caCert, kvVersion, auth } = settings;
  const ofEnvironment = Object.keys(auth).length === 1;
  return {
    address,
    mount,
    path,
    ...(namespace === null ? {} : { namespace }),
    ...(caCert === null ? {} : { caCert }),
    ...(kvVersion === null ? {} : { kvVersion }),
    ...(ofEnvironment ? {} : { auth: { ...auth } }),
  };
}

/** Scheme, host and port; a path before the API stays. */
function origin(address: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `Vault's address ${why}`, "the form is https://host:8200");
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw bad("is not a URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw bad("must begin with https://");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw bad("holds more than a host and a path");
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
