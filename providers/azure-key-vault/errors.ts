import { retryAfterMs } from "../../src/kit/net/backoff.ts";
import { serverCode } from "../../src/kit/net/fault.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { connectionError } from "../../src/stores-kit/connection-error.ts";
import { vaultName } from "./names.ts";
import type { SecretPermission } from "./policy.ts";
import { deniedHint } from "./policy.ts";
import type { AzureSettings } from "./settings.ts";

/** The safe part of a failed request: the SDK's error contains the value and the token in its request. */
export class Failure {
  /** 0 if there was no response. */
  readonly status: number;
  /** `SecretNotFound`, `ECONNRESET`, or empty. */
  readonly code: string;
  /** `ObjectIsBeingDeleted` within a 409, `ForbiddenByFirewall` within a 403. */
  readonly inner: string;
  /** How long the service asks to wait, in milliseconds; null if it does not say. */
  readonly retryAfter: number | null;
  /** The request may still have been carried out. */
  readonly unsure: boolean;

  constructor(status: number, code: string, inner = "", retryAfter: number | null = null) {
    this.status = status;
    this.code = code;
    this.inner = inner;
    this.retryAfter = retryAfter;
    this.unsure = status >= 500 || (status === 0 && !NEVER_SENT.test(code) && !code.includes("CERT"));
  }
}

const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|ENETDOWN|E?CHALLENGE|EPROTO|ERR_(TLS|SSL)\w*|UNABLE_TO\w*|SELF_SIGNED\w*)$/;

type AzureErrorFields = {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: { readonly error?: { readonly innerError?: { readonly code?: unknown } } };
  readonly response?: { readonly headers?: { get?(name: string): string | undefined } };
};

/** Reduces what the SDK throws. Looks at nothing in its request. */
export function failureOf(error: unknown): Failure {
  const { name, message, code, statusCode, details, response } = (error ?? {}) as AzureErrorFields;
  const status = typeof statusCode === "number" ? statusCode : 0;
  if (typeof message === "string" && /^The challenge (resource|contains|origin)/.test(message))
    return new Failure(0, "CHALLENGE");
  if (status === 0 && name === "AbortError") return new Failure(0, "ETIMEDOUT");
  const inner = details?.error?.innerError?.code;
  // A truncated response has the status of its head, and yet its content is unknown.
  const broken = code === "PARSE_ERROR" && status < 400;
  return new Failure(
    broken ? 0 : status,
    serverCode(code),
    serverCode(inner),
    retryAfterMs(response?.headers?.get?.("retry-after")),
  );
}

/**
 * The error for a failure that was neither handled nor waited out; `right` is what was tried, on `name` or the whole
 * vault.
 */
export function failed(
  failure: Failure,
  { right, name }: { readonly right: SecretPermission; readonly name: string | null },
  settings: AzureSettings,
): UnsprawlError {
  const { status, code } = failure;
  const at = `the Key Vault at ${settings.url}`;
  if (status === 0) return azureConnectionError(code, at, "url", settings.caFile);
  const refused = { failure, at, vault: vaultName(settings.url), right, name };
  const known = ANSWERS.find(({ when }) => when(failure));
  if (known !== undefined) return known.error(refused);
  return new UnsprawlError(
    status === 400 ? "refused" : "malformed",
    `${at} refuses to ${right} ${name ?? "its secrets"}`,
    "unsprawl stores check shows what it allows",
    code || String(status),
  );
}

type RefusedCall = {
  readonly failure: Failure;
  readonly at: string;
  readonly vault: string;
  readonly right: SecretPermission;
  readonly name: string | null;
};

