import type { GcpHead } from "./api.ts";

/**
 * A writer's claim to the next version, in the secret's annotations: it is set with the secret's etag as the condition,
 * so that one of two writers gets it. It ends with its version, or, if the writer was killed, with its time.
 */
export type Claim = { readonly number: number; readonly mark: string; readonly at: number };

/** How long a claim holds, by the server's clock: longer than a living writer needs. */
const HELD_MS = 15_000;

/** `at` is the server's time; 0 in a secret that is created with the claim, whose time the server notes. */
export function claimText(number: number, mark: string, at: number): string {
  return `${number} ${mark} ${at}`;
}

/** The claim in a secret; null for none, or for text that somebody else wrote there. */
export function claimOf({ annotations, createdAt }: GcpHead): Claim | null {
  const [, number, mark, at] = /^(\d{1,10}) ([\w-]{1,60}) (\d{1,15})$/.exec(annotations["unsprawl-write"] ?? "") ?? [];
  if (number === undefined || mark === undefined) return null;
  return {
    number: Number(number),
    mark,
    at: Math.max(Number(at), Number.isNaN(createdAt) ? 0 : createdAt),
  };
}

/** Whether another writer may still write this number. A time in the future is nobody's. */
export function isHeld(claim: Claim | null, next: number, { at }: GcpHead): boolean {
  return claim !== null && claim.number >= next && Math.abs(at - claim.at) < HELD_MS;
}
