import { resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { map, mayBeNull, oneOf, parse, text, texts } from "../../src/kit/schema/index.ts";
import { isLoopback } from "../../src/kit/net/outgoing.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { GcpAuth } from "../../src/stores-kit/google-login.ts";
import { checkTemplate } from "./names.ts";

export type GcpSettings = {
  readonly projectId: string;
  /** Template of the secret's name. */
  readonly name: string;
  /** Regions of new secrets; empty: Google replicates them as it likes. */
  readonly locations: readonly string[];
  /** Keys of Cloud KMS that encrypt new secrets: one for each of `locations`, or a global one. Empty: Google's own. */
  readonly kmsKeys: readonly string[];
  /** `https://secretmanager.googleapis.com`, without a slash at its end. */
  readonly endpoint: string;
  readonly auth: GcpAuth;
  /** What messages call the service, if it is not Secret Manager. */
  readonly service?: string;
  /** The login that the OCI runtime gets; null if none is configured. */
  readonly reader: GcpAuth | null;
};

type GcpConfigValues = { readonly [key: string]: Json };

const PUBLIC = "https://secretmanager.googleapis.com";
const PROJECT_VARIABLES = ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "GCP_PROJECT"] as const;
const ENDPOINT_VARIABLE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";
const AUTH_FORM = "{ method: file, credentialsFile } or { method: token, tokenFile } or { method: default }";

const AUTH = {
  method: mayBeNull(
    "file, token or default",
    oneOf(["file", "token", "default"], "is not one that unsprawl knows", "file, token or default"),
  ),
  credentialsFile: mayBeNull("a service account's key, or the file of gcloud auth application-default login", text()),
  tokenFile: mayBeNull("the file of an access token, which another program keeps fresh", text()),
};

export const GCP = {
  projectId: mayBeNull(`the project's id or number; without it ${PROJECT_VARIABLES.join(", ")}`, text()),
  name: mayBeNull("the secret's name: {project--}{subject}--{name}", text()),
  locations: mayBeNull("the regions of new secrets, [europe-west3, …]; without it Google replicates", texts()),
  kmsKeys: mayBeNull(
    "the keys of Cloud KMS for new secrets, [projects/P/locations/europe-west3/keyRings/R/cryptoKeys/K, …]: one in each of locations, or a global one without them",
    texts(),
  ),
  endpoint: mayBeNull(`https://host of another endpoint; without it ${ENDPOINT_VARIABLE}`, text()),
  auth: mayBeNull(
    `${AUTH_FORM}: GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login, the machine's account`,
    map(AUTH, `auth: ${AUTH_FORM}`),
  ),
  reader: mayBeNull(
    "the same for an account that may only read, for the OCI runtime",
    map(AUTH, `reader: ${AUTH_FORM}`),
  ),
};

type AuthGiven = { readonly [key in keyof typeof AUTH]?: string | null | undefined };

/** The settings of a store: its keys first, then the ecosystem's variables. Throws `config`. */
export function readSettings(config: GcpConfigValues, { env, dir }: ProviderContext): GcpSettings {
  const given = parse(map(GCP), config, "");
  const projectId = given.projectId ?? PROJECT_VARIABLES.map((name) => env[name]).find(Boolean) ?? "";
  if (projectId === "")
    throw new UnsprawlError(
      "config",
      "the Google Cloud project is not set",
      cmd`set ${PROJECT_VARIABLES[0]}, or projectId in the store's configuration`,
    );
  // It becomes a part of an address. Source: "Creating and managing projects", and those of a domain.
  if (!/^(?:[a-z0-9.-]{1,100}:)?[a-z0-9][a-z0-9-]{1,62}$/.test(projectId))
    throw new UnsprawlError("config", "projectId is not a project's id or number", "gcloud projects list shows them");
  const locations = given.locations ?? [];
  if (locations.some((one) => !/^[a-z][a-z0-9-]{1,40}$/.test(one)))
    throw new UnsprawlError("config", "locations names no region", "locations: [europe-west3, europe-west4]");
  return {
    projectId,
    name: checkTemplate(given.name ?? "{project--}{subject}--{name}"),
    locations,
    kmsKeys: checkKeys(given.kmsKeys ?? [], locations),
    endpoint: origin(given.endpoint ?? (env[ENDPOINT_VARIABLE] || PUBLIC)),
    auth: readAuth(given.auth ?? {}, "auth", dir),
    reader: given.reader ? readAuth(given.reader, "reader", dir) : null,
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings({ projectId, name, locations, kmsKeys, endpoint, auth, reader }: GcpSettings): {
  readonly [key: string]: Json;
} {
  return {
    projectId,
    name,
    ...(locations.length === 0 ? {} : { locations }),
    ...(kmsKeys.length === 0 ? {} : { kmsKeys }),
    ...(endpoint === PUBLIC ? {} : { endpoint }),
    ...(auth.method === "default" ? {} : { auth }),
    ...(reader === null ? {} : { reader }),
  };
}

const KEY = /^projects\/[^/]{1,100}\/locations\/([a-z0-9-]{1,63})\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

/** The keys as a new secret takes them. Throws `config` unless each of its places has one key, and no key is beside. */
function checkKeys(keys: readonly string[], locations: readonly string[]): readonly string[] {
  if (keys.length === 0) return keys;
  const found = keys.map((key) => KEY.exec(key)?.[1] ?? "").toSorted();
  const wanted = locations.length === 0 ? ["global"] : locations.toSorted();
  if (JSON.stringify(found) === JSON.stringify(wanted)) return keys;
  throw new UnsprawlError(
    "config",
    `kmsKeys must name one key in ${wanted.join(", ")}${wanted.length === 1 ? "" : " each"}`,
    "gcloud kms keys list --keyring RING --location LOCATION shows them: projects/P/locations/L/keyRings/R/cryptoKeys/K",
  );
}

function readAuth({ method, credentialsFile, tokenFile }: AuthGiven, at: string, dir: string): GcpAuth {
  const key = method === "file" ? "credentialsFile" : method === "token" ? "tokenFile" : null;
  const others = Object.entries({ credentialsFile, tokenFile }).filter(([name, value]) => name !== key && value);
  for (const [other] of others)
    throw new UnsprawlError(
      "config",
      `${at}.${other} goes with another method`,
      cmd`${bare(at)}: { method: ${other === "tokenFile" ? "token" : "file"}, ${other} }`,
    );
  const file = key === "tokenFile" ? tokenFile : credentialsFile;
  if (key !== null && !file)
    throw new UnsprawlError("config", `${at}.${key} is missing`, cmd`${bare(at)}: { method: ${method ?? ""}, ${key} }`);
  if (method === "file") return { method, credentialsFile: resolve(dir, file ?? "") };
  if (method === "token") return { method, tokenFile: resolve(dir, file ?? "") };
  return { method: "default" };
}

/** Scheme, host and port. Plain HTTP never leaves this machine: a token would go with it. */
export function origin(address: string): string {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("config", `endpoint ${why}`, cmd`the form is ${PUBLIC}`);
  const url = URL.parse(address);
  if (url === null) throw bad("is not a URL");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw bad("must begin with https://");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "" || url.pathname !== "/")
    throw bad("holds more than a host");
  // Its secrets have no reference: `ref+gcpsecrets://` has no place for a region.
  if (url.hostname.endsWith(".rep.googleapis.com"))
    throw new UnsprawlError(
      "config",
      "endpoint is that of regional secrets, which are not supported",
      "locations: [REGION] keeps a secret's value in that region, without another endpoint",
    );
  return url.origin;
}
