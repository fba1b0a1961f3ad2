import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { map, may, mayBeNull, oneOf, text, type SchemaValue } from "../../src/kit/schema/index.ts";
import { checkPath } from "./names.ts";
import { tokenSource } from "./token-source.ts";

/** How to log in. Every credential is a file, read when it is used; a token from the environment likewise. */
export type VaultAuth =
  | { readonly method: "token"; readonly tokenFile: string }
  | { readonly method: "token"; readonly wrappedTokenFile: string }
  /** Of the environment, or where `vault login` keeps it. */
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
      readonly method: "userpass" | "ldap";
      readonly mount: string;
      readonly username: string;
      readonly passwordFile: string;
    }
  /** A person, in a browser on this machine. */
  | { readonly method: "oidc"; readonly mount: string; readonly role?: string }
  /** The identity that AWS, Azure or Google Cloud gives this machine. */
  | {
      readonly method: "aws";
      readonly mount: string;
      readonly role?: string;
      readonly region?: string;
      readonly serverId?: string;
    }
  | { readonly method: "azure"; readonly mount: string; readonly role: string; readonly resource: string }
  | { readonly method: "gcp"; readonly mount: string; readonly role: string; readonly credentialsFile?: string }
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
  ldap: ["username", "passwordFile", "mount"],
  cert: ["certFile", "keyFile", "name", "mount"],
  oidc: ["role", "mount"],
  aws: ["role", "region", "serverId", "mount"],
  azure: ["role", "resource", "mount"],
  gcp: ["role", "credentialsFile", "mount"],
};
const METHODS = Object.keys(AUTH_KEYS) as AuthMethod[];

/** `auth` of a store: the keys of all methods, of which `readAuth` accepts those of one. */
export const AUTH = map(
  {
    method: mayBeNull(METHODS.join(", "), oneOf(METHODS, "is not one that unsprawl knows")),
    tokenFile: may("the file of a token", text()),
    wrappedTokenFile: may("the file of a response-wrapping token for a token", text()),
    roleIdFile: mayBeNull("the file of the role's id", text()),
    secretIdFile: may("the file of the secret id", text()),
    wrappedSecretIdFile: may("the file of a response-wrapping token for a secret id", text()),
    role: mayBeNull("the role to log in as", text()),
    jwtFile: mayBeNull("the file of the JWT; with kubernetes that of the pod", text()),
    username: mayBeNull("the user's name", text()),
    passwordFile: mayBeNull("the file of the user's password", text()),
    certFile: mayBeNull("the client certificate (PEM)", text()),
    keyFile: mayBeNull("its private key (PEM)", text()),
    name: mayBeNull("the certificate role", text()),
    region: mayBeNull("with aws: the region of STS, where the Vault uses regional ones", text()),
    serverId: mayBeNull("with aws: the Vault's iam_server_id_header_value", text()),
    resource: mayBeNull("with azure: the resource that the Vault's configuration names", text()),
    credentialsFile: mayBeNull("with gcp: a service account's key", text()),
    mount: mayBeNull("where the auth method is mounted", text()),
  },
  "auth: { method: token, tokenFile: … }",
);

type VaultAuthGiven = SchemaValue<typeof AUTH>;

