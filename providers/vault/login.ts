import type { ProviderContext } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { VaultResponse, VaultSend } from "./transport.ts";
import { cloudIdentity } from "./clouds.ts";
import { credential, environmentToken, password, unwrapper } from "./credentials.ts";
import { isRefusal, statusError } from "./errors.ts";
import { encodePath } from "./names.ts";
import { oidcToken } from "./oidc.ts";
import type { VaultSettings } from "./settings.ts";

/** A token, and how long it is valid: `Infinity` if it does not expire, or if we may not know. */
export type Grant = {
  readonly token: string;
  readonly seconds: number;
  readonly renewable: boolean;
  /** When nothing can be renewed any more, in milliseconds of the epoch; absent if we can log in again, or if it has no end. */
  readonly endsAt?: number;
};

/** How this store logs in. Each call is a new login, with the current files; only unwrapped content is kept. */
export function loginOf(settings: VaultSettings, { env, browse }: LoginContext, send: VaultSend): () => Promise<Grant> {
  const { auth, address } = settings;
  if (auth.method === "token") {
    if ("tokenFile" in auth) return async () => ownToken(await credential(auth.tokenFile), send);
    if (!("wrappedTokenFile" in auth)) return async () => ownToken(await environmentToken(env), send);
    const { wrappedTokenFile } = auth;
    const unwrap = unwrapper(wrappedTokenFile, address, send);
    return async () => ownToken(inner(grantIn(await unwrap())?.token, "token", wrappedTokenFile), send);
  }
  const enter: EnterVault = (path, body, refusal) => enterBy(auth.mount, address, send, path, body, refusal);
  switch (auth.method) {
    case "approle":
      return appRole(auth, enter, (file) => unwrapper(file, address, send));
    case "jwt":
    case "kubernetes": {
      const refusal = {
        what: auth.method === "jwt" ? "JWT" : "Kubernetes",
        why: `the role ${auth.role} does not exist, or does not accept the token: expired, for another audience, or issued to somebody else`,
        hint: cmd`check auth.role, and what is in ${auth.jwtFile}`,
      };
      return async () => enter("login", { role: auth.role, jwt: await credential(auth.jwtFile) }, refusal);
    }
    case "userpass":
    case "ldap": {
      const refusal = {
        what: auth.method === "ldap" ? "LDAP" : "userpass",
        why: `the name or the password is wrong${auth.method === "ldap" ? ", or the Vault does not reach its directory" : ""}`,
        hint: cmd`check auth.username, and write the password to ${auth.passwordFile}`,
      };
      return async () =>
        enter(`login/${encodePath(auth.username)}`, { password: await password(auth.passwordFile) }, refusal);
    }
    case "oidc": {
      const logIn = onceForAll([address, settings.namespace, auth], () => oidcToken(auth, address, browse, send));
      return async () => ownToken(await logIn(), send);
    }
    case "aws":
    case "azure":
    case "gcp":
      return async () => enter("login", await cloudIdentity(auth, env), refusalOf(auth));
    case "cert": {
      const refusal = {
        what: "certificate",
        why: "no role accepts the client's certificate",
        hint: cmd`check auth.name, and the CA, the name and the expiry of ${auth.certFile}`,
      };
      return () => enter("login", auth.name === undefined ? {} : { name: auth.name }, refusal);
    }
  }
}

export type LoginContext = Pick<ProviderContext, "env" | "browse">;

type EnterVault = (path: string, body: { readonly [key: string]: string }, refusal: LoginRefusal) => Promise<Grant>;

/** Logins of persons in this process, which opens a store more than once: nobody is asked twice. */
const logins = new Map<string, Promise<string>>();

/** The login that somebody else did with the same settings; a new one for whom it is of no use any more. */
function onceForAll(settings: unknown, logIn: () => Promise<string>): () => Promise<string> {
  const id = JSON.stringify(settings);
  let used: Promise<string> | null = null;
  return () => {
    const known = logins.get(id);
    if (known !== undefined && known !== used) return (used = known);
    const started = (used = logIn());
    logins.set(id, started);
    started.catch(() => logins.delete(id));
    return started;
  };
}

async function enterBy(
  mount: string,
  address: string,
  send: VaultSend,
  path: string,
  body: { readonly [key: string]: string },
  refusal: LoginRefusal,
): Promise<Grant> {
  const answer = await send("POST", `auth/${encodePath(mount)}/${path}`, null, body);
  const grant = grantIn(answer);
  if (answer.status === 200 && grant !== null) return grant;
  if (!isRefusal(answer)) throw statusError(answer.status, answer.errors, address);
  const enabled = answer.status === 403 ? `; vault auth list shows whether auth/${mount}/ is there` : "";
  throw new UnsprawlError(
    "denied",
    `the Vault at ${address} refuses the ${refusal.what} login: ${refusal.why}`,
    cmd`${bare(refusal.hint)}${bare(enabled)}`,
  );
}

