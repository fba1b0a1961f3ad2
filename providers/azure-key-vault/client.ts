import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { withBackoff, type Attempt } from "../../src/kit/net/backoff.ts";
import { getCACertificates } from "node:tls";
import type { SecretClient, SecretClientOptions } from "@azure/keyvault-secrets";
import type { TokenCredential } from "@azure/identity";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/kit/io/error.ts";
import { credential, type TransportOptions } from "./credential.ts";
import { failed, Failure, failureOf } from "./errors.ts";
import type { SecretPermission } from "./policy.ts";
import type { AzureSettings } from "./settings.ts";

/** What is requested from the vault: named by the right that may be missing. */
export type AzureCall = {
  readonly right: SecretPermission;
  readonly name: string | null;
  /** Statuses that the caller handles: returned instead of thrown. */
  readonly expect?: readonly number[];
  /** False: a failure after which the request may have been carried out is returned, not retried. */
  readonly repeat?: false;
  readonly deadline?: number;
};

/** Where to ask for a token, according to the vault itself. */
export type TokenChallenge = { readonly scopes: string | string[]; readonly tenantId: string | undefined };

/** The API of one vault. Waits out throttling and short outages, and gets a new token in time. */
export type AzureVaultClient = {
  call<T>(ask: AzureCall, act: (client: SecretClient, signal: AbortSignal) => Promise<T>): Promise<T | Failure>;
  /** Sends without a token. */
  challenge(): Promise<TokenChallenge>;
  /** Logs in; the token, for requests that the SDK does not make. */
  login(challenge: TokenChallenge): Promise<string>;
};

/** One attempt: connection, login, answer. */
const ATTEMPT_MS = 10_000;
/** For one call, all waiting together. */
const PATIENCE = { firstMs: 250, longestMs: 8000, attempts: 7, withinMs: 30_000 };
/** A broken connection is retried this often. */
const BROKEN = 3;

type AzureConnection = { readonly client: SecretClient; readonly who: TokenCredential };

/** Loads the SDK and connects on the first call. */
export function vaultClient(
  settings: AzureSettings,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void = () => undefined,
): AzureVaultClient {
  let connected: Promise<AzureConnection> | null = null;
  const connection = (): Promise<AzureConnection> => {
    const connecting = (connected ??= connect(settings, env));
    connecting.catch(() => {
      if (connected === connecting) connected = null;
    });
    return connecting;
  };

  return {
    async call<T>(
      { right, name, expect = [], repeat, deadline = ATTEMPT_MS }: AzureCall,
      act: (client: SecretClient, signal: AbortSignal) => Promise<T>,
    ): Promise<T | Failure> {
      let renewed = false;
      const once = async (attempts: number): Promise<Attempt<T | Failure>> => {
        const used = connection();
        const failure = await attempt(deadline, async (signal) => act((await used).client, signal));
        if (!(failure instanceof Failure)) return failure;
        if (failure.status === 401 && !renewed) {
          // The SDK keeps a token that the vault no longer accepts; only a new credential asks for another.
          renewed = true;
          if (connected === used) connected = null;
          return once(attempts);
        }
        if (expect.includes(failure.status) || (failure.unsure && repeat === false)) return { done: failure };
        const give = (): never => {
          throw failed(failure, { right, name }, settings);
        };
        const waiting = (wait: number): void => {
          if (wait >= 1000)
            say(`the Key Vault is throttling requests: waiting ${Math.round(wait / 1000)} s for ${name ?? "it"}`);
        };
        return passes(failure, attempts) ? { askedMs: failure.retryAfter, give, again: waiting } : give();
      };
      return withBackoff(once, PATIENCE);
    },
    challenge: () => challengeOf(settings),
    async login({ scopes, tenantId }) {
      const { who } = await connection();
      const answer = await attempt(ATTEMPT_MS, (abortSignal) =>
        who.getToken(scopes, { abortSignal, ...(tenantId === undefined ? {} : { tenantId }) }),
      );
      if (answer instanceof Failure) throw failed(answer, { right: "get", name: null }, settings);
      return answer.done?.token ?? "";
    },
  };
}

/** The token that the vault asks for. */
async function challengeOf(settings: AzureSettings): Promise<TokenChallenge> {
  const heard: TokenChallenge[] = [];
  const listener: TokenCredential = {
    getToken: async (scopes, options) => {
      heard.push({ scopes, tenantId: options?.tenantId });
      return null;
    },
  };
  const client = await open(settings, listener);
  const answer = await attempt(ATTEMPT_MS, (abortSignal) => client.getSecret("unsprawl", { abortSignal }));
  const [asked] = heard;
  if (asked !== undefined) return asked;
  if (answer instanceof Failure) throw failed(answer, { right: "get", name: null }, settings);
  throw new UnsprawlError(
    "malformed",
    `${settings.url} asks for no token: it is not a Key Vault`,
    "url is https://NAME.vault.azure.net",
  );
}

/** Whether a retry may succeed. */
function passes({ status, unsure, code }: Failure, attempts: number): boolean {
  return status === 429 || status >= 500 || (unsure && code !== "ETIMEDOUT" && attempts <= BROKEN);
}

/** Its result, or how the SDK's call failed. Rethrows an UnsprawlError. */
async function attempt<T>(
  ms: number,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly done: T } | Failure> {
  const stop = new AbortController();
  const late = sleep(ms, new Failure(0, "ETIMEDOUT"), { signal: stop.signal, ref: true });
  const acting = act(stop.signal).then(
    (done) => ({ done }),
    (error: unknown) => {
      if (error instanceof UnsprawlError) throw error;
      return failureOf(error);
    },
  );
  try {
    return await Promise.race([acting, late]);
  } finally {
    stop.abort();
    late.catch(() => {});
    acting.catch(() => {});
  }
}

async function connect(settings: AzureSettings, env: NodeJS.ProcessEnv): Promise<AzureConnection> {
  const who = await credential(settings, env, await transport(settings));
  return { client: await open(settings, who), who };
}

async function open(settings: AzureSettings, who: TokenCredential): Promise<SecretClient> {
  const { SecretClient } = await import("@azure/keyvault-secrets");
  const options: SecretClientOptions = {
    ...(await transport(settings)),
    disableChallengeResourceVerification: !settings.verifyChallenge,
    userAgentOptions: { userAgentPrefix: "unsprawl" },
  };
  return new SecretClient(settings.url, who, options);
}

/** The SDK's retries would write a second version of a secret whose response was lost. */
async function transport({ caFile }: AzureSettings): Promise<TransportOptions> {
  const own =
    caFile === null
      ? null
      : await readFile(caFile, "utf8").catch((error: unknown) => {
          throw (error as { code?: unknown }).code === "ENOENT"
            ? new UnsprawlError("config", `there is no CA file ${caFile}`, "check caFile")
            : fileError(error, caFile);
        });
  return {
    tlsOptions: {
      rejectUnauthorized: true,
      ...(own === null ? {} : { ca: [...getCACertificates("default"), own] }),
    },
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  };
}