/** Where Kubernetes mounts a pod's token. */
const POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The `auth` of a store's configuration; without one the token in the environment. Throws `config`. */
export function readAuth(auth: VaultAuthGiven | null, { env, dir }: ProviderContext): VaultAuth {
  if (auth === null) return environmentToken(env);
  const method = methodOf(auth);
  const word = (key: keyof VaultAuthGiven): string => {
    const found = auth[key] ?? null;
    if (found === null)
      throw new UnsprawlError("config", `auth.${key} is missing`, cmd`auth: { method: ${method}, ${key}: … }`);
    return found;
  };
  const file = (key: keyof VaultAuthGiven, usual: string | null = null): string => {
    const name = auth[key] ?? usual;
    if (name === null) throw new UnsprawlError("config", `auth.${key} is missing`, `name the file that holds it`);
    const path = resolve(dir, name);
    if (existsSync(path)) return path;
    throw new UnsprawlError(
      "config",
      `auth.${key}: there is no file ${path}`,
      "write it there (0600), or name another",
    );
  };
  const either = (plain: keyof VaultAuthGiven, wrapped: keyof VaultAuthGiven): boolean => {
    if (auth[plain] !== undefined && auth[wrapped] !== undefined)
      throw new UnsprawlError("config", `auth.${plain} and auth.${wrapped} are both set`, "leave one of them out");
    return auth[wrapped] !== undefined;
  };
  if (method === "token") {
    if (either("tokenFile", "wrappedTokenFile")) return { method, wrappedTokenFile: file("wrappedTokenFile") };
    return auth.tokenFile === undefined ? environmentToken(env) : { method, tokenFile: file("tokenFile") };
  }
  const mount = checkPath(auth.mount ?? method, "auth.mount");
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
    case "ldap":
      return { method, mount, username: userName(word("username"), method), passwordFile: file("passwordFile") };
    case "oidc":
      return { method, mount, ...(auth.role == null ? {} : { role: auth.role }) };
    case "aws": {
      const { role, region, serverId } = auth;
      if (region != null && !/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region))
        throw new UnsprawlError("config", "auth.region is not a region of AWS", "such as eu-central-1");
      if (serverId != null && !/^[\x21-\x7e]+$/.test(serverId))
        throw new UnsprawlError("config", "auth.serverId is not one word", "the Vault's iam_server_id_header_value");
      const given = Object.entries({ role, region, serverId }).filter(([, text]) => text != null);
      return { method, mount, ...Object.fromEntries(given) };
    }
    case "azure":
      return { method, mount, role: word("role"), resource: word("resource") };
    case "gcp": {
      const key = auth.credentialsFile == null ? {} : { credentialsFile: file("credentialsFile") };
      return { method, mount, role: word("role"), ...key };
    }
    case "cert": {
      const name = auth.name ?? null;
      const pair = { certFile: file("certFile"), keyFile: file("keyFile") };
      return { method, mount, ...pair, ...(name === null ? {} : { name }) };
    }
  }
}

/** The method, if no key beside it belongs to another. */
function methodOf(auth: VaultAuthGiven): AuthMethod {
  const method = auth.method ?? "token";
  const known = ["method", ...AUTH_KEYS[method]];
  const strange = Object.keys(auth).find((key) => !known.includes(key));
  if (strange === undefined) return method;
  const owners = METHODS.filter((one) => AUTH_KEYS[one].includes(strange));
  throw new UnsprawlError(
    "config",
    `auth.${strange} does not go with method ${method}`,
    cmd`it belongs to ${bare(owners.join(", "))}; the keys of ${method}: ${bare(known.join(", "))}`,
  );
}

function environmentToken(env: NodeJS.ProcessEnv): VaultAuth {
  if (tokenSource(env) !== null) return { method: "token" };
  throw new UnsprawlError(
    "config",
    "no Vault token: VAULT_TOKEN is not set and there is no ~/.vault-token",
    "vault login (or bao login), or set auth in the store's configuration",
  );
}

/** What a name may be: it becomes a part of the login's path. */
const NAMES = {
  userpass: { form: /^(?!\.+$)[\w.-]+$/, says: "letters, digits, - _ and ." },
  // A directory's people have spaces and umlauts.
  ldap: { form: /^(?!\.+$)(?!\s)[^/\p{Cc}]+$/u, says: "a name without / and control characters" },
};

function userName(name: string, method: keyof typeof NAMES): string {
  const { form, says } = NAMES[method];
  if (form.test(name)) return name;
  throw new UnsprawlError("config", `auth.username is not one that ${method} takes`, says);
}
