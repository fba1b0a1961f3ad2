import { isLoopback } from "../kit/net/outgoing.ts";
import type { Json } from "../model/json.ts";
import type { StoreTarget, StoreTargetSettings } from "../model/plan.ts";

/** Settings to show, in this order: a server's address, the key that encrypts, the location. */
const ADDRESSES = ["address", "url", "endpoint", "keyId", "file", "ageKeyFile", "region"] as const;

/** Where a store is, for people: `vault, https://vault:8200`; key and file for a store without a server. */
export function storePlace({ provider, settings }: Pick<StoreTarget, "provider" | "settings">): string {
  const known = ADDRESSES.flatMap((key) => (typeof settings[key] === "string" ? [settings[key]] : []));
  return [provider, ...known].join(", ");
}

/** A warning if the store is on another machine and accessed without TLS; otherwise null. */
export function clearTextWarning({ name, settings }: StoreTarget): string | null {
  const plain = urlsIn(settings).find(({ protocol, hostname }) => protocol === "http:" && !isLoopback(hostname));
  if (plain === undefined) return null;
  return `${name} is at ${plain.origin}, without TLS: anyone on the way can read the secrets and the login`;
}

function urlsIn(settings: Json | StoreTargetSettings | undefined): readonly URL[] {
  if (typeof settings === "string") return URL.canParse(settings) ? [new URL(settings)] : [];
  return typeof settings === "object" && settings !== null ? Object.values(settings).flatMap((one) => urlsIn(one)) : [];
}
