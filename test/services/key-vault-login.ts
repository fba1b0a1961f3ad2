import { constants, randomBytes, randomUUID, verify, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Refusal, answerOf, refusal, type Answer } from "./key-vault-answers.ts";

/** What a client may do; the service's roles are made of these. */
export type Right = "get" | "list" | "set" | "update" | "delete" | "recover" | "purge";

export type VaultClient = {
  /** What `log` and the tests call it. */
  readonly name: string;
  readonly id: string;
  readonly objectId: string;
  readonly secret: string;
  /** What a cluster's issuer would sign for it. */
  readonly federated: string;
  /** Where the certificate is that it may log in with, if a test makes one. */
  readonly certificateFile: string;
  readonly rights: readonly Right[];
};

export type Login = {
  /** How many tokens were given out. */
  readonly count: number;
  /** The authority: discovery and the token endpoint. */
  answer(request: LoginRequest): Answer;
  /** Who a request to the vault is from: throws the challenge for a missing, unknown or expired token. */
  caller(authorization: string | undefined): VaultClient;
  /** Whose token this is, or was; null for none of ours. */
  owner(authorization: string | undefined): VaultClient | null;
  /** Makes every token given out so far invalid. */
  expire(how: Expiry): void;
};

/**
 * `expired` gives the plain challenge, as for a token past its time; `revoked` asks for new claims, which is the one
 * challenge on which the SDK takes a new token instead of its cached one.
 */
export type Expiry = "expired" | "revoked";

type LoginRequest = {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly body: string;
};

type Token = { readonly client: VaultClient; readonly until: number; ended: Expiry | null };

const RESOURCE = "https://vault.azure.net";
const TENANT_ID = "72a1c4f0-5d3e-4b8a-9c67-0e1f2a3b4c5d";

/** The issuer that the vault's messages name; the tenant `adfs` has no number of its own. */
export const ISSUER = `https://sts.windows.net/${TENANT_ID}/`;

/** The authority `ORIGIN/adfs` in the form of AD FS, which MSAL trusts without asking login.microsoftonline.com. */
export function createLogin(origin: string, clients: readonly VaultClient[], tokenSeconds: number): Login {
  const tokens = new Map<string, Token>();
  return {
    get count() {
      return tokens.size;
    },
    answer: (request) =>
      answerOf(() => {
        if (request.path === "/adfs/.well-known/openid-configuration") return discovery(origin, request);
        if (request.path === "/adfs/oauth2/token") return issue(request, clients, tokens, tokenSeconds);
        throw new Refusal({ status: 404 });
      }),
    caller: (authorization) => callerOf(origin, tokens, authorization),
    owner: (authorization) => tokens.get(bearerOf(authorization) ?? "")?.client ?? null,
    expire(how) {
      for (const token of tokens.values()) token.ended ??= how;
    },
  };
}

