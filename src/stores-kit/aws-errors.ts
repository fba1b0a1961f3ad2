import { connectionFault, faultCode, serverCode } from "../kit/net/fault.ts";
import { UnsprawlError } from "../model/error.ts";
import { connectionError } from "./connection-error.ts";

/** What was being done, for the message and for the policy that would allow it. */
export type AwsAct = {
  /** `ssm:PutParameter` */
  readonly action: string;
  /** The resource as IAM names it. */
  readonly resource: string;
  /** `the Parameter Store at https://…` */
  readonly store: string;
};

type AwsErrorFields = {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
};

/** AWS's name for an error; empty for one that is not AWS's. */
export function awsName(error: unknown): string {
  const { name } = (error ?? {}) as AwsErrorFields;
  return typeof name === "string" ? serverCode(name.slice(name.lastIndexOf("#") + 1)) : "";
}

/** Reduces what the SDK throws to name and status: its request objects hold values. Never rethrows the cause. */
export function awsError(error: unknown, { action, resource, store }: AwsAct): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const known = (error ?? {}) as AwsErrorFields;
  const name = awsName(error);
  const status = Number(known.$metadata?.httpStatusCode ?? known.$response?.statusCode ?? 0);
  const login = BAD_LOGIN.find(({ names }) => names.test(name));
  if (login !== undefined) return denied(login.message(store), login.hint, name);
  if (/Throttl|TooManyRequests|RequestLimitExceeded|TooManyUpdates/.test(name) || status === 429)
    return new UnsprawlError("throttled", `${store} asks to slow down`, "try again later, or with fewer at once", name);
  if (/AccessDenied|NotAuthorized|Unauthorized/.test(name) || status === 403 || status === 401)
    return denied(
      `${store} does not allow ${action}`,
      `let an operator add this statement: ${statement(action, resource)}`,
      name,
    );
  const text = typeof known.message === "string" ? known.message : "";
  if (text.startsWith("Region is missing"))
    return new UnsprawlError("config", "no region for AWS", "set AWS_REGION, or region in the store's configuration");
  const away = networkError(error, name, store);
  if (away !== null) return away;
  if (status >= 500)
    return new UnsprawlError("unreachable", `${store} has an internal error (${status})`, "try again later", name);
  return new UnsprawlError(
    "failed",
    `${store} refuses ${action} (${name || status})`,
    "unsprawl stores check shows what it allows",
    name,
  );
}

/** Why AWS lets nobody in with these credentials, by its names of errors. */
const BAD_LOGIN: readonly {
  readonly names: RegExp;
  readonly message: (store: string) => string;
  readonly hint: string;
}[] = [
  {
    names: /RequestTimeTooSkewed|RequestExpired|InvalidSignature|SignatureDoesNotMatch/,
    message: (store) => `${store} refuses the signature`,
    hint: "check the secret key, and this machine's clock",
  },
  {
    names: /UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|IncompleteSignature/,
    message: (store) => `${store} does not recognise this access key`,
    hint: "check AWS_ACCESS_KEY_ID, or the profile",
  },
  {
    names: /ExpiredToken/,
    message: (store) => `the session at ${store} has ended`,
    hint: "sign in again (aws sso login), then repeat the command",
  },
  {
    names: /CredentialsProviderError|CredentialsError/,
    message: () => "no credentials for AWS were found",
    hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
  },
];

/** Whether AWS lets nobody in with these credentials; otherwise a right is missing. */
export function isBadLogin({ cause }: UnsprawlError): boolean {
  return BAD_LOGIN.some(({ names }) => typeof cause === "string" && names.test(cause));
}

/** An IAM statement, in one line. */
function statement(action: string | readonly string[], resource: string): string {
  return JSON.stringify({ Effect: "Allow", Action: action, Resource: resource });
}

function denied(message: string, hint: string, cause: string): UnsprawlError {
  return new UnsprawlError("denied", message, hint, cause);
}

/** Null if the connection is not what failed. */
function networkError(error: unknown, name: string, store: string): UnsprawlError | null {
  const code = /TimeoutError|AbortError|RequestTimeout/.test(name) ? "ETIMEDOUT" : faultCode(error);
  return connectionFault(code) === "other" ? null : connectionError(code, store, "AWS_ENDPOINT_URL", HINTS);
}

const HINTS = {
  refused: "check the endpoint, the network and AWS_ENDPOINT_URL",
  unreachable: "check the endpoint, the network and AWS_ENDPOINT_URL",
  broken: "check the endpoint, the network and AWS_ENDPOINT_URL",
  "unknown-name": "check the region, the network and AWS_ENDPOINT_URL",
  late: "try again, or check the network",
  "other-name": "check the host's name in AWS_ENDPOINT_URL",
} as const;