/** What the service answers, and what to do about it; the first that fits. */
const ANSWERS: readonly {
  readonly when: (failure: Failure) => boolean;
  readonly error: (call: RefusedCall) => UnsprawlError;
}[] = [
  {
    when: ({ status }) => status === 401,
    error: ({ at, vault }) =>
      new UnsprawlError(
        "denied",
        `${at} does not accept the token`,
        cmd`AZURE_TENANT_ID must be the vault's: az keyvault show --name ${vault} --query properties.tenantId`,
        "401",
      ),
  },
  {
    when: ({ status, inner }) => status === 403 && inner === "SecretDisabled",
    error: ({ at, vault, name, failure: { inner } }) =>
      new UnsprawlError(
        "denied",
        `the secret ${name ?? ""} is disabled in ${at}`,
        cmd`az keyvault secret set-attributes --vault-name ${vault} --name ${name ?? "NAME"} --enabled true`,
        inner,
      ),
  },
  {
    when: ({ status, inner }) => status === 403 && /^ForbiddenBy(Firewall|Connection)$/.test(inner),
    error: ({ at, vault, failure: { inner } }) =>
      new UnsprawlError(
        "denied",
        `${at} does not allow this machine's address`,
        cmd`az keyvault network-rule add --name ${vault} --ip-address "<address>"`,
        inner,
      ),
  },
  {
    when: ({ status }) => status === 403,
    error: ({ at, vault, right, name, failure: { inner } }) => {
      const listed = name === null ? "its secrets" : `the versions of ${name}`;
      const what = right === "list" ? `list ${listed}` : `${right} the secret ${name ?? ""}`.trimEnd();
      return new UnsprawlError(
        "denied",
        `${at} does not allow unsprawl to ${what}`,
        deniedHint(right, vault, inner),
        inner || "403",
      );
    },
  },
  {
    when: ({ status }) => status === 404,
    error: ({ at }) =>
      new UnsprawlError("malformed", `${at} has no such API`, "url is https://NAME.vault.azure.net", "404"),
  },
  {
    when: ({ status }) => status === 409,
    error: ({ at, name, failure: { inner } }) =>
      new UnsprawlError(
        "conflict",
        `${at} is still busy with ${name ?? "it"}: it is being deleted or recovered`,
        "try again in a minute",
        inner || "409",
      ),
  },
  {
    when: ({ status }) => status === 429,
    error: ({ at, failure: { retryAfter } }) =>
      new UnsprawlError(
        "throttled",
        `${at} asks to slow down${retryAfter === null ? "" : `, for ${Math.ceil(retryAfter / 1000)} s`}`,
        "try again later: a vault takes 4000 requests in 10 seconds",
        "429",
      ),
  },
  {
    when: ({ status }) => status >= 500,
    error: ({ at, failure: { status } }) =>
      new UnsprawlError("unreachable", `${at} cannot answer now`, "try again later", String(status)),
  },
];

/** A connection to the vault or to the login server that failed. `key` is the setting that says where it is. */
export function azureConnectionError(code: string, at: string, key: string, caFile: string | null): UnsprawlError {
  if (code === "CHALLENGE")
    return new UnsprawlError(
      "config",
      `${at} asks for a token for another domain than its own`,
      "a vault with a custom host name needs challengeResourceVerification: false; otherwise check url",
    );
  const away = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("unreachable", `${at} ${why}`, hint, code);
  // All text of MSAL about a failed connection.
  if (code === "ENDPOINTS")
    return away("cannot be reached", `check ${key}, the network, HTTPS_PROXY, and caFile for a private CA`);
  if (code === "PARSE_ERROR") return away("broke off its answer, or is not a Key Vault", `try again; check ${key}`);
  return connectionError(code, at, key, {
    refused: `check ${key}, and the network`,
    "unknown-name": `check ${key}: is there such a vault?`,
    late: "check the network, a private endpoint, and HTTPS_PROXY",
    untrusted:
      caFile === null
        ? "name its CA by caFile or NODE_EXTRA_CA_CERTS"
        : `${caFile} did not sign it: name the right CA by caFile or NODE_EXTRA_CA_CERTS`,
    broken: "try again; check the network and HTTPS_PROXY",
  });
}
