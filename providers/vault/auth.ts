import type { VaultSend } from "./transport.ts";
import { encodePath } from "./names.ts";
import { grantIn, loginOf, type Grant, type LoginContext } from "./login.ts";
import type { VaultSettings } from "./settings.ts";

/** Who we are at one Vault. */
export type VaultSession = {
  /** The token to send. The first call logs in; later ones renew a lease before it expires. */
  token(): Promise<string>;
  /** Whether the server does not know this token at all, as opposed to a missing right. */
  isBad(token: string): Promise<boolean>;
  /** When no token can be had any more without a person (`Grant.endsAt`); null if there is no such time. */
  endsAt(): Promise<number | null>;
  /** Another token in place of a bad one; null if there is no way to get one. */
  renewed(bad: string): Promise<string | null>;
};

/** `whole` is the duration that the login granted; a renewal may grant less. */
type Lease = Grant & { readonly renewAt: number; readonly whole: number };

/**
 * Logs in lazily and once; parallel calls share it. After two thirds of its duration a lease is renewed, else a new one
 * is requested.
 */
export function openSession(settings: VaultSettings, context: LoginContext, send: VaultSend): VaultSession {
  const logIn = loginOf(settings, context, send);
  let lease: Promise<Lease> | null = null;
  const fresh = async (): Promise<Lease> => leaseOf(await logIn());
  const extended = async (old: Lease): Promise<Lease> => {
    if (!old.renewable) return fresh();
    const answer = await send("POST", "auth/token/renew-self", old.token, {});
    const grant = answer.status === 200 ? grantIn(answer) : null;
    // Towards the end of a token's life each renewal grants less.
    return grant === null || grant.seconds < old.whole / 2
      ? fresh()
      : leaseOf({ ...grant, ...(old.endsAt === undefined ? {} : { endsAt: old.endsAt }) }, old.whole);
  };
  const replace = (old: Promise<Lease> | null, by: () => Promise<Lease>): Promise<Lease> => {
    // A second caller shares the login that the first one started.
    if (lease !== null && lease !== old) return lease;
    const started = by();
    lease = started;
    // A failed login is retried by the next call, not remembered.
    started.catch(() => {
      if (lease === started) lease = null;
    });
    return started;
  };
  return {
    async token() {
      const held = lease ?? replace(null, fresh);
      const current = await held;
      return Date.now() < current.renewAt ? current.token : (await replace(held, () => extended(current))).token;
    },
    async isBad(token) {
      const { status, errors } = await send("GET", "auth/token/lookup-self", token);
      if (status !== 403) return false;
      // Newer HashiCorp servers report it.
      if (errors.some((text) => /invalid token|bad token/.test(text))) return true;
      // A known token without the right to look itself up gets "1 error occurred: permission denied"; a wrong one less.
      if (errors.some((text) => text.includes("error occurred"))) return false;
      // If the text does not show it: any right below the mount opens this path, and an unknown token does not.
      const seen = await send("GET", `sys/internal/ui/mounts/${encodePath(settings.mount)}`, token);
      return seen.status === 403 && !seen.errors.some((text) => text.includes("preflight"));
    },
    async endsAt() {
      return (await (lease ?? replace(null, fresh))).endsAt ?? null;
    },
    async renewed(bad) {
      const held = lease;
      const current = held === null ? null : await held;
      const { token } = current !== null && current.token !== bad ? current : await replace(held, fresh);
      return token === bad ? null : token;
    },
  };
}

function leaseOf(grant: Grant, whole = grant.seconds): Lease {
  return { ...grant, whole, renewAt: Date.now() + Math.max((grant.seconds * 1000 * 2) / 3, 1000) };
}
