import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { nearest } from "../../src/text/nearest.ts";
import { checkPath } from "./names.ts";

/** How to be let in. A token of the environment is read when it is first used. */
export type VaultAuth =
  | { readonly method: "token"; readonly tokenFile: string | null }
  | { readonly method: "approle"; readonly mount: string; readonly roleIdFile: string; readonly secretIdFile: string };

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

export const VAULT_KEYS = {
  address: "https://host:8200; without it VAULT_ADDR",
  mount: "the KV mount: secret",
  path: "where a container's secret goes below the mount: apps/{subject}",
  namespace: "the namespace; without it VAULT_NAMESPACE",
  caCert: "the file of the CA that signed the server's certificate; without it VAULT_CACERT",
  auth: "{ method: token, tokenFile } or { method: approle, roleIdFile, secretIdFile, mount }; without it VAULT_TOKEN or ~/.vault-token",
  kvVersion: "1 or 2, for a token that may not see what the mount is",
} as const;

const AUTH_KEYS = ["method", "tokenFile", "roleIdFile", "secretIdFile", "mount"];

/** The settings of a store, its own keys first and the ecosystem's variables where they say nothing. Throws `config`. */
export function readSettings(config: { readonly [key: string]: Json }, { env, dir }: ProviderContext): VaultSettings {
  if (env["VAULT_SKIP_VERIFY"] && !["0", "false"].includes(env["VAULT_SKIP_VERIFY"])) {
    throw new UnsprawlError(
      "config",
      "VAULT_SKIP_VERIFY is set: anyone on the way could read the secrets and the token",
      "unset it, and name the server's CA by VAULT_CACERT or caCert",
    );
  }
  const address = text(config, "address") ?? env["VAULT_ADDR"] ?? "";
  if (address === "")
    throw new UnsprawlError(
      "config",
      "no address of a Vault",
      "set VAULT_ADDR, or address in the store's configuration",
    );
  const caCert = text(config, "caCert") ?? (env["VAULT_CACERT"] || null);
  const version = config["kvVersion"];
  if (version !== undefined && version !== 1 && version !== 2)
    throw new UnsprawlError("config", "kvVersion must be 1 or 2", "leave it out: the mount is asked");
  return {
    address: origin(address),
    mount: checkPath(text(config, "mount") ?? "secret", "mount"),
    path: checkPath(text(config, "path") ?? "apps/{subject}", "path"),
    namespace: (text(config, "namespace") ?? env["VAULT_NAMESPACE"] ?? "").replace(/^\/+|\/+$/g, "") || null,
    caCert: caCert === null ? null : resolve(dir, caCert),
    kvVersion: version ?? null,
    auth: readAuth(config["auth"], env, dir),
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: VaultSettings): { readonly [key: string]: Json } {
  const { address, mount, path, namespace, caCert, kvVersion, auth } = settings;
  const named = auth.method === "token" && auth.tokenFile === null ? null : auth;
  return {
    address,
    mount,
    path,
    ...(namespace === null ? {} : { namespace }),
    ...(caCert === null ? {} : { caCert }),
    ...(kvVersion === null ? {} : { kvVersion }),
    ...(named === null ? {} : { auth: { ...named } }),
  };
}

function readAuth(given: Json | undefined, env: NodeJS.ProcessEnv, dir: string): VaultAuth {
  if (given === undefined || given === null) return environmentToken(env);
  if (typeof given !== "object" || Array.isArray(given))
    throw new UnsprawlError("config", "auth must be a map", "auth: { method: token, tokenFile: … }");
  const auth = given as { readonly [key: string]: Json };
  for (const key of Object.keys(auth)) {
    if (AUTH_KEYS.includes(key)) continue;
    const near = nearest(key, AUTH_KEYS);
    throw new UnsprawlError(
      "config",
      `unknown key auth.${key}`,
      near ? `did you mean auth.${near}?` : `known keys: ${AUTH_KEYS.join(", ")}`,
    );
  }
  const file = (key: string): string => {
    const name = text(auth, key);
    if (name === null) throw new UnsprawlError("config", `auth.${key} is missing`, `name the file that holds it`);
    const path = resolve(dir, name);
    if (!existsSync(path))
      throw new UnsprawlError(
        "config",
        `auth.${key}: there is no file ${path}`,
        "write it there (0600), or name another",
      );
    return path;
  };
  const method = text(auth, "method") ?? "token";
  if (method === "token")
    return auth["tokenFile"] === undefined ? environmentToken(env) : { method, tokenFile: file("tokenFile") };
  if (method === "approle") {
    return {
      method,
      mount: checkPath(text(auth, "mount") ?? "approle", "auth.mount"),
      roleIdFile: file("roleIdFile"),
      secretIdFile: file("secretIdFile"),
    };
  }
  throw new UnsprawlError("config", "auth.method is not one that unsprawl knows", "token or approle");
}

function environmentToken(env: NodeJS.ProcessEnv): VaultAuth {
  if (env["VAULT_TOKEN"]) return { method: "token", tokenFile: null };
  const file = join(env["HOME"] || homedir(), ".vault-token");
  if (existsSync(file)) return { method: "token", tokenFile: null };
  throw new UnsprawlError(
    "config",
    "no Vault token: VAULT_TOKEN is not set and there is no ~/.vault-token",
    "vault login (or bao login), or set auth in the store's configuration",
  );
}

/** Scheme, host and port; a path in front of the API stays. */
function origin(address: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `the address of the Vault ${why}`, "the form is https://host:8200");
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

function text(config: { readonly [key: string]: Json }, key: string): string | null {
  const value = config[key];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError("config", `${key} must be text`, null);
}
