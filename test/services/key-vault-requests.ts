import { badProperty, objectOf, refusal, type Answer, type Refusal } from "./key-vault-answers.ts";
import { ISSUER, type Right, type VaultClient } from "./key-vault-login.ts";
import type { Body, Properties, Secrets } from "./key-vault-secrets.ts";

type VaultRequest = {
  readonly method: string;
  /** The path and the query. */
  readonly url: URL;
  readonly contentType: string | undefined;
  readonly body: string;
};

type Call = {
  readonly secrets: Secrets;
  readonly request: VaultRequest;
  readonly name: string;
  readonly version?: string;
};
type Operation = {
  readonly method: string;
  readonly path: RegExp;
  readonly right: Right;
  run(call: Call): Answer;
};

const VAULT = "unsprawl-test";
const SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";
const ACTIONS: { readonly [right in Right]: string } = {
  get: "getSecret/action",
  list: "readMetadata/action",
  set: "setSecret/action",
  update: "update/action",
  delete: "delete",
  recover: "recover/action",
  purge: "purge/action",
};
const API_VERSION = /^(2016-10-01|7\.[0-6]|2025-07-01|2026-04-01)$/;
const NAME = /^[0-9a-zA-Z-]{1,127}$/;
const MAX = { value: 25_600, contentType: 255, tags: 15, tagName: 512, tagValue: 256, page: 25 };

const OPERATIONS: readonly Operation[] = [
  { method: "GET", path: /^\/secrets$/, right: "list", run: (call) => page(call, call.secrets.list()) },
  {
    method: "GET",
    path: /^\/secrets\/(?<name>[^/]+)\/versions$/,
    right: "list",
    run: (call) => page(call, call.secrets.versions(call.name)),
  },
  {
    method: "GET",
    path: /^\/secrets\/(?<name>[^/]+)(\/(?<version>[^/]+))?$/,
    right: "get",
    run: ({ secrets, name, version }) => ok(secrets.get(name, version)),
  },
  { method: "PUT", path: /^\/secrets\/(?<name>[^/]+)$/, right: "set", run: set },
  {
    method: "PATCH",
    path: /^\/secrets\/(?<name>[^/]+)(\/(?<version>[^/]+))?$/,
    right: "update",
    run: ({ secrets, request, name, version }) => ok(secrets.update(name, version, propertiesOf(jsonOf(request)))),
  },
  {
    method: "DELETE",
    path: /^\/secrets\/(?<name>[^/]+)$/,
    right: "delete",
    run: ({ secrets, name }) => ok(secrets.remove(name)),
  },
  { method: "GET", path: /^\/deletedsecrets$/, right: "list", run: (call) => page(call, call.secrets.listDeleted()) },
  {
    method: "GET",
    path: /^\/deletedsecrets\/(?<name>[^/]+)$/,
    right: "get",
    run: ({ secrets, name }) => ok(secrets.getDeleted(name)),
  },
  {
    method: "POST",
    path: /^\/deletedsecrets\/(?<name>[^/]+)\/recover$/,
    right: "recover",
    run: ({ secrets, name }) => ok(secrets.recover(name)),
  },
  { method: "DELETE", path: /^\/deletedsecrets\/(?<name>[^/]+)$/, right: "purge", run: purge },
];

/** The secrets API for a caller who is known; refusals are thrown. */
export function answerRequest(secrets: Secrets, caller: VaultClient, request: VaultRequest): Answer {
  checkVersion(request.url);
  const [operation, groups] = operationOf(request);
  const { name = "", version } = groups;
  if (name && !NAME.test(name)) throw bad(`The request URI contains an invalid name: ${name}`);
  if (!caller.rights.includes(operation.right)) throw forbidden(caller, operation.right, name);
  return operation.run({ secrets, request, name, ...(version === undefined ? {} : { version }) });
}

function operationOf(request: VaultRequest): [Operation, { readonly name?: string; readonly version?: string }] {
  // The SDK writes an empty version as a slash at the end.
  const path = decoded(request.url.pathname).replace(/\/+$/, "");
  const here = OPERATIONS.filter((one) => one.path.test(path));
  const operation = here.find((one) => one.method === request.method);
  if (here.length === 0) throw refusal(404, "NotFound", "The requested resource does not exist.");
  if (!operation) throw refusal(405, "MethodNotAllowed", `The method ${request.method} is not allowed here.`);
  return [operation, operation.path.exec(path)?.groups ?? {}];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw bad("The request URI is not valid.");
  }
}

