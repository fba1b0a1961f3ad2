import {
  created,
  failed,
  found,
  longOr,
  metadataOr,
  ok,
  Refusal,
  text,
  textOr,
  texts,
  textsOr,
  unreadable,
  wholeOr,
  type Call,
  type Handler,
} from "./keywhiz-answer.ts";
import type { Fields, Json } from "./keywhiz-json.ts";
import { byId, hashOrder, type Secret, type Version, type Written } from "./keywhiz-store.ts";
import { sanitized, secretDetail } from "./keywhiz-views.ts";

const SECRETS = "/automation/v2/secrets";
const LONGEST_NAME = 195;

export const createSecret: Handler = ({ store, client, fields, base }) => {
  const name = text(fields, "name");
  const written = writtenOf(fields);
  const groups = textsOr(fields, "groups");
  const row = store.row(name, client.name, textOr(fields, "description"), textOr(fields, "owner"));
  const type = textOr(fields, "type");
  if (name === "") throw unreadable();
  filled(written);
  checkName(name);
  checkOwner(row.owner, store.groups);
  const version = store.secrets.get(name) ? null : store.version(client.name, written);
  // Whatever the database says, a double name or a value that is too large, becomes the same answer.
  if (!version) throw new Refusal(409, `Cannot create secret ${name}.`);
  const secret = store.addSecret(row, type, version);
  for (const group of store.groupsNamed(groups)) secret.groups.add(group);
  return created(base, SECRETS, name);
};

export const createOrUpdateSecret: Handler = (call) => {
  const { store, client, fields, base } = call;
  const name = nameOf(call);
  const written = writtenOf(fields);
  const [description, owner] = [textOr(fields, "description"), textOr(fields, "owner")];
  const type = textOr(fields, "type");
  filled(written);
  checkOwner(owner, store.groups);
  const secret = store.secrets.get(name);
  if (!secret) checkName(name);
  const version = store.version(client.name, written);
  if (!version) throw failed();
  if (!secret) store.addSecret(store.row(name, client.name, description, owner), type, version);
  else {
    Object.assign(secret, { description, type, owner: owner || secret.owner });
    store.secrets.rename(secret, name);
    append(call, secret, version);
  }
  return created(base, SECRETS, name);
};

export const updatePartly: Handler = (call) => {
  const { store, client, fields, base } = call;
  const secret = found(store.secrets.get(nameOf(call)));
  const { current } = secret;
  const has = (key: string): boolean => fields[`${key}Present`] === true;
  const written = {
    content: has("content") ? base64(textOr(fields, "content")) : current.content,
    metadata: has("metadata") ? metadataOr(fields) : current.metadata,
    expiry: has("expiry") ? longOr(fields, "expiry") : current.expiry,
  };
  const owner = has("owner") ? textOr(fields, "owner") : secret.owner;
  filled(written);
  checkOwner(owner, store.groups);
  const version = store.version(client.name, written);
  if (!version) throw failed();
  secret.owner = owner;
  if (has("description")) secret.description = textOr(fields, "description");
  if (has("type")) secret.type = textOr(fields, "type");
  append(call, secret, version);
  return created(base, SECRETS, nameOf(call));
};

export const renameSecret: Handler = (call) => {
  const { store, names, base } = call;
  const [from = "", to = ""] = names;
  const secret = found(store.secrets.get(from));
  if (store.secrets.get(to)) throw new Refusal(409, `name ${to} already used by an existing secret in keywhiz`);
  store.secrets.rename(secret, to);
  touch(call, secret);
  return created(base, SECRETS, to);
};

export const setVersion: Handler = (call) => {
  const { store, fields } = call;
  const [name, wanted] = [text(fields, "name"), longOr(fields, "version")];
  if (name === "") throw unreadable();
  const secret = found(store.secrets.get(name));
  const known = store.secrets.all().find(({ versions }) => versions.some(({ id }) => id === wanted));
  if (!known) throw new Refusal(400, `The requested version ${wanted} is not a known version of this secret`);
  const version = secret.versions.find(({ id }) => id === wanted);
  if (!version) throw failed();
  secret.current = version;
  touch(call, secret);
  return { status: 201 };
};

export const deleteSecret: Handler = (call) => {
  const secret = call.store.secrets.get(nameOf(call));
  if (!secret) throw new Refusal(404, "Secret series not found.");
  call.store.secrets.remove(secret);
  return { status: 204 };
};

