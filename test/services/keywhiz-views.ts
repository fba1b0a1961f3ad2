import type { Json } from "./keywhiz-json.ts";
import {
  decodedLength,
  hashOrder,
  type Client,
  type Group,
  type Secret,
  type Store,
  type Version,
} from "./keywhiz-store.ts";

type View = { readonly [key: string]: Json };

/** A secret as `GET /automation/v2/secrets/NAME` and its list of versions tell of it: all but the value. */
export function secretDetail(secret: Secret, version: Version = secret.current): View {
  return {
    name: secret.name,
    ...ownerOf(secret),
    description: secret.description,
    checksum: version.checksum,
    createdAtSeconds: secret.createdAt,
    createdBy: secret.createdBy,
    updatedAtSeconds: secret.updatedAt,
    updatedBy: secret.updatedBy,
    metadata: version.metadata,
    type: secret.type,
    expiry: version.expiry,
    version: version.id,
    contentCreatedAtSeconds: version.createdAt,
    contentCreatedBy: version.createdBy,
  };
}

export function sanitized(secret: Secret): View {
  const { current } = secret;
  return {
    id: secret.id,
    name: secret.name,
    ...ownerOf(secret),
    description: secret.description,
    checksum: current.checksum,
    ...dates(secret),
    metadata: current.metadata,
    type: secret.type,
    generationOptions: {},
    expiry: current.expiry,
    version: current.id,
    contentCreatedAt: date(current.createdAt),
    contentCreatedBy: current.createdBy,
    createdAtSeconds: secret.createdAt,
    updatedAtSeconds: secret.updatedAt,
    contentCreatedAtSeconds: current.createdAt,
  };
}

/** A secret as an application gets it, with its metadata among the fields; a list leaves the value out. */
export function delivered(secret: Secret, withValue: boolean): View {
  const content = withValue ? secret.current.content : "";
  return {
    name: secret.name,
    secret: content,
    secretLength: decodedLength(content),
    checksum: secret.current.checksum,
    creationDate: date(secret.createdAt),
    updateDate: date(secret.updatedAt),
    ...secret.current.metadata,
  };
}

/** A secret as the first automation API gives it: value, groups and metadata in one. */
export function firstSecret(secret: Secret): View {
  return {
    id: secret.id,
    name: secret.name,
    secret: secret.current.content,
    secretLength: decodedLength(secret.current.content),
    creationDate: date(secret.createdAt),
    groups: [...secret.groups].map(firstGroup),
    expiry: secret.current.expiry,
    ...secret.current.metadata,
  };
}

export function firstClient(client: Client): View {
  return {
    id: client.id,
    name: client.name,
    description: client.description,
    creationDate: date(client.createdAt),
    updateDate: date(client.updatedAt),
    createdBy: client.createdBy,
    updatedBy: client.updatedBy,
    lastSeen: client.lastSeen === null ? null : date(client.lastSeen),
    groups: [...client.groups].map(firstGroup),
    secrets: [],
  };
}

export function groupDetail(group: Group, store: Store): View {
  return {
    name: group.name,
    description: group.description,
    createdAtSeconds: group.createdAt,
    updatedAtSeconds: group.updatedAt,
    createdBy: group.createdBy,
    updatedBy: group.updatedBy,
    secrets: hashOrder(store.secrets.all().filter((secret) => secret.groups.has(group))),
    clients: hashOrder(store.clients.all().filter((client) => client.groups.has(group))),
    metadata: group.metadata,
    ...ownerOf(group),
  };
}

export function clientDetail(client: Client): View {
  return {
    name: client.name,
    description: client.description,
    spiffeId: client.spiffeId,
    createdAtSeconds: client.createdAt,
    updatedAtSeconds: client.updatedAt,
    createdBy: client.createdBy,
    updatedBy: client.updatedBy,
    lastSeenSeconds: client.lastSeen,
    ...ownerOf(client),
  };
}

/** The Java object that Keywhiz prints into the message of a refused delivery. */
export function printed(client: Client): string {
  const stamp = (seconds: number | null): string => (seconds === null ? "null" : `ApiDate[${seconds}]`);
  const fields = {
    id: client.id,
    name: client.name,
    description: client.description,
    spiffeId: client.spiffeId || "null",
    createdAt: stamp(client.createdAt),
    createdBy: client.createdBy,
    updatedAt: stamp(client.updatedAt),
    updatedBy: client.updatedBy,
    lastSeen: stamp(client.lastSeen),
    expiration: stamp(client.expiration),
    enabled: true,
    owner: client.owner || "null",
    automationAllowed: client.automationAllowed,
  };
  return `Client{${Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ")}}`;
}

function firstGroup(group: Group): View {
  return { id: group.id, name: group.name, description: group.description, ...dates(group), metadata: group.metadata };
}

function dates(row: Group | Secret): View {
  return {
    createdAt: date(row.createdAt),
    createdBy: row.createdBy,
    updatedAt: date(row.updatedAt),
    updatedBy: row.updatedBy,
  };
}

/** Keywhiz leaves an owner out where there is none. */
function ownerOf({ owner }: { readonly owner: string }): View {
  return owner === "" ? {} : { owner };
}

function date(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
