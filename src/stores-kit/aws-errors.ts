import { UnsprawlError } from "../model/error.ts";

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
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
  readonly errors?: readonly { readonly code?: unknown }[];
};

/** AWS's name for an error; empty for one that is not AWS's. */
export function awsName(error: unknown): string {
  const { name } = (error ?? {}) as AwsErrorFields;
  return typeof name === "string" ? name.slice(name.lastIndexOf("#") + 1) : "";
}

/** Reduces what the SDK throws to name and status: its request objects hold values. Never rethrows the cause. */
export function awsError(error: unknown, { action, resource, store }: AwsAct): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const known = (error ?? {}) as AwsErrorFields;
  const name = awsName(error);
  const status = Number(known.$metadata?.httpStatusCode ?? known.$response?.statusCode ?? 0);
  const inner = known.errors?.find((one) => typeof one.code === "string")?.code;
  const code = typeof known.code === "string" ? known.code : typeof inner === "string" ? inner : "";
  if (/RequestTimeTooSkewed|RequestExpired|InvalidSignature|SignatureDoesNotMatch/.test(name))
    return denied(`${store} refuses the signature`, "check the secret key, and this machine's clock", name);
  if (/UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|IncompleteSignature/.test(name))
    return denied(`${store} does not know this access key`, "check AWS_ACCESS_KEY_ID, or the profile", name);
  if (/ExpiredToken/.test(name))
    return denied(`the session at ${store} has ended`, "sign in again (aws sso login), then repeat the command", name);
  if (/CredentialsProviderError|CredentialsError/.test(name))
    return denied(
      "no credentials for AWS were found",
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
      name,
    );
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
  const away = networkError(code, name, store);
  if (away !== null) return away;
  if (status >= 500)
    return new UnsprawlError("unreachable", `${store} has trouble of its own (${status})`, "try again later", name);
  return new UnsprawlError(
    "failed",
    `${store} refuses ${action} (${name || status})`,
    "unsprawl stores check shows what it allows",
    name,
  );
}

/** An IAM statement, in one line. */
function statement(action: string | readonly string[], resource: string): string {
  return JSON.stringify({ Effect: "Allow", Action: action, Resource: resource });
}

function denied(message: string, hint: string, cause: string): UnsprawlError {
  return new UnsprawlError("denied", message, hint, cause);
}

function networkError(code: string, name: string, store: string): UnsprawlError | null {
  const away = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("unreachable", `${store} ${why}`, hint, code || name);
  if (/ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|ENETDOWN/.test(code) || code === "EAI_AGAIN")
    return away("does not answer", "check the endpoint, the network and AWS_ENDPOINT_URL");
  if (/ENOTFOUND/.test(code)) return away("is a host that nobody knows", "check the region and AWS_ENDPOINT_URL");
  if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(code))
    return away(
      "shows a certificate that cannot be trusted",
      "name its CA by NODE_EXTRA_CA_CERTS, or check the host's name",
    );
  if (/TimeoutError|AbortError|RequestTimeout/.test(name) || code === "ETIMEDOUT")
    return away("did not answer in time", "try again, or check the network");
  return null;
}
