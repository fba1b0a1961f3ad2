import type { NetworkEndpoint } from "../../../src/engine/types.ts";
import { repeatedFlag, optionalFlag, csvRecord, type FlagInput } from "../../../src/engine/run-flags.ts";

type Ipam = {
  readonly IPv4Address?: string;
  readonly IPv6Address?: string;
  readonly LinkLocalIPs?: readonly string[] | null;
};

/**
 * The flags of networks, ports, names and links, and the commands that must follow before the start: `run` takes either
 * user-defined networks or one of the engine's, never both (docker/cli cli/command/container/opts.go,
 * parseNetworkOpts).
 */
export function networkFlags(made: FlagInput, name: string): { readonly flags: string[]; readonly after: string[][] } {
  const { host, endpoints, later, cannot } = made;
  const mode = host.NetworkMode ?? "default";
  const entries = Object.entries({ ...endpoints, ...later });
  const primary = entries.find(([network]) => isPrimary(network, mode));
  const others = entries.filter((one) => one !== primary);
  // The client has one list of links, for the first network.
  const atOnce = ([network, { Links }]: (typeof entries)[number]): boolean =>
    isUsers(mode) && isUsers(network) && !(network in later) && !Links?.length;
  const along = others.filter(atOnce);
  const apart = others.filter((one) => !atOnce(one));
  if (apart.some(([, { MacAddress }]) => MacAddress))
    cannot("the MAC address in a network that is connected afterwards");
  const [network, endpoint] = primary ?? [mode, {}];
  const fields = endpointFields(endpoint);
  // Named only if it differs from the client's default; once it is disconnected, the others are connected after it.
  const first = fields.length > 0 || !isDefault(mode) ? ["--network", spec(network, fields)] : [];
  const left =
    !primary && entries.length > 0 ? [["network", "disconnect", isDefault(mode) ? "bridge" : mode, name]] : [];
  return {
    flags: [
      ...first,
      ...along.flatMap(([other, its]) => ["--network", spec(other, [...endpointFields(its), ...mac(its)])]),
      ...optionalFlag("--mac-address", endpoint.MacAddress),
      ...repeatedFlag("--link", host.Links),
      ...repeatedFlag("--link", endpoint.Links),
      ...publish(made),
      ...optionalFlag("--publish-all", host["PublishAllPorts"]),
      ...repeatedFlag("--dns", host["Dns"]),
      ...repeatedFlag("--dns-search", host["DnsSearch"]),
      ...repeatedFlag("--dns-option", host["DnsOptions"]),
      ...repeatedFlag("--add-host", host["ExtraHosts"]),
    ],
    after: [...left, ...apart.map(([other, its]) => ["network", "connect", ...connectFlags(its), other, name])],
  };
}

const isDefault = (mode: string): boolean => mode === "default" || mode === "bridge" || mode === "";

/** moby api/types/container/hostconfig_unix.go, IsUserDefined. */
const isUsers = (mode: string): boolean => !isDefault(mode) && !/^(host|none|container:.*)$/.test(mode);

const isPrimary = (network: string, mode: string): boolean =>
  network === mode || (network === "bridge" && isDefault(mode));

const mac = ({ MacAddress }: NetworkEndpoint): string[] => (MacAddress ? [`mac-address=${MacAddress}`] : []);

function spec(network: string, fields: readonly string[]): string {
  return fields.length === 0 ? network : csvRecord([`name=${network}`, ...fields]);
}

/** As docker/cli opts/network.go parses them; links have a separate flag. */
function endpointFields(endpoint: NetworkEndpoint): string[] {
  const { IPv4Address, IPv6Address, LinkLocalIPs } = (endpoint.IPAMConfig ?? {}) as Ipam;
  return [
    ...(endpoint.Aliases ?? []).map((alias) => `alias=${alias}`),
    ...(IPv4Address ? [`ip=${IPv4Address}`] : []),
    ...(IPv6Address ? [`ip6=${IPv6Address}`] : []),
    ...(LinkLocalIPs ?? []).map((address) => `link-local-ip=${address}`),
    ...Object.entries(endpoint.DriverOpts ?? {}).map(([key, value]) => `driver-opt=${key}=${value}`),
    ...(endpoint.GwPriority ? [`gw-priority=${endpoint.GwPriority}`] : []),
  ];
}

/** Each flag is a record here (docker/cli cli/command/network/connect.go). */
function connectFlags(endpoint: NetworkEndpoint): string[] {
  const fields = endpointFields(endpoint).flatMap((field) => {
    const at = field.indexOf("=");
    return [`--${field.slice(0, at)}`, csvRecord([field.slice(at + 1)])];
  });
  return [...fields, ...repeatedFlag("--link", endpoint.Links)];
}

/** `[ip:][port]:port[/protocol]`, as docker/go-connections nat.ParsePortSpec parses it. */
function publish({ host, cannot }: FlagInput): string[] {
  return Object.entries(host.PortBindings ?? {}).flatMap(([port, bindings]) => {
    const inside = port.replace(/\/tcp$/, "");
    if (!bindings || bindings.length === 0) cannot(`a binding of port ${inside} to no port`);
    return (bindings ?? []).flatMap(({ HostIp = "", HostPort = "" }) => {
      const ip = HostIp.includes(":") ? `[${HostIp}]` : HostIp;
      return ["-p", ip === "" ? (HostPort === "" ? inside : `${HostPort}:${inside}`) : `${ip}:${HostPort}:${inside}`];
    });
  });
}
