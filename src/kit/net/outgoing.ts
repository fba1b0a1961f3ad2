import { BlockList, isIP, type LookupFunction } from "node:net";

/*
 * Where connections may go. People name hosts (settings, the command line, the environment), and such a host may be
 * anywhere. Others name hosts too: a registry its token service and its storage, a container's variable its database. A
 * connection to such a host is decided on the address it is made to, after the name was resolved: not to this machine,
 * where root reaches services that trust their own host, and not to the link, where clouds hand out credentials.
 */

/** Where an address leads, as seen from this machine. "host": another address of this machine than loopback. */
export type Reach = "loopback" | "host" | "link" | "elsewhere";

/** Decides whether a connection may be made to an address that leads there. */
export type AddressPolicy = (reach: Reach) => boolean;

/** For hosts that a person has named. */
export const NAMED: AddressPolicy = () => true;
/** For hosts that others have named. */
export const FOREIGN: AddressPolicy = (reach) => reach === "elsewhere";
/** For hosts that others have named, and that use this machine's own network. */
export const FOREIGN_HERE: AddressPolicy = (reach) => reach !== "link";
/** For what must not leave this machine. */
export const LOOPBACK: AddressPolicy = (reach) => reach === "loopback";

/**
 * The policies of a party at a host that a person has named, and that names further hosts: those may be where it is
 * itself, or elsewhere. Where it is, the first connection to it shows.
 */
export function partyAt({ host }: URL): (url: URL) => AddressPolicy {
  const seen = new Set<Reach>();
  const own: AddressPolicy = (reach) => seen.add(reach) !== null;
  const others: AddressPolicy = (reach) => reach === "elsewhere" || seen.has(reach);
  return (url) => (url.host === host ? own : others);
}

/** A connection that its policy forbids. */
class ForbiddenAddress extends Error {
  readonly code = "EFORBIDDEN_ADDRESS";
}

/**
 * Options of a connection to this host, so that it is made to a permitted address only. Throws `ForbiddenAddress` for a
 * host that is an address, or is named like one of this machine. A proxy's own name is not looked at: it is the
 * environment's, and what it connects to is its to decide.
 */
export function permitted(host: string, policy: AddressPolicy): { readonly lookup?: LookupFunction } {
  if (policy === NAMED) return {};
  const bare = bareHost(host);
  if (bare.includes("/")) throw new ForbiddenAddress("not a host");
  const isNumber = isIP(bare) !== 0;
  if ((isNumber || isLoopback(bare)) && !policy(isNumber ? reachOf(bare) : "loopback"))
    throw new ForbiddenAddress("forbidden");
  return {
    lookup: (name, options, done) =>
      process.getBuiltinModule("node:dns").lookup(name, { ...options, all: true }, (error, found) => {
        if (error !== null) return done(error, []);
        const may = bareHost(name) === bare ? found.filter(({ address }) => policy(reachOf(address))) : found;
        const [first] = may;
        if (first === undefined) done(new ForbiddenAddress("forbidden"), []);
        else if (options.all === true) done(null, may);
        else done(null, first.address, first.family);
      }),
  };
}

/** `fe80::1%eth0` without its zone (RFC 4007, section 11). */
const withoutZone = (address: string): string => address.split("%", 1)[0] ?? "";

/** Where an IP address leads. */
export function reachOf(address: string): Reach {
  const bare = withoutZone(address);
  const inside = isIP(bare) === 6 ? embeddedV4(bare) : null;
  if (inside !== null) return reachOf(inside);
  const family = isIP(bare) === 6 ? "ipv6" : "ipv4";
  lists ??= { loopback: listOf(LOOPBACK_NETS), link: listOf(LINK_NETS) };
  if (lists.loopback.check(bare, family)) return "loopback";
  if (lists.link.check(bare, family)) return "link";
  const own = Object.values(process.getBuiltinModule("node:os").networkInterfaces()).flatMap((all) => all ?? []);
  return listOf(own.map((one) => withoutZone(one.address))).check(bare, family) ? "host" : "elsewhere";
}

/**
 * The IPv4 address that an IPv6 address stands for, or null: mapped and compatible (RFC 4291, 2.5.5), translated (RFC
 * 2765), NAT64 (RFC 6052), 6to4 (RFC 3056).
 */
function embeddedV4(address: string): string | null {
  const [head = "", tail] = canonicalV6(address).slice(1, -1).split("::");
  const [first, last] = [head, tail ?? ""].map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => "0");
  const groups = [...(first ?? []), ...zeros, ...(last ?? [])];
  const prefix = groups.slice(0, 6).join(":");
  const isCompatible = prefix === "0:0:0:0:0:0" && groups[6] !== "0";
  const at = groups[0] === "2002" ? 1 : isCompatible || PREFIXES.has(prefix) ? 6 : null;
  if (at === null) return null;
  return groups
    .slice(at, at + 2)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}

/** `::ffff:0:0/96`, `::ffff:0:0:0/96` and `64:ff9b::/96`. */
const PREFIXES = new Set(["0:0:0:0:0:ffff", "0:0:0:0:ffff:0", "64:ff9b:0:0:0:0"]);

let lists: { readonly loopback: BlockList; readonly link: BlockList } | undefined;

/** This machine, whichever service listens: 0.0.0.0 and :: connect to it too. */
const LOOPBACK_NETS = ["0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128"];

/** The link, and what clouds call their metadata service where that is not on it: AWS over IPv6, Alibaba, Oracle, Azure. */
const LINK_NETS = [
  ...["169.254.0.0/16", "fe80::/10", "fec0::/10", "fd00:ec2::254/128"],
  ...["100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"],
  // Addresses of many, and of nobody.
  ...["224.0.0.0/4", "255.255.255.255/32", "ff00::/8"],
];

function listOf(nets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const net of nets) {
    const [address = "", bits] = net.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

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

/** Whether a connection to this host reaches this machine, as far as the name tells: `0.0.0.0` and `::` do too. */
export function reachesThisMachine(host: string): boolean {
  const bare = bareHost(host);
  return isLoopback(bare) || (isIP(bare) !== 0 && reachOf(bare) === "loopback");
}

const LOOPBACK_V6 = /^\[::(?:1|ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4})\]$/;

const bareHost = (host: string): string => host.replace(/^\[|\]$/g, "").toLowerCase();

/** An IPv6 address in its shortest form, in brackets; as it is if it has a zone, which no loopback address needs. */
function canonicalV6(address: string): string {
  return URL.parse(`http://[${address}]`)?.hostname ?? address;
}
