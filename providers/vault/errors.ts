import { connectionFault, faultCode } from "../../src/kit/net/fault.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { connectionError } from "../../src/stores-kit/connection-error.ts";
import { policyLine, type PolicyRule } from "./policy.ts";

/**
 * Reduces a failed connection to what went wrong. Nothing of the client's error object is kept: it contains the token.
 */
export function vaultConnectionError(error: unknown, address: string, caCert: string | null): UnsprawlError {
  const code = faultCode(error);
  const at = `the Vault at ${address}`;
  if (code === "EPLAIN")
    return new UnsprawlError(
      "unreachable",
      `${at} redirects to an address without TLS, or too many times: following would show the token`,
      "name the active server directly in VAULT_ADDR",
      code,
    );
  if (connectionFault(code) === "client-certificate")
    return new UnsprawlError(
      "unreachable",
      `${at} does not accept the client certificate, or requires one`,
      "check certFile and keyFile of auth: { method: cert }",
      code,
    );
  return connectionError(code, at, "VAULT_ADDR", {
    late: "check VAULT_ADDR, the network, and NO_PROXY if a proxy is set",
    untrusted:
      caCert === null
        ? "name its CA by caCert or VAULT_CACERT (or NODE_EXTRA_CA_CERTS)"
        : `${caCert} did not sign it: name the right CA by caCert or VAULT_CACERT`,
    "no-tls": "http:// or another port? check VAULT_ADDR",
  });
}

/** A 403 with a valid token: names the path and the policy line that gives the right. */
export function missingRight(rights: readonly PolicyRule[]): UnsprawlError {
  const [first] = rights;
  const what = first ? `${first.capabilities.join(", ")} ${first.path}` : "do this";
  return new UnsprawlError(
    "denied",
    `the Vault token may not ${what}`,
    rights.length === 0 ? null : cmd`add to its policy: ${bare(rights.map(policyLine).join(" "))}`,
  );
}

/** For a credential that cannot log in again. */
export function badToken(address: string): UnsprawlError {
  return new UnsprawlError(
    "denied",
    `the Vault at ${address} does not know this token: it is wrong, expired or revoked`,
    "vault login (or bao login), or set VAULT_TOKEN or auth.tokenFile",
  );
}

/**
 * Whether the server currently answers nobody: a refusal then says nothing about a credential, and waiting does not
 * help.
 */
export function refusesAll(texts: readonly string[]): boolean {
  return texts.some((text) => /sealed|not initialized|HTTPS server/i.test(text));
}

/** Whether a login was refused, as opposed to a server that answers nobody. */
export function isRefusal({
  status,
  errors,
}: {
  readonly status: number;
  readonly errors: readonly string[];
}): boolean {
  return (status === 400 || status === 403) && !refusesAll(errors);
}

/** A standby that answered for itself, and then not for its cluster. */
export function noActiveServer(address: string): UnsprawlError {
  return new UnsprawlError(
    "unreachable",
    `the Vault at ${address} is a standby that does not reach an active server`,
    "vault operator raft list-peers (or bao operator raft list-peers) shows the cluster; set VAULT_ADDR to the active server",
    "standby",
  );
}

/** The cluster that takes over in a disaster, until somebody promotes it. */
export function recoverySecondary(address: string): UnsprawlError {
  return new UnsprawlError(
    "unreachable",
    `the Vault at ${address} is a disaster recovery secondary: it serves nobody until it is promoted`,
    "vault read sys/replication/dr/status names the primary cluster; set VAULT_ADDR to it",
    "472",
  );
}

/** A response that no caller expects. The server's text is left out: it may quote what was sent. */
export function statusError(status: number, texts: readonly string[], address: string): UnsprawlError {
  const says = (part: string): boolean => texts.some((text) => text.toLowerCase().includes(part));
  if (says("sealed"))
    return new UnsprawlError(
      "unreachable",
      `the Vault at ${address} is sealed`,
      "vault operator unseal (or bao operator unseal)",
      "503",
    );
  if (status === 501 || says("not initialized"))
    return new UnsprawlError(
      "unreachable",
      `the Vault at ${address} is not initialised`,
      "vault operator init (or bao operator init)",
      "501",
    );
  if (says("http request to an https server"))
    return new UnsprawlError("unreachable", `the Vault at ${address} speaks TLS`, "use https:// in its address", "400");
  if (status === 413 || says("too large"))
    return new UnsprawlError(
      "refused",
      "the value is larger than the Vault accepts",
      "keep it where it is, or raise max_request_size",
      String(status),
    );
  if (status === 404 && says("no handler for route"))
    return new UnsprawlError(
      "config",
      `the Vault at ${address} has no such mount`,
      "vault secrets list shows them; set mount in the store's configuration",
      "404",
    );
  if (status === 405)
    return new UnsprawlError(
      "refused",
      `the Vault at ${address} does not support PATCH`,
      "use HashiCorp Vault 1.9 or newer, or OpenBao",
      "405",
    );
  if (status >= 500 || status === 412)
    return new UnsprawlError(
      "unreachable",
      `the Vault at ${address} cannot answer now`,
      "vault status shows its state; try again",
      String(status),
    );
  return new UnsprawlError(
    "malformed",
    `the Vault at ${address} gave an answer that unsprawl does not understand`,
    "is this the address of a Vault's API?",
    String(status),
  );
}
