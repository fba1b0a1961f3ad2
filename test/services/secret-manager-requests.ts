import { objectOf, type Answer } from "./key-vault-answers.ts";
import { crc32 } from "./secret-manager-checksum.ts";
import { rpcRefusal, type Account, type Permission } from "./secret-manager-login.ts";
import { newEtag, type Secrets, type StoredSecret } from "./secret-manager-secrets.ts";

/*
 * The calls of projects.secrets and projects.secrets.versions, as the discovery document of secretmanager v1 (revision
 * 20261021) has them. What it does not name is refused, as the service does: a parameter, a field, a path.
 */

type SecretManagerAsked = {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string | undefined;
  readonly body: string;
};

type Call = {
  readonly secrets: Secrets;
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly name: string;
  readonly version: string;
};

type Body = { readonly [key: string]: unknown };

type Operation = {
  readonly method: string;
  /** Below the project. */
  readonly path: RegExp;
  readonly permission: Permission;
  readonly query?: readonly string[];
  /** The fields of its body; absent: it has none. */
  readonly fields?: readonly string[];
  run(call: Call): object;
};

/** Parameters of every call (discovery, `parameters`). */
const COMMON = ["alt", "$alt", "fields", "prettyPrint", "quotaUser", "key"];
const SECRET_FIELDS = [
  "name",
  "replication",
  "createTime",
  "labels",
  "topics",
  "expireTime",
  "ttl",
  "etag",
  "rotation",
];
const MORE_FIELDS = [
  "versionAliases",
  "annotations",
  "versionDestroyTtl",
  "customerManagedEncryption",
  "tags",
  "secretType",
];
const FIELDS = [...SECRET_FIELDS, ...MORE_FIELDS];
const ETAG = ["etag"];
const SECRET = "secrets/(?<name>[^/:]+)";
const VERSION = `${SECRET}/versions/(?<version>[^/:]+)`;
const at = (path: string): RegExp => new RegExp(`^${path}$`);

const OPERATIONS: readonly Operation[] = [
  {
    ...{ method: "POST", path: at("secrets"), permission: "secrets.create", query: ["secretId"], fields: FIELDS },
    run: ({ secrets, query, body }) => secrets.secretJson(secrets.create(secretId(query), created(body))),
  },
  {
    ...{ method: "GET", path: at("secrets"), permission: "secrets.list", query: ["filter", "pageSize", "pageToken"] },
    run: page,
  },
  {
    ...{ method: "GET", path: at(SECRET), permission: "secrets.get" },
    run: ({ secrets, name }) => secrets.secretJson(secrets.find(name)),
  },
  {
    ...{ method: "PATCH", path: at(SECRET), permission: "secrets.update", query: ["updateMask"], fields: FIELDS },
    run: patch,
  },
  {
    ...{ method: "DELETE", path: at(SECRET), permission: "secrets.delete", query: ETAG },
    run({ secrets, name, query }) {
      mustMatch(secrets.find(name).etag, query.get("etag"));
      secrets.remove(name);
      return {};
    },
  },
  {
    ...{ method: "POST", path: at(`${SECRET}:addVersion`), permission: "versions.add", fields: ["payload"] },
    run: ({ secrets, name, body }) => secrets.versionJson(name, secrets.add(name, payloadOf(body))),
  },
  {
    ...{ method: "GET", path: at(`${VERSION}:access`), permission: "versions.access" },
    run: ({ secrets, name, version }) => secrets.payloadJson(name, secrets.version(name, version)),
  },
  {
    ...{ method: "GET", path: at(VERSION), permission: "versions.get" },
    run: ({ secrets, name, version }) => secrets.versionJson(name, secrets.version(name, version)),
  },
  ...(["enable", "disable", "destroy"] as const).map((verb): Operation => ({
    ...{ method: "POST", path: at(`${VERSION}:${verb}`), permission: `versions.${verb}`, fields: ETAG },
    run({ secrets, name, version, body }) {
      mustMatch(secrets.version(name, version).etag, body["etag"] ?? null);
      const state = { enable: "ENABLED", disable: "DISABLED", destroy: "DESTROYED" } as const;
      return secrets.versionJson(name, secrets.change(name, version, state[verb]));
    },
  })),
];

