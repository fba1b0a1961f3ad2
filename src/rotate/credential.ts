import type { RotationCredential, RotationTarget } from "../contract/rotator.ts";
import { UnsprawlError } from "../model/error.ts";
import { Secret } from "../model/secret.ts";

type Pair = Pick<RotationTarget, "pair">;

/** A new credential as the store keeps it meanwhile: a pair as JSON, since half of one is worth nothing. */
export function keptCredential({ id, secret }: RotationCredential, { pair }: Pair): Secret {
  return pair === null ? secret : Secret.of(JSON.stringify({ id, secret: secret.exposeText() }));
}

/** The public half of a pair, which a store keeps as it keeps secrets. */
export const publicHalf = (stored: Secret): string => stored.exposeText().trim();

/** The credential that was kept like that. Throws `malformed` for anything else. */
export function credentialIn(kept: Secret, { pair }: Pair): RotationCredential {
  if (pair === null) return { id: null, secret: kept };
  try {
    const { id, secret } = JSON.parse(kept.exposeText()) as { readonly id: unknown; readonly secret: unknown };
    if (typeof id === "string" && typeof secret === "string") return { id, secret: Secret.of(secret) };
  } catch {
    // The same as another form.
  }
  throw new UnsprawlError("malformed", `what is kept of the new ${pair} is not a pair`);
}
