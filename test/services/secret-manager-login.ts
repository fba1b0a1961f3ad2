import { createPublicKey, generateKeyPairSync, randomBytes, verify, type KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { objectOf, Refusal, type Answer } from "./key-vault-answers.ts";

/** IAM's permissions of Secret Manager, without `secretmanager.`. */
export type Permission =
  | `secrets.${"create" | "get" | "update" | "delete" | "list"}`
  | `versions.${"access" | "add" | "get" | "list" | "enable" | "disable" | "destroy"}`;

export type Account = {
  readonly email: string;
  readonly permissions: readonly Permission[];
  readonly keyId: string;
  /** As in a key file. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
  /** As in the file of a person's login. */
  readonly user: { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
};

/** Gives tokens, as Google's token endpoint and a machine's metadata server, and knows who has which. */
export type GoogleLogin = {
  answer(request: LoginAsked): Answer;
  /** Whose token this is. Throws the service's refusal. */
  caller(authorization: string | undefined): Account;
  /** Every token given out. */
  readonly tokens: string[];
  /** How the tokens were asked for: `jwt-bearer`, `refresh_token`, `metadata`. */
  readonly grants: string[];
  expire(): void;
  /** Who this machine is; null: there is no metadata server. */
  machine: Account | null;
};

type LoginAsked = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** Of every assertion, as Google's documentation has it and its libraries send it. */
const AUDIENCE = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
export const TOKEN_PATH = "/token";
const METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token";

export function makeAccount(name: string, projectId: string, permissions: readonly Permission[]): Account {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const any = (length: number): string => randomBytes(length).toString("hex");
  return {
    email: `${name}@${projectId}.iam.gserviceaccount.com`,
    ...{ permissions, keyId: any(20), privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString() },
    publicKey: createPublicKey(privateKey),
    user: { clientId: `${any(6)}.apps.googleusercontent.com`, clientSecret: any(12), refreshToken: `1//${any(30)}` },
  };
}

export function createLogin(accounts: readonly Account[], tokenSeconds: number): GoogleLogin {
  const held = new Map<string, { readonly account: Account; until: number }>();
  const login: GoogleLogin = {
    tokens: [],
    grants: [],
    machine: null,
    expire: () => held.forEach((one) => (one.until = 0)),
    caller(authorization) {
      const bearer = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
      const found = held.get(bearer ?? "");
      if (bearer === undefined) throw denied(401, "CREDENTIALS_MISSING");
      if (found === undefined || found.until < Date.now()) throw denied(401, "ACCESS_TOKEN_EXPIRED");
      return found.account;
    },
    answer({ method, path, headers, body }) {
      const grant = (how: string, account: Account): Answer => {
        const token = `ya29.${randomBytes(60).toString("base64url")}`;
        held.set(token, { account, until: Date.now() + tokenSeconds * 1000 });
        login.tokens.push(token);
        login.grants.push(how);
        return { status: 200, body: { access_token: token, expires_in: tokenSeconds, token_type: "Bearer" } };
      };
      if (path === METADATA_PATH) {
        if (login.machine === null) throw new Refusal({ status: 404 });
        // A page in a browser cannot send it.
        if (method !== "GET" || headers["metadata-flavor"] !== "Google") throw new Refusal({ status: 403 });
        return { ...grant("metadata", login.machine), headers: { "Metadata-Flavor": "Google" } };
      }
      if (path !== TOKEN_PATH) throw new Refusal({ status: 404 });
      if (method !== "POST" || headers["content-type"]?.startsWith("application/x-www-form-urlencoded") !== true)
        throw invalid("invalid_request", "Could not determine client ID from request.");
      const form = new URLSearchParams(body);
      const kind = form.get("grant_type") ?? "";
      if (kind === "urn:ietf:params:oauth:grant-type:jwt-bearer")
        return grant("jwt-bearer", signerOf(form.get("assertion") ?? "", accounts));
      if (kind !== "refresh_token") throw invalid("unsupported_grant_type", `Invalid grant_type: ${kind}`);
      return grant(kind, personOf(form, accounts));
    },
  };
  return login;
}

/** Checks a JWT as the token endpoint does: signature, audience, times, scope. */
function signerOf(assertion: string, accounts: readonly Account[]): Account {
  const [head = "", claims = "", signature = ""] = assertion.split(".");
  const [header, said] = [head, claims].map((text) => jsonOf(Buffer.from(text, "base64url").toString("utf8")));
  const account = accounts.find(({ email }) => email === said?.["iss"]);
  if (header?.["alg"] !== "RS256" || header["typ"] !== "JWT") throw invalid("invalid_grant", "Invalid JWT.");
  if (account === undefined) throw invalid("invalid_grant", "Invalid grant: account not found");
  const signed = Buffer.from(`${head}.${claims}`);
  const isSigned = verify("sha256", signed, account.publicKey, Buffer.from(signature, "base64url"));
  if (!isSigned || header["kid"] !== account.keyId) throw invalid("invalid_grant", "Invalid JWT Signature.");
  const now = Date.now() / 1000;
  const [iat, exp] = [Number(said?.["iat"]), Number(said?.["exp"])];
  if (!(iat <= now + 300 && exp > now - 300 && exp - iat <= 3600))
    throw invalid(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
    );
  if (said?.["aud"] !== AUDIENCE) throw invalid("invalid_grant", "Invalid JWT: Failed audience check.");
  if (!String(said["scope"]).split(" ").includes(SCOPE)) throw invalid("invalid_scope", "Invalid OAuth scope.");
  return account;
}

function personOf(form: URLSearchParams, accounts: readonly Account[]): Account {
  const account = accounts.find(({ user }) => user.clientId === form.get("client_id"));
  if (account === undefined || form.get("client_secret") !== account.user.clientSecret)
    throw invalid("invalid_client", "The provided client secret is invalid.", 401);
  if (form.get("refresh_token") !== account.user.refreshToken) throw invalid("invalid_grant", "Bad Request");
  return account;
}

function jsonOf(text: string): { readonly [key: string]: unknown } | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A refusal as the token endpoint forms it (RFC 6749, 5.2). */
function invalid(error: string, error_description: string, status = 400): Refusal {
  return new Refusal({ status, body: { error, error_description } });
}

function denied(status: 401, reason: string): Refusal {
  return rpcRefusal(status, "UNAUTHENTICATED", "Request had invalid authentication credentials.", {
    ...{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com" },
    metadata: { service: "secretmanager.googleapis.com" },
  });
}

/** A refusal in the form of Google's APIs (google.rpc.Status as JSON). */
export function rpcRefusal(status: number, code: string, message: string, ...details: readonly object[]): Refusal {
  const error = { code: status, message, status: code, ...(details.length === 0 ? {} : { details }) };
  return new Refusal({ status, body: { error } });
}
