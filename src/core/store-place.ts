import { isLoopback } from "../kit/loopback.ts";
import type { Json } from "../model/json.ts";
import type { StoreTarget, StoreTargetSettings } from "../model/plan.ts";

/** In this order: a server's address, else what encrypts, then where. */
const ADDRESSES = ["address", "url", "endpoint", "keyId", "file", "ageKeyFile", "region"] as const;

/** Where a store is, for people: `vault, https://vault:8200`, or the key and the file of one without a server. */
export function storePlace({ provider, settings }: Pick<StoreTarget, "provider" | "settings">): string {
  const known = ADDRESSES.flatMap((key) => (typeof settings[key] === "string" ? [settings[key]] : []));
  return [provider, ...known].join(", ");
}

/** What to know of a store that is spoken to without TLS on another machine; null when it is not. */
export function clearTextWarning({ name, settings }: StoreTarget): string | null {
  const plain = urlsIn(settings).find(({ protocol, hostname }) => protocol === "http:" && !isLoopback(hostname));
  if (plain === undefined) return null;
  return `${name} is at ${plain.origin}, without TLS: anyone on the way can read the secrets and the login`;
}

function urlsIn(settings: Json | StoreTargetSettings | undefined): readonly URL[] {
  if (typeof settings === "string") return URL.canParse(settings) ? [new URL(settings)] : [];
  return typeof settings === "object" && settings !== null ? Object.values(settings).flatMap((one) => urlsIn(one)) : [];
}
