import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { homeOf } from "../../src/kit/home.ts";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { nearest } from "../../src/kit/text/nearest.ts";
import { text, variable } from "./given.ts";
import { checkPath } from "./names.ts";

/** How to be let in. Every credential is a file, read when it is used; a token of the environment likewise. */
export type VaultAuth =
  | { readonly method: "token"; readonly tokenFile: string }
  | { readonly method: "token"; readonly wrappedTokenFile: string }
  /** Of the environment, or `~/.vault-token`. */
  | { readonly method: "token" }
  | ({ readonly method: "approle"; readonly mount: string; readonly roleIdFile: string } & (
      | { readonly secretIdFile: string }
      | { readonly wrappedSecretIdFile: string }
    ))
  | {
      readonly method: "jwt" | "kubernetes";
      readonly mount: string;
      readonly role: string;
      readonly jwtFile: string;
    }
  | {
      readonly method: "userpass";
      readonly mount: string;
      readonly username: string;
      readonly passwordFile: string;
    }
  | {
      readonly method: "cert";
      readonly mount: string;
      readonly certFile: string;
      readonly keyFile: string;
      readonly name?: string;
    };

export type AuthMethod = VaultAuth["method"];

/** The keys of each method, beside `method` itself. */
const AUTH_KEYS: { readonly [method in AuthMethod]: readonly string[] } = {
  token: ["tokenFile", "wrappedTokenFile"],
  approle: ["roleIdFile", "secretIdFile", "wrappedSecretIdFile", "mount"],
  jwt: ["role", "jwtFile", "mount"],
  kubernetes: ["role", "jwtFile", "mount"],
  userpass: ["username", "passwordFile", "mount"],
  cert: ["certFile", "keyFile", "name", "mount"],
};

/** Where Kubernetes puts a pod's own token. */
const POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The `auth` of a store's configuration; without one the token of the environment. Throws `config`. */
export function readAuth(given: Json | undefined, { env, dir }: ProviderContext): VaultAuth {
  if (given === undefined || given === null) return environmentToken(env);
  if (typeof given !== "object" || Array.isArray(given))
    throw new UnsprawlError("config", "auth must be a map", "auth: { method: token, tokenFile: … }");
  const auth = given as { readonly [key: string]: Json };
  const method = methodOf(auth);
  const word = (key: string): string => {
    const found = text(auth, key, "auth.");
    if (found === null)
      throw new UnsprawlError("config", `auth.${key} is missing`, cmd`auth: { method: ${method}, ${key}: … }`);
    return found;
  };
  const file = (key: string, usual: string | null = null): string => {
    const name = text(auth, key, "auth.") ?? usual;
    if (name === null) throw new UnsprawlError("config", `auth.${key} is missing`, `name the file that holds it`);
    const path = resolve(dir, name);
    if (existsSync(path)) return path;
    throw new UnsprawlError(
      "config",
      `auth.${key}: there is no file ${path}`,
      "write it there (0600), or name another",
    );
  };
  const either = (plain: string, wrapped: string): boolean => {
    if (auth[plain] !== undefined && auth[wrapped] !== undefined)
      throw new UnsprawlError("config", `auth.${plain} and auth.${wrapped} are both set`, "leave one of them out");
    return auth[wrapped] !== undefined;
  };
  if (method === "token") {
    if (either("tokenFile", "wrappedTokenFile")) return { method, wrappedTokenFile: file("wrappedTokenFile") };
    return auth["tokenFile"] === undefined ? environmentToken(env) : { method, tokenFile: file("tokenFile") };
  }
  const mount = checkPath(text(auth, "mount", "auth.") ?? method, "auth.mount");
  switch (method) {
    case "approle": {
      const role = { method, mount, roleIdFile: file("roleIdFile") };
      return either("secretIdFile", "wrappedSecretIdFile")
        ? { ...role, wrappedSecretIdFile: file("wrappedSecretIdFile") }
        : { ...role, secretIdFile: file("secretIdFile") };
    }
    case "jwt":
    case "kubernetes":
      return { method, mount, role: word("role"), jwtFile: file("jwtFile", method === "jwt" ? null : POD_TOKEN) };
    case "userpass":
      return { method, mount, username: userName(word("username")), passwordFile: file("passwordFile") };
    case "cert": {
      const name = text(auth, "name", "auth.");
      const pair = { certFile: file("certFile"), keyFile: file("keyFile") };
      return { method, mount, ...pair, ...(name === null ? {} : { name }) };
    }
  }
}

/** The method, with no key beside it that belongs to another or to none. */
function methodOf(auth: { readonly [key: string]: Json }): AuthMethod {
  const given = text(auth, "method", "auth.") ?? "token";
  const methods = Object.keys(AUTH_KEYS);
  if (!isMethod(given)) {
    const near = nearest(given, methods);
    throw new UnsprawlError(
      "config",
      "auth.method is not one that unsprawl knows",
      near ? cmd`did you mean ${near}?` : methods.join(", "),
    );
  }
  const known = ["method", ...AUTH_KEYS[given]];
  for (const key of Object.keys(auth)) {
    if (known.includes(key)) continue;
    const owners = methods.filter((one) => isMethod(one) && AUTH_KEYS[one].includes(key));
    if (owners.length > 0)
      throw new UnsprawlError(
        "config",
        `auth.${key} does not go with method ${given}`,
        cmd`it belongs to ${bare(owners.join(", "))}; the keys of ${given}: ${bare(known.join(", "))}`,
      );
    const near = nearest(key, known);
    throw new UnsprawlError(
      "config",
      `unknown key auth.${key}`,
      near ? cmd`did you mean auth.${near}?` : cmd`known keys: ${bare(known.join(", "))}`,
    );
  }
  return given;
}

function isMethod(name: string): name is AuthMethod {
  return Object.hasOwn(AUTH_KEYS, name);
}

function environmentToken(env: NodeJS.ProcessEnv): VaultAuth {
  const file = join(homeOf(env), ".vault-token");
  if (variable(env, "TOKEN") !== null || existsSync(file)) return { method: "token" };
  throw new UnsprawlError(
    "config",
    "no Vault token: VAULT_TOKEN is not set and there is no ~/.vault-token",
    "vault login (or bao login), or set auth in the store's configuration",
  );
}

/** It becomes a part of the login's path. */
function userName(name: string): string {
  if (/^[\w.-]+$/.test(name) && !/^\.+$/.test(name)) return name;
  throw new UnsprawlError("config", "auth.username is not one that userpass takes", "letters, digits, - _ and .");
}