function discovery(origin: string, request: LoginRequest): Answer {
  if (request.method !== "GET") throw new Refusal({ status: 405 });
  const at = `${origin}/adfs`;
  const body = {
    issuer: at,
    authorization_endpoint: `${at}/oauth2/authorize/`,
    token_endpoint: `${at}/oauth2/token/`,
    jwks_uri: `${at}/discovery/keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    response_types_supported: ["code", "id_token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    grant_types_supported: ["client_credentials"],
  };
  return { status: 200, body };
}

function issue(
  request: LoginRequest,
  clients: readonly VaultClient[],
  tokens: Map<string, Token>,
  seconds: number,
): Answer {
  if (request.method !== "POST") throw new Refusal({ status: 405 });
  const client = clientOf(request, clients);
  const token = randomBytes(48).toString("base64url");
  tokens.set(token, { client, until: Date.now() + seconds * 1000, ended: null });
  const times = { expires_in: seconds, ext_expires_in: seconds };
  return {
    status: 200,
    body: { token_type: "Bearer", ...times, access_token: token },
    headers: { "Cache-Control": "no-store, no-cache", Pragma: "no-cache" },
  };
}

function clientOf(request: LoginRequest, clients: readonly VaultClient[]): VaultClient {
  if (!request.contentType?.startsWith("application/x-www-form-urlencoded"))
    throw denied(
      400,
      "invalid_request",
      900144,
      "The request body must contain the following parameter: 'grant_type'.",
    );
  const form = new URLSearchParams(request.body);
  const [grant, id, secret] = [form.get("grant_type"), form.get("client_id"), form.get("client_secret")];
  if (grant !== "client_credentials")
    throw denied(400, "unsupported_grant_type", 70003, `The app requested an unsupported grant type '${grant ?? ""}'.`);
  const client = clients.find((one) => one.id === id);
  if (!client)
    throw denied(
      400,
      "unauthorized_client",
      700016,
      `Application with identifier '${id ?? ""}' was not found in the directory 'adfs'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    );
  const assertion = form.get("client_assertion");
  if (secret === null && assertion !== null && form.get("client_assertion_type") === ASSERTION)
    checkAssertion(client, assertion);
  else checkSecret(client, secret);
  checkScope(form);
  return client;
}

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** A token of a federated issuer, or one that the client has signed with its certificate's key (RFC 7523). */
function checkAssertion(client: VaultClient, assertion: string): void {
  if (assertion === client.federated) return;
  const [header = "", payload = "", signature = ""] = assertion.split(".");
  const { alg } = (parsed(header) ?? {}) as { alg?: unknown };
  const { sub } = (parsed(payload) ?? {}) as { sub?: unknown };
  const isSigned =
    alg === "PS256" &&
    sub === client.id &&
    existsSync(client.certificateFile) &&
    verify(
      "sha256",
      Buffer.from(`${header}.${payload}`),
      {
        key: new X509Certificate(readFileSync(client.certificateFile)).publicKey,
        ...{ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
      },
      Buffer.from(signature, "base64url"),
    );
  if (!isSigned)
    throw denied(401, "invalid_client", 700027, "The certificate used to sign the client assertion is not registered.");
}

function parsed(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}

function checkSecret(client: VaultClient, secret: string | null): void {
  if (secret === null)
    throw denied(
      401,
      "invalid_client",
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  if (secret !== client.secret)
    throw denied(
      401,
      "invalid_client",
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${client.id}'.`,
    );
}

function checkScope(form: URLSearchParams): void {
  const scopes = (form.get("scope") ?? "").split(" ");
  if (!scopes.includes(`${RESOURCE}/.default`))
    throw denied(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.");
}

/** A refusal as the token endpoint forms it, which is not the vault's form. */
function denied(status: number, error: string, code: number, message: string): Refusal {
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = new Date()
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z/, "Z");
  const body = {
    error,
    error_description: `AADSTS${code}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  };
  return new Refusal({ status, body });
}

function callerOf(origin: string, tokens: ReadonlyMap<string, Token>, authorization: string | undefined): VaultClient {
  const challenge = `Bearer authorization="${origin}/adfs", resource="${RESOURCE}"`;
  const refuse = (message: string, more = ""): Refusal =>
    refusal(401, "Unauthorized", message, { headers: { "WWW-Authenticate": `${challenge}${more}` } });
  const bearer = bearerOf(authorization);
  if (bearer === undefined) throw refuse("AKV10000: Request is missing a Bearer or PoP token.");
  const token = tokens.get(bearer);
  if (!token) throw refuse("AKV10046: Unable to resolve the key used for signature validation.");
  const over = "[TokenExpired] Error validating token: 'S2S12086'.";
  if (token.ended === "revoked") throw refuse(over, `, error="insufficient_claims", claims="${newClaims()}"`);
  if (token.ended === "expired" || token.until < Date.now()) throw refuse(over);
  return token.client;
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
}

function newClaims(): string {
  const value = String(Math.floor(Date.now() / 1000));
  return Buffer.from(JSON.stringify({ access_token: { nbf: { essential: true, value } } })).toString("base64");
}