function checkVersion(url: URL): void {
  const version = url.searchParams.get("api-version");
  if (version === null) throw bad("api-version must be specified");
  if (!API_VERSION.test(version))
    throw bad(
      `The specified version (${version}) is not recognized. Consider using the latest supported version (2026-04-01).`,
    );
}

function forbidden(caller: VaultClient, right: Right, name: string): Refusal {
  const resource = `/subscriptions/${SUBSCRIPTION}/resourcegroups/unsprawl/providers/microsoft.keyvault/vaults/${VAULT}`;
  const lines = [
    "Caller is not authorized to perform action on resource.",
    "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
    `Caller: appid=${caller.id};oid=${caller.objectId};iss=${ISSUER}`,
    `Action: 'Microsoft.KeyVault/vaults/secrets/${ACTIONS[right]}'`,
    `Resource: '${resource}${name && `/secrets/${name.toLowerCase()}`}'`,
    "Assignment: (not found)",
    "DenyAssignmentId: null",
    "DecisionReason: 'DeniedWithNoValidRBAC' ",
    `Vault: ${VAULT};location=westeurope`,
    "",
  ];
  return refusal(403, "Forbidden", lines.join("\r\n"), { inner: "ForbiddenByRbac" });
}

function set({ secrets, request, name }: Call): Answer {
  const body = jsonOf(request);
  const { value } = body;
  if (typeof value !== "string" || Buffer.byteLength(value) > MAX.value) throw badProperty();
  return ok(secrets.set(name, value, propertiesOf(body)));
}

function purge({ secrets, name }: Call): Answer {
  secrets.purge(name);
  return { status: 204 };
}

function page({ request }: Call, all: readonly Body[]): Answer {
  const { searchParams: query } = request.url;
  const size = Number(query.get("maxresults") ?? MAX.page);
  if (!Number.isInteger(size) || size < 1 || size > MAX.page) throw bad("The maxresults parameter is not valid.");
  const from = Number(query.get("$skiptoken") ?? 0);
  if (!Number.isInteger(from) || from < 0) throw bad("The skiptoken parameter is not valid.");
  const next = new URL(request.url);
  next.searchParams.set("$skiptoken", String(from + size));
  return ok({ value: all.slice(from, from + size), nextLink: from + size < all.length ? next.href : null });
}

function jsonOf({ contentType, body }: VaultRequest): Body {
  if (!/^application\/json\b/i.test(contentType ?? ""))
    throw refusal(415, "UnsupportedMediaType", "The request entity's media type is not supported for this resource.");
  try {
    const parsed = objectOf(JSON.parse(body));
    if (parsed) return parsed;
  } catch {
    // Refused below.
  }
  throw badProperty();
}

function propertiesOf(body: Body): Properties {
  const { contentType, tags, attributes } = body;
  return {
    ...(contentType === undefined ? {} : { contentType: checked(contentType, isContentType) }),
    ...(tags === undefined ? {} : { tags: checked(tags, isTags) }),
    ...(attributes === undefined ? {} : { attributes: attributesOf(checked(attributes, isObject)) }),
  };
}

function attributesOf({ enabled, nbf, exp }: Body): NonNullable<Properties["attributes"]> {
  return {
    ...(enabled === undefined ? {} : { enabled: checked(enabled, isBoolean) }),
    ...(nbf === undefined ? {} : { nbf: checked(nbf, isTime) }),
    ...(exp === undefined ? {} : { exp: checked(exp, isTime) }),
  };
}

function checked<T>(value: unknown, is: (value: unknown) => value is T): T {
  if (!is(value)) throw badProperty();
  return value;
}

function isContentType(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX.contentType;
}

function isTags(value: unknown): value is { readonly [name: string]: string } {
  const tags = Object.entries(objectOf(value) ?? { "": null });
  return tags.length <= MAX.tags && tags.every(([name, tag]) => isTag(name, tag));
}

function isTag(name: string, tag: unknown): boolean {
  return typeof tag === "string" && name !== "" && name.length <= MAX.tagName && tag.length <= MAX.tagValue;
}

function isObject(value: unknown): value is Body {
  return objectOf(value) !== null;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isTime(value: unknown): value is number {
  return Number.isInteger(value);
}

function bad(message: string): Refusal {
  return refusal(400, "BadParameter", message);
}

function ok(body: Body): Answer {
  return { status: 200, body };
}
