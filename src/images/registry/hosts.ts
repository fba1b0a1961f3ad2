import { readdirSync, readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { isLoopback } from "../../kit/net/outgoing.ts";
import { join } from "node:path";
import { configHome } from "../../kit/home.ts";
import { UnsprawlError } from "../../model/error.ts";
import { HUB_HOST } from "./reference.ts";

/** One endpoint that answers for a registry. */
export type RegistryEndpoint = {
  /** The key of its credentials and certificates: `HOST[:PORT]`. */
  readonly name: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  /** May be used without TLS if it does not support it: a loopback host, or one of `insecure-registries`. */
  readonly plain: boolean;
  /** The engine is configured not to check this host's certificate (`insecure-registries`). */
  readonly unverified: boolean;
  /** On this machine: never contacted through a proxy. */
  readonly loopback: boolean;
  readonly tls: { readonly ca: readonly string[]; readonly cert?: string; readonly key?: string };
};

/** Where the engine stores its registry settings. */
export type HostFolders = { readonly certificates: string; readonly daemons: readonly string[] };

export function hostFolders(env: NodeJS.ProcessEnv): HostFolders {
  return {
    certificates: "/etc/docker/certs.d",
    daemons: ["/etc/docker/daemon.json", join(configHome(env), "docker/daemon.json")],
  };
}

/**
 * The endpoints for this host, in the order in which they are tried: mirrors (of Docker Hub only, as in the engine),
 * then the registry itself. Source: dockerd(8), `registry-mirrors`, `insecure-registries`; Docker's "Verify repository
 * client with certificates". Throws `config` for a daemon.json or a certificate that cannot be read.
 */
export function endpointsOf(host: string, folders: HostFolders): readonly RegistryEndpoint[] {
  const daemon = daemonSettings(folders.daemons);
  const insecure = insecureHosts(daemon.insecure);
  const own = endpoint(host, `https://${host === HUB_HOST ? "registry-1.docker.io" : host}`, insecure, folders);
  if (host !== HUB_HOST) return [own];
  const mirrors = daemon.mirrors.map((mirror) => {
    const url = URL.canParse(mirror) ? new URL(mirror) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.pathname !== "/")
      throw new UnsprawlError("config", "daemon.json: registry-mirrors must hold URLs without a login or a path");
    const found = endpoint(url.host, url.origin, insecure, folders);
    if (url.protocol === "http:" && !found.plain)
      throw new UnsprawlError(
        "refused",
        `the mirror ${url.host} has no TLS`,
        "add it to insecure-registries in daemon.json, or give it https",
      );
    return found;
  });
  return [...mirrors, own];
}

function endpoint(
  name: string,
  origin: string,
  insecure: (host: string) => boolean,
  folders: HostFolders,
): RegistryEndpoint {
  const { hostname } = new URL(origin);
  const loopback = isLoopback(hostname);
  const told = insecure(name);
  return {
    name,
    origin,
    plain: loopback || told,
    unverified: told,
    loopback,
    tls: certificates(join(folders.certificates, name)),
  };
}

/** `*.crt` are authorities, `NAME.cert` with `NAME.key` is the client's own certificate. */
function certificates(folder: string): RegistryEndpoint["tls"] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return { ca: [] };
  }
  const read = (name: string): string => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      throw new UnsprawlError("config", `cannot read the certificate ${join(folder, name)}`, "check its rights");
    }
  };
  const ca = names.filter((name) => name.endsWith(".crt")).map(read);
  const cert = names.find((name) => name.endsWith(".cert"));
  if (cert === undefined) return { ca };
  return { ca, cert: read(cert), key: read(cert.replace(/cert$/, "key")) };
}

function daemonSettings(files: readonly string[]): {
  readonly mirrors: readonly string[];
  readonly insecure: readonly string[];
} {
  const found = files.map((file) => {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch {
      return { mirrors: [], insecure: [] };
    }
    try {
      const json = JSON.parse(text === "" ? "{}" : text) as { [key: string]: unknown };
      return { mirrors: texts(json["registry-mirrors"]), insecure: texts(json["insecure-registries"]) };
    } catch {
      throw new UnsprawlError(
        "config",
        `cannot read the engine's ${file}`,
        "fix it: dockerd --validate --config-file FILE",
      );
    }
  });
  return { mirrors: found.flatMap(({ mirrors }) => mirrors), insecure: found.flatMap(({ insecure }) => insecure) };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

/** Host names with or without a port, and networks in CIDR form. */
function insecureHosts(listed: readonly string[]): (name: string) => boolean {
  const networks = new BlockList();
  for (const entry of listed) {
    const [, address = "", bits = ""] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
    const family = isIP(address);
    if (family !== 0) networks.addSubnet(address, Number(bits), family === 6 ? "ipv6" : "ipv4");
  }
  return (name) => {
    const host = name.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    const family = isIP(host);
    return listed.includes(name) || (family !== 0 && networks.check(host, family === 6 ? "ipv6" : "ipv4"));
  };
}
