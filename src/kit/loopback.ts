import { isIPv4 } from "node:net";

/** Whether a host name or address stays on this machine. Accepts IPv6 addresses with or without brackets. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}
