import { isIP } from "node:net";

/**
 * Whether a host name or address always means this machine (RFC 1122, RFC 4291, RFC 6761): `localhost` and names below it,
 * 127.0.0.0/8, ::1, and 127.0.0.0/8 as IPv4-mapped IPv6. IPv6 addresses may be in brackets. `0.0.0.0` and `::` are not:
 * they are addresses to listen on.
 */
export function isLoopback(host: string): boolean {
  const bare = bareHost(host);
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  const version = isIP(bare);
  return (version === 4 && bare.startsWith("127.")) || (version === 6 && LOOPBACK_V6.test(canonicalV6(bare)));
}

/** Whether a connection to this host reaches this machine: `0.0.0.0` and `::` do too. */
export function reachesThisMachine(host: string): boolean {
  const bare = bareHost(host);
  return isLoopback(bare) || bare === "0.0.0.0" || (isIP(bare) === 6 && UNSPECIFIED_V6.test(canonicalV6(bare)));
}

const LOOPBACK_V6 = /^\[::(?:1|ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4})\]$/;
const UNSPECIFIED_V6 = /^\[::(?:ffff:0:0)?\]$/;

const bareHost = (host: string): string => host.replace(/^\[|\]$/g, "").toLowerCase();

/** An IPv6 address in its shortest form, in brackets; as it is if it has a zone, which no loopback address needs. */
function canonicalV6(address: string): string {
  return URL.parse(`http://[${address}]`)?.hostname ?? address;
}