function appRole(
  auth: Extract<VaultSettings["auth"], { method: "approle" }>,
  enter: EnterVault,
  unwrapperOf: (file: string) => ReturnType<typeof unwrapper>,
): () => Promise<Grant> {
  const wrapped = "wrappedSecretIdFile" in auth ? auth.wrappedSecretIdFile : null;
  const unwrap = wrapped === null ? null : unwrapperOf(wrapped);
  const file = "secretIdFile" in auth ? auth.secretIdFile : auth.wrappedSecretIdFile;
  const secretId = async (): Promise<string> =>
    unwrap === null ? credential(file) : inner(dataIn(await unwrap())["secret_id"], "secret id", file);
  return async () => {
    const role_id = await credential(auth.roleIdFile);
    const refusal = {
      what: "AppRole",
      why: "the role id or the secret id is wrong, expired or used up",
      hint: cmd`issue a new secret id${bare(wrapped === null ? "" : ", wrapped")}, and write it to ${file}`,
    };
    return enter("login", { role_id, secret_id: await secretId() }, refusal);
  };
}

function refusalOf(auth: Extract<VaultSettings["auth"], { method: "aws" | "azure" | "gcp" }>): LoginRefusal {
  const why = `no role is bound to the identity of this machine, or the Vault cannot prove it`;
  if (auth.method === "aws")
    return {
      what: "AWS",
      why: `${why}: another server id, another region's STS, or a wrong clock`,
      hint: "aws sts get-caller-identity shows who this is; check auth.role, auth.serverId and auth.region",
    };
  const shown = cmd`vault read ${`auth/${auth.mount}/role/${auth.role}`}`;
  return auth.method === "azure"
    ? {
        what: "Azure",
        why,
        hint: cmd`${bare(shown)} shows what it is bound to; auth.resource must be that of ${bare(cmd`vault read ${`auth/${auth.mount}/config`}`)}`,
      }
    : {
        what: "Google Cloud",
        why: `${why}, or the role is of the other type (iam, gce)`,
        hint: cmd`${bare(shown)} shows its type and what it is bound to`,
      };
}

type LoginRefusal = { readonly what: string; readonly why: string; readonly hint: string };

/** The response of a login, a renewal or an unwrapping. */
export function grantIn({ body }: VaultResponse): Grant | null {
  const given = (body as { auth?: { [key: string]: unknown } | null } | null)?.auth;
  const [token, seconds] = [given?.["client_token"], given?.["lease_duration"]];
  if (typeof token !== "string") return null;
  return {
    token,
    seconds: typeof seconds === "number" && seconds > 0 ? seconds : Infinity,
    renewable: given?.["renewable"] === true,
  };
}

/** A given token: its lease is renewed if it is short, so that a periodic reader does not lose it. */
async function ownToken(token: string, send: VaultSend): Promise<Grant> {
  const answer = await send("GET", "auth/token/lookup-self", token);
  const data = dataIn(answer);
  const number = (key: string): number => (typeof data[key] === "number" ? data[key] : 0);
  const [ttl, period, most] = [number("ttl"), number("period"), number("explicit_max_ttl")];
  const renewable = data["renewable"] === true;
  // Not allowed to look itself up, or without expiry: nothing to renew.
  if (answer.status !== 200 || ttl === 0) return { token, seconds: Infinity, renewable: false };
  const short = ttl < (period || number("creation_ttl")) * (period > 0 ? 0.9 : 0.5);
  const renewed = renewable && short ? await send("POST", "auth/token/renew-self", token, {}).catch(() => null) : null;
  const grant = (renewed === null ? null : grantIn(renewed)) ?? { token, seconds: ttl, renewable };
  if (!renewable) return { ...grant, endsAt: Date.now() + ttl * 1000 };
  return most === 0 ? grant : { ...grant, endsAt: (number("creation_time") + most) * 1000 };
}

function dataIn({ body }: VaultResponse): { readonly [key: string]: unknown } {
  const { data } = (body ?? {}) as { data?: unknown };
  return typeof data === "object" && data !== null ? (data as { readonly [key: string]: unknown }) : {};
}

function inner(value: unknown, what: string, file: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UnsprawlError(
    "config",
    `the wrapping token in ${file} does not hold a ${what}`,
    "wrap the response of the request that issues it, with -wrap-ttl",
  );
}
