import { withBackoff, type Attempt } from "../../src/kit/net/backoff.ts";
import { HttpClient, type HttpRequest } from "../../src/kit/net/client.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { answerOf, GcpFailure, noAnswer } from "./answer.ts";
import { readCredential, signedJwt, type GcpAuth, type GcpCredential } from "../../src/stores-kit/google-login.ts";
import { gcpConnectionError } from "./errors.ts";

/** What a request carries. */
export type GcpToken = { readonly token: string; readonly quotaProject: string | null };

export type GcpLogin = {
  /** A token that is valid for a while. */
  token(): Promise<GcpToken>;
  /** Another one, after the service refused this one. */
  renewed(refused: GcpToken): Promise<GcpToken>;
};

/** In every assertion, wherever it is sent: "this value is always". */
const AUDIENCE = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const ATTEMPT_MS = 10_000;
/** A token is renewed this long before its end, or at half of its time. */
const EARLY_MS = 60_000;
const LIMIT = 65_536;
const PATIENCE = { firstMs: 250, longestMs: 4000, attempts: 3, withinMs: 20_000 };

/** Logs in on the first call, and again before a token ends. */
export function gcpLogin(auth: GcpAuth, env: NodeJS.ProcessEnv): GcpLogin {
  let current: { readonly granted: Promise<Granted> } | null = null;
  const login = (): Promise<Granted> => {
    const one = {
      granted: readCredential(auth, env).then((credential) => granted(credential, env)),
    };
    current = one;
    one.granted.catch(() => {
      if (current === one) current = null;
    });
    return one.granted;
  };
  const token = async (): Promise<GcpToken> => {
    const held = await (current?.granted ?? login());
    return held.until <= Date.now() ? login() : held;
  };
  return {
    token,
    renewed: async (refused) => {
      const held = await current?.granted.catch(() => null);
      return held === undefined || held === null || held.token === refused.token ? login() : held;
    },
  };
}

/** `until`: when to ask for another. */
type Granted = GcpToken & { readonly until: number };

async function granted(credential: GcpCredential, env: NodeJS.ProcessEnv): Promise<Granted> {
  const quotaProject = credential.kind === "authorized_user" ? credential.quotaProject : null;
  if (credential.kind === "token") return { token: credential.token, quotaProject, until: Infinity };
  const body = await ask(credential, env);
  const { access_token: token, expires_in: seconds } = body;
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token) && typeof seconds === "number")
    return { token, quotaProject, until: Date.now() + Math.max(seconds * 1000 - EARLY_MS, seconds * 500) };
  throw gcpConnectionError("NOT_JSON", serverOf(credential), "the login's token_uri");
}

type Asking = Exclude<GcpCredential, { readonly kind: "token" }>;

async function ask(credential: Asking, env: NodeJS.ProcessEnv): Promise<{ readonly [key: string]: unknown }> {
  // A machine's own server is behind no proxy.
  const proxy = credential.kind === "machine" ? null : env;
  const client = new HttpClient({
    route: () => ({ reach: NAMED, proxy }),
    sockets: 0,
    wholeMs: ATTEMPT_MS,
  });
  const attempt = async (): Promise<Attempt<{ readonly [key: string]: unknown }>> => {
    const answer = await client.read(requestOf(credential), LIMIT).then(answerOf, noAnswer);
    if (!(answer instanceof GcpFailure)) return { done: answer.body };
    const give = (): never => {
      throw loginError(answer, credential);
    };
    const passes = answer.unsure || answer.status === 429;
    return passes && credential.kind !== "machine" ? { askedMs: answer.retryAfter, give } : give();
  };
  return withBackoff(attempt, PATIENCE).finally(() => client.close());
}

function requestOf(credential: Asking): HttpRequest {
  if (credential.kind === "machine")
    return { method: "GET", url: new URL("token", credential.account), headers: { "Metadata-Flavor": "Google" } };
  const url = credential.tokenUrl;
  const form =
    credential.kind === "service_account"
      ? {
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: assertionOf(credential),
        }
      : {
          ...{ grant_type: "refresh_token", refresh_token: credential.refreshToken },
          ...{ client_id: credential.clientId, client_secret: credential.clientSecret },
        };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { method: "POST", url, headers, body: new URLSearchParams(form).toString() };
}

/** Source: developers.google.com, "Using OAuth 2.0 for server to server applications". */
function assertionOf(account: Asking & { kind: "service_account" }): string {
  const now = Math.floor(Date.now() / 1000);
  return signedJwt(account, { iss: account.email, scope: SCOPE, aud: AUDIENCE, iat: now, exp: now + 3600 });
}

function serverOf(credential: Asking): string {
  return credential.kind === "machine" ? credential.from : `the login server ${credential.tokenUrl.origin}`;
}

function loginError({ status, code }: GcpFailure, credential: Asking): UnsprawlError {
  const at = serverOf(credential);
  if (credential.kind === "machine" && (status === 0 || status === 404))
    return new UnsprawlError(
      "denied",
      "there is no login for Google Cloud here",
      "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a service account's key",
      code || String(status),
    );
  if (status === 0) return gcpConnectionError(code, at, "token_uri");
  if (status === 429) return new UnsprawlError("throttled", `${at} asks to slow down`, "try again in a minute", "429");
  if (status >= 500)
    return new UnsprawlError("unreachable", `${at} cannot answer now`, "try again later", String(status));
  const hint =
    credential.kind === "service_account"
      ? cmd`gcloud iam service-accounts keys list --iam-account ${credential.email} shows whether the key is still there; check this machine's clock too`
      : "gcloud auth application-default login";
  return new UnsprawlError("denied", `${at} does not accept the login in ${credential.from}`, hint, String(status));
}