export const listSecrets: Handler = ({ store, query }) => {
  const [index, count] = [wholeOr(query, "idx"), wholeOr(query, "num")];
  if (index === null || count === null) return ok(hashOrder(store.secrets.all()));
  if (index < 0 || count < 0)
    throw new Refusal(400, "Index and num must both be positive when retrieving batched secrets!");
  const sign = query.get("newestFirst") === "false" ? -1 : 1;
  const sorted = store.secrets.all().sort((a, b) => sign * newestFirst(a, b) || byId(a, b));
  return ok(sorted.slice(index, index + count).map(({ name }) => name));
};

export const showSecret: Handler = (call) => ok(secretDetail(secretOf(call)));

export const showSanitized: Handler = (call) => ok(sanitized(secretOf(call)));

export const listVersions: Handler = (call) => {
  const secret = secretOf(call);
  const [first, count] = [wholeOr(call.query, "versionIdx") ?? 0, wholeOr(call.query, "numVersions") ?? 0];
  if (first < 0 || count < 0) throw failed();
  const sorted = [...secret.versions].sort((a, b) => newestFirst(a, b) || byId(a, b));
  return ok(sorted.slice(first, first + count).map((version) => secretDetail(secret, version)));
};

export const listSecretGroups: Handler = (call) => ok(hashOrder(secretOf(call).groups));

export const changeSecretGroups: Handler = (call) => {
  const { groups } = secretOf(call);
  changeGroups(call, groups);
  return ok(hashOrder(groups));
};

export const readContents: Handler = ({ store, fields }) => {
  const successSecrets: { [name: string]: Json } = {};
  const missingSecrets: string[] = [];
  for (const name of texts(fields, "secrets")) {
    if (name === "") throw failed();
    const secret = store.secrets.get(name);
    if (secret) successSecrets[name] = secret.current.content;
    else missingSecrets.push(name);
  }
  return ok({ successSecrets, missingSecrets });
};

export const readContentsAtVersion: Handler = ({ store, fields }) => {
  const [name, wanted] = [text(fields, "secret"), longOr(fields, "version")];
  const { versions } = found(store.secrets.get(name));
  return ok({ secret: found(versions.find(({ id }) => id === wanted)).content });
};

/** What PUT …/groups does for secrets and clients alike: both lists must be there, and unknown groups do not count. */
export function changeGroups({ store, fields }: Call, groups: Secret["groups"]): void {
  const [added, removed] = [texts(fields, "addGroups"), texts(fields, "removeGroups")];
  const before = new Set(groups);
  for (const group of store.groupsNamed(added)) groups.add(group);
  for (const group of store.groupsNamed(removed)) if (before.has(group)) groups.delete(group);
}

/** An owner must be a group that exists; Keywhiz does not expect anything else. */
export function checkOwner(owner: string, groups: Call["store"]["groups"]): void {
  if (owner !== "" && !groups.get(owner)) throw failed();
}

function nameOf({ names: [name = ""] }: Call): string {
  return name;
}

function secretOf(call: Call): Secret {
  return found(call.store.secrets.get(nameOf(call)));
}

function writtenOf(fields: Fields): Written {
  return {
    content: base64(text(fields, "content")),
    metadata: metadataOr(fields),
    expiry: longOr(fields, "expiry"),
  };
}

function filled({ content }: Written): void {
  if (content === "") throw failed();
}

/** The text with its padding, which may have been left out; anything else than Java's basic alphabet is refused. */
function base64(content: string): string {
  const core = content.replace(/={1,2}$/, "");
  const missing = (4 - (core.length % 4)) % 4;
  const padded = content.length > core.length;
  if (/[^A-Za-z0-9+/]/.test(core) || missing === 3 || (padded && content.length - core.length !== missing))
    throw unreadable();
  return Buffer.from(core, "base64").toString("base64");
}

function checkName(name: string): void {
  const refuse = (why: string): never => {
    throw new Refusal(400, `secret cannot be created with name \`${name}\` - secret names ${why}`);
  };
  if (name.startsWith(".")) refuse("cannot begin with a period");
  if (name.length > LONGEST_NAME) refuse(`must be ${LONGEST_NAME} characters or less`);
}

function append(call: Call, secret: Secret, version: Version): void {
  secret.versions.push(version);
  secret.current = version;
  touch(call, secret);
}

function touch({ store, client }: Call, secret: Secret): void {
  secret.updatedAt = store.now();
  secret.updatedBy = client.name;
}

function newestFirst(a: { readonly createdAt: number }, b: { readonly createdAt: number }): number {
  return b.createdAt - a.createdAt;
}
