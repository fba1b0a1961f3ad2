import { isIPv4 } from "node:net";

/** True for names and addresses that never leave this machine; brackets of an IPv6 address do not matter. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}
