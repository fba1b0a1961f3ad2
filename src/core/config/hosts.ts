import { dirname, resolve } from "node:path";
import picomatch from "picomatch";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { nearest } from "../../kit/text/nearest.ts";
import { knownKeys, mapOf } from "./shape.ts";

/** Where a host's engine is: at an address, with the certificates of a folder, or in a Docker context. */
export type HostSettings =
  | { readonly address: string; readonly certPath: string | null }
  | { readonly context: string; readonly certPath: null };

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const ADDRESS = /^(?:ssh|tcp|https?|unix):\/\/[^\s"']{1,500}$/;

/** What may stand in a host of either kind: the schema that ships is made from these. */
export const ADDRESS_KEYS = {
  address: "ssh://user@host, tcp://host:2376 or unix:///path",
  certPath: "for tcp://: a folder with ca.pem, cert.pem and key.pem",
} as const;
export const CONTEXT_KEYS = { context: "the name of a Docker context" } as const;

/** Reads `hosts:`. Throws `config`. */
export function readHosts(given: unknown, file: string): ReadonlyMap<string, HostSettings> {
  return new Map(
    Object.entries(mapOf(given ?? {}, file, "hosts")).map(([name, value]) => [name, hostOf(name, value, file)]),
  );
}

/** The names that are meant: all of them when none is given. Throws `usage` for one that matches nothing. */
export function chooseHosts(
  hosts: ReadonlyMap<string, HostSettings>,
  wanted: readonly string[],
): readonly (readonly [name: string, host: HostSettings])[] {
  if (hosts.size === 0)
    throw new UnsprawlError(
      "usage",
      "no hosts are configured",
      "unsprawl.yaml: hosts: { web1: { address: ssh://root@web1 } }",
    );
  if (wanted.length === 0) return [...hosts];
  const matchers = wanted.flatMap((one) => one.split(",")).map((one) => ({ one, matches: picomatch(one) }));
  const names = [...hosts.keys()];
  const idle = matchers.find(({ matches }) => !names.some((name) => matches(name)));
  if (idle !== undefined) throw unknownHost(idle.one, names);
  return [...hosts].filter(([name]) => matchers.some(({ matches }) => matches(name)));
}

/** The environment in which Docker's own rules lead to this host's engine, and to no other. */
export function hostEnv(env: NodeJS.ProcessEnv, host: HostSettings): NodeJS.ProcessEnv {
  const own = { ...env };
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]) delete own[name];
  if ("context" in host) return { ...own, DOCKER_CONTEXT: host.context };
  if (host.certPath === null) return { ...own, DOCKER_HOST: host.address };
  return { ...own, DOCKER_HOST: host.address, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: host.certPath };
}

function unknownHost(name: string, known: readonly string[]): UnsprawlError {
  const near = nearest(name, known);
  const source = name.includes(":") ? cmd`sources stand before it: unsprawl scan ${name} --hosts` : null;
  return new UnsprawlError(
    "usage",
    `no host of the configuration is called ${JSON.stringify(name)}`,
    source ?? (near ? cmd`did you mean ${near}?` : cmd`known: ${bare(known.slice(0, 20).join(", "))}`),
  );
}

function hostOf(name: string, value: unknown, file: string): HostSettings {
  const bad = (why: string, hint: string): UnsprawlError =>
    new UnsprawlError("config", `${file}: hosts.${name} ${why}`, hint);
  if (!NAME.test(name)) throw bad("is no name for a host", "letters, digits, dots, dashes and underscores");
  const given = mapOf(value, file, `hosts.${name}`);
  knownKeys(given, [...Object.keys(ADDRESS_KEYS), ...Object.keys(CONTEXT_KEYS)], file, `hosts.${name}.`);
  const { address, certPath, context } = given;
  if ((address === undefined) === (context === undefined))
    throw bad("needs an address or a context, and not both", "address: ssh://root@web1, or context: NAME");
  if (context !== undefined) {
    if (typeof context !== "string" || context === "") throw bad("has no context's name", "docker context ls");
    if (certPath !== undefined) throw bad("has certPath beside context", "a context has certificates of its own");
    return { context, certPath: null };
  }
  if (typeof address !== "string" || !ADDRESS.test(address))
    throw bad("has no engine's address", "ssh://user@host, tcp://host:2376 or unix:///path");
  // Where somebody could read it: what an address has before its @ is a name alone.
  if (/^\w+:\/\/([^/@]*)@/.exec(address)?.[1]?.includes(":"))
    throw bad("has a password in its address", "use an SSH key, or certificates: certPath");
  if (certPath !== undefined && (typeof certPath !== "string" || certPath === "" || !/^(tcp|https):/.test(address)))
    throw bad("has a certPath that cannot be used", "a folder with ca.pem, cert.pem and key.pem, for tcp://");
  return { address, certPath: certPath === undefined ? null : resolve(dirname(file), certPath) };
}
