import { dirname, resolve } from "node:path";
import picomatch from "picomatch";
import * as v from "valibot";
import { formed, map, may, named, says, text, type SchemaValue } from "../../kit/schema/index.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { nearestWord } from "../../kit/text/nearest.ts";

/** A host's engine: by address, optionally with a folder of certificates, or by Docker context. */
export type HostSettings =
  | { readonly address: string; readonly certPath: string | null }
  | { readonly context: string; readonly certPath: null };

const ADDRESS = /^(?:ssh|tcp|https?|unix):\/\/[^\s"']{1,500}$/;
// Passwords in addresses are readable by others, so only a user name may precede the @.
const PASSWORD = /^\w+:\/\/[^/@:]*:[^/@]*@/;
const CERT_PATH = says(
  "{in} has a certPath that cannot be used",
  "a folder with ca.pem, cert.pem and key.pem, for tcp://",
);

const HOST = v.pipe(
  map({
    address: may(
      "ssh://user@host, tcp://host:2376 or unix:///path",
      formed(ADDRESS, says("{in} has no engine address", "ssh://user@host, tcp://host:2376 or unix:///path")),
    ),
    certPath: may("for tcp://: a folder with ca.pem, cert.pem and key.pem", text(CERT_PATH)),
    context: may("the name of a Docker context", text(says("{in} has no context name", "docker context ls"))),
  }),
  v.check(
    ({ address, context }) => (address === undefined) !== (context === undefined),
    says("needs an address or a context, and not both", "address: ssh://root@web1, or context: NAME"),
  ),
  v.metadata({ oneOf: [{ required: ["address"] }, { required: ["context"] }] }),
  v.check(
    ({ context, certPath }) => context === undefined || certPath === undefined,
    says("has certPath beside context", "a context brings its certificates"),
  ),
  v.check(
    ({ address }) => address === undefined || !PASSWORD.test(address),
    says("has a password in its address", "use an SSH key, or certificates: certPath"),
  ),
  v.check(
    ({ address, certPath }) => address === undefined || certPath === undefined || /^(tcp|https):/.test(address),
    CERT_PATH.replace("{in} ", ""),
  ),
);

/** `hosts:` in a configuration. */
export const HOSTS = named(
  HOST,
  formed(
    /^(?!(?:constructor|prototype)$)[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
    says("is not a valid name for a host", "letters, digits, dots, dashes and underscores"),
  ),
);

/** The hosts of a file. */
export function readHosts(
  given: SchemaValue<typeof HOSTS> | null | undefined,
  file: string,
): ReadonlyMap<string, HostSettings> {
  return new Map(
    Object.entries(given ?? {}).map(([name, { address, certPath, context = "" }]) => [
      name,
      address === undefined
        ? { context, certPath: null }
        : { address, certPath: certPath === undefined ? null : resolve(dirname(file), certPath) },
    ]),
  );
}

/** The hosts whose names match `wanted`; all if it is empty. Throws `usage` for a name that matches nothing. */
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

/** The environment with which Docker's own rules select this host's engine and no other. */
export function hostEnv(env: NodeJS.ProcessEnv, host: HostSettings): NodeJS.ProcessEnv {
  const own = { ...env };
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]) delete own[name];
  if ("context" in host) return { ...own, DOCKER_CONTEXT: host.context };
  if (host.certPath === null) return { ...own, DOCKER_HOST: host.address };
  return { ...own, DOCKER_HOST: host.address, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: host.certPath };
}

function unknownHost(name: string, known: readonly string[]): UnsprawlError {
  const near = nearestWord(name, known);
  const source = name.includes(":") ? cmd`sources stand before it: unsprawl scan ${name} --hosts` : null;
  return new UnsprawlError(
    "usage",
    `no host of the configuration is called ${JSON.stringify(name)}`,
    source ?? (near ? cmd`did you mean ${near}?` : cmd`known: ${bare(known.slice(0, 20).join(", "))}`),
  );
}
