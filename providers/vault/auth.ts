import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UnsprawlError } from "../../src/model/error.ts";
import { fileError } from "../../src/text/atomic-file.ts";
import type { Send } from "./client.ts";
import { statusError } from "./errors.ts";
import type { VaultSettings } from "./settings.ts";

/** Who we are at one Vault. */
export type Session = {
  /** The token to send. The first call logs in; later ones renew a lease that runs out. */
  token(): Promise<string>;
  /** Whether the server does not know this token at all, as opposed to a right that it lacks. */
  isBad(token: string): Promise<boolean>;
  /** Another token in place of a bad one; null when there is no way to get one. */
  renewed(bad: string): Promise<string | null>;
};

type Lease = { readonly token: string; readonly renewAt: number };

/** Logs in lazily and once; parallel calls share it. */
export function login(settings: VaultSettings, env: NodeJS.ProcessEnv, send: Send): Session {
  const { auth } = settings;
  let lease: Promise<Lease> | null = null;
  const start = (old: Promise<Lease> | null): Promise<Lease> => {
    // Who comes second takes what the first one started.
    if (lease !== null && lease !== old) return lease;
    const fresh = auth.method === "approle" ? appRole(auth, settings, send) : ownToken(auth.tokenFile, env, send);
    lease = fresh;
    // A failed login is tried again by the next call, not remembered.
    fresh.catch(() => {
      if (lease === fresh) lease = null;
    });
    return fresh;
  };
  return {
    async token() {
      const held = lease ?? start(null);
      const { token, renewAt } = await held;
      return Date.now() < renewAt ? token : (await start(held)).token;
    },
    async isBad(token) {
      const { status, errors } = await send("GET", "auth/token/lookup-self", token);
      // A known token without the right to look itself up gets "1 error occurred: permission denied"; a wrong one less.
      return status === 403 && !errors.some((text) => text.includes("error occurred"));
    },
    async renewed(bad) {
      if (auth.method !== "approle") return null;
      const held = lease;
      const current = held === null ? null : await held;
      const { token } = current !== null && current.token !== bad ? current : await start(held);
      return token === bad ? null : token;
    },
  };
}

async function appRole(
  auth: Extract<VaultSettings["auth"], { method: "approle" }>,
  { address }: VaultSettings,
  send: Send,
): Promise<Lease> {
  const [role_id, secret_id] = await Promise.all([credential(auth.roleIdFile), credential(auth.secretIdFile)]);
  const { status, body, errors } = await send("POST", `auth/${auth.mount}/login`, null, { role_id, secret_id });
  if (status === 400 || status === 403) {
    if (errors.some((text) => /sealed|HTTPS server/i.test(text))) throw statusError(status, errors, address);
    throw new UnsprawlError(
      "denied",
      `the Vault at ${address} refuses the AppRole login: the role id or the secret id is wrong, expired or used up`,
      `issue a new secret id, and write it to ${auth.secretIdFile}`,
    );
  }
  const given = (body as { auth?: { client_token?: unknown; lease_duration?: unknown } } | null)?.auth;
  if (status !== 200 || typeof given?.client_token !== "string") throw statusError(status, errors, address);
  const seconds =
    typeof given.lease_duration === "number" && given.lease_duration > 0 ? given.lease_duration : Infinity;
  return { token: given.client_token, renewAt: Date.now() + (seconds * 1000 * 2) / 3 };
}

/** A given token: its lease is renewed when it is short, so that a long run or a periodic reader does not lose it. */
async function ownToken(file: string | null, env: NodeJS.ProcessEnv, send: Send): Promise<Lease> {
  const fromEnv = file === null ? env["VAULT_TOKEN"] : undefined;
  const token = fromEnv
    ? checkCredential(fromEnv, "VAULT_TOKEN")
    : await credential(file ?? join(env["HOME"] || homedir(), ".vault-token"));
  const { status, body } = await send("GET", "auth/token/lookup-self", token);
  const data = (
    body as { data?: { ttl?: unknown; period?: unknown; creation_ttl?: unknown; renewable?: unknown } } | null
  )?.data;
  const number = (value: unknown): number => (typeof value === "number" ? value : 0);
  const [ttl, period] = [number(data?.ttl), number(data?.period)];
  // Not allowed to look itself up, or without an end: nothing to renew.
  if (status !== 200 || ttl === 0) return { token, renewAt: Infinity };
  const whole = period || number(data?.creation_ttl);
  const short = ttl < whole * (period > 0 ? 0.9 : 0.5);
  if (data?.renewable === true && short) await send("POST", "auth/token/renew-self", token, {}).catch(() => {});
  return { token, renewAt: Date.now() + Math.max((ttl * 1000) / 2, 1000) };
}

async function credential(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw fileError(error, file);
  });
  return checkCredential(text, file);
}

/** Throws `config` for what cannot be a token or an id; a broken header would quote it. */
function checkCredential(text: string, where: string): string {
  const trimmed = text.trim();
  if (/^[\x21-\x7e]+$/.test(trimmed)) return trimmed;
  throw new UnsprawlError("config", `${where} holds no token or id`, "write it there again, alone in one line");
}