/** The API for a caller who is known; refusals are thrown. */
export function answerRequest(
  secrets: Secrets,
  caller: Account,
  { method, url, contentType, body }: SecretManagerAsked,
  projects: readonly string[],
): Answer {
  const [, project = "", rest = ""] = /^\/v1\/projects\/([^/]+)\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  const operation = OPERATIONS.find((one) => one.method === method && one.path.test(rest));
  // What is no method of the API is answered by Google's front end, in HTML.
  if (operation === undefined) return { status: 404, body: "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>" };
  const { name = "", version = "" } = operation.path.exec(rest)?.groups ?? {};
  const permission = `secretmanager.${operation.permission}`;
  if (!projects.includes(project) || !caller.permissions.includes(operation.permission))
    throw rpcRefusal(
      403,
      "PERMISSION_DENIED",
      `Permission '${permission}' denied for resource '${rest}' (or it may not exist).`,
      {
        ...{
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "IAM_PERMISSION_DENIED",
          domain: "iam.googleapis.com",
        },
        metadata: { permission, resource: `projects/${project}/${rest}` },
      },
    );
  for (const key of url.searchParams.keys())
    if (!COMMON.includes(key) && operation.query?.includes(key) !== true)
      throw bad(`Invalid JSON payload received. Unknown name "${key}": Cannot bind query parameter.`);
  if (name !== "" && !/^[A-Za-z0-9_-]{1,255}$/.test(name))
    throw bad(`The provided Secret ID [${name}] does not match the expected format.`);
  const given = bodyOf(operation, contentType, body);
  return { status: 200, body: operation.run({ secrets, query: url.searchParams, body: given, name, version }) };
}

function bodyOf({ fields }: Operation, contentType: string | undefined, text: string): Body {
  if (text === "") return {};
  let body: Body | null = null;
  try {
    body = objectOf(JSON.parse(text));
  } catch {
    // Refused below.
  }
  if (body === null || contentType?.startsWith("application/json") !== true)
    throw bad("Invalid JSON payload received.");
  const strange = Object.keys(body).find((key) => fields?.includes(key) !== true);
  if (strange !== undefined) throw bad(`Invalid JSON payload received. Unknown name "${strange}": Cannot find field.`);
  return body;
}

function secretId(query: URLSearchParams): string {
  const id = query.get("secretId") ?? "";
  if (/^[A-Za-z0-9_-]{1,255}$/.test(id)) return id;
  throw bad(`The provided Secret ID [${id}] does not match the expected format [[a-zA-Z_0-9-]+].`);
}

function created(body: Body): Parameters<Secrets["create"]>[1] {
  const replication = objectOf(body["replication"]);
  const [kind, ...more] = Object.keys(replication ?? {});
  const replicas = objectOf(replication?.["userManaged"])?.["replicas"];
  const isManaged = kind === "userManaged" && Array.isArray(replicas) && replicas.length > 0;
  if (more.length > 0 || !(isManaged || (kind === "automatic" && objectOf(replication?.["automatic"]) !== null)))
    throw bad("Field [replication] is required.");
  const places = kind === "automatic" ? [objectOf(replication?.["automatic"])] : (replicas as unknown[]).map(objectOf);
  for (const place of places) mustEncrypt(place, kind === "automatic" ? "global" : place?.["location"]);
  return { replication, labels: labelsOf(body), annotations: annotationsOf(body), versionAliases: {} };
}

/** A key of Cloud KMS, if there is one, has to be where the replica is ("Enable CMEK for Secret Manager"). */
function mustEncrypt(place: Body | null, location: unknown): void {
  const { location: _, customerManagedEncryption: encryption, ...more } = place ?? {};
  if (place === null || Object.keys(more).length > 0)
    throw bad("Invalid JSON payload received. Unknown name at 'replication'.");
  if (encryption === undefined) return;
  const name = objectOf(encryption)?.["kmsKeyName"];
  const at = /^projects\/[^/]+\/locations\/([^/]+)\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.exec(String(name))?.[1];
  if (at === undefined || at !== location) throw bad("The KMS key must be in the location of the replica.");
}

function labelsOf(body: Body): StoredSecret["labels"] {
  const labels = textsOf(body, "labels");
  const isLabel = ([key, text]: readonly [string, string]): boolean =>
    /^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key) && /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(text);
  if (Object.keys(labels).length > 64 || !Object.entries(labels).every(isLabel)) throw bad("Invalid labels.");
  return labels;
}

function annotationsOf(body: Body): StoredSecret["annotations"] {
  const annotations = textsOf(body, "annotations");
  const size = Object.entries(annotations).reduce((sum, [key, text]) => sum + Buffer.byteLength(key + text), 0);
  const isKey = (key: string): boolean => /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(key);
  if (size >= 16_384 || !Object.keys(annotations).every(isKey)) throw bad("Invalid annotations.");
  return annotations;
}

function textsOf(body: Body, key: string): { readonly [key: string]: string } {
  const entries = Object.entries(objectOf(body[key] ?? {}) ?? { "": null });
  if (entries.every(([, text]) => typeof text === "string"))
    return Object.fromEntries(entries) as { [key: string]: string };
  throw bad(`Invalid value at '${key}'.`);
}

/** Replaces what the mask names, if the etag in the body is the secret's. */
function patch({ secrets, name, query, body }: Call): object {
  const secret = secrets.find(name);
  mustMatch(secret.etag, body["etag"] ?? null);
  const mask = (query.get("updateMask") ?? "").split(",");
  const known = ["annotations", "versionAliases", "version_aliases"];
  if (!mask.every((one) => known.includes(one))) throw bad("Invalid update mask.");
  if (mask.includes("annotations")) secret.annotations = annotationsOf(body);
  if (mask.some((one) => one.startsWith("version"))) secret.versionAliases = textsOf(body, "versionAliases");
  secret.etag = newEtag();
  return secrets.secretJson(secret);
}

function payloadOf(body: Body): Buffer {
  const payload = objectOf(body["payload"]);
  const { data, dataCrc32c, ...more } = payload ?? {};
  if (payload === null || typeof data !== "string" || data === "") throw bad("Field [payload] is required.");
  if (Object.keys(more).length > 0) throw bad("Invalid JSON payload received. Unknown name at 'payload'.");
  const bytes = Buffer.from(data, "base64");
  if (bytes.length > 65_536) throw bad("The payload exceeds the maximum of 65536 bytes.");
  // 64 bits are text in JSON.
  if (dataCrc32c !== undefined && dataCrc32c !== String(crc32(bytes)))
    throw bad("The checksum of the payload does not match the data.");
  return bytes;
}

function page({ secrets, query }: Call): object {
  const size = Math.min(Number(query.get("pageSize") ?? "0") || 100, 25_000);
  const all = secrets.list();
  const from = Number(query.get("pageToken") ?? 0);
  const next = from + Math.min(size, MOST_IN_PAGE);
  return {
    secrets: all.slice(from, next).map((one) => secrets.secretJson(one)),
    ...(next < all.length ? { nextPageToken: String(next) } : {}),
    totalSize: all.length,
  };
}

/** A page may hold fewer than were asked for: so that there is a second one. */
const MOST_IN_PAGE = 50;

function mustMatch(etag: string, given: unknown): void {
  if (given === null || given === etag) return;
  throw rpcRefusal(400, "FAILED_PRECONDITION", "The etag provided in the request does not match the current etag.");
}

function bad(message: string): Error {
  return rpcRefusal(400, "INVALID_ARGUMENT", message);
}
