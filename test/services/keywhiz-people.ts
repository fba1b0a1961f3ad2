import {
  created,
  found,
  metadataOr,
  ok,
  Refusal,
  text,
  textOr,
  textsOr,
  type Call,
  type Handler,
} from "./keywhiz-answer.ts";
import { changeGroups, checkOwner } from "./keywhiz-secrets.ts";
import { hashOrder, type Client, type Group } from "./keywhiz-store.ts";
import { clientDetail, groupDetail } from "./keywhiz-views.ts";

export const createGroup: Handler = ({ store, client, fields, base }) => {
  const name = text(fields, "name");
  const row = store.row(name, client.name, textOr(fields, "description"), textOr(fields, "owner"));
  const metadata = metadataOr(fields);
  if (store.groups.get(name)) throw new Refusal(409, `Group ${name} already exists`);
  checkOwner(row.owner, store.groups);
  store.addGroup(row, metadata);
  return created(base, "/automation/v2/groups", name);
};

export const listGroups: Handler = ({ store }) => ok(hashOrder(store.groups.all()));

export const showGroup: Handler = (call) => ok(groupDetail(groupOf(call), call.store));

export const deleteGroup: Handler = (call) => {
  call.store.removeGroup(groupOf(call));
  return { status: 204 };
};

export const createClient: Handler = ({ store, client, fields, base }) => {
  const name = text(fields, "name");
  const row = store.row(name, client.name, textOr(fields, "description"), textOr(fields, "owner"));
  const groups = textsOr(fields, "groups");
  if (store.clients.get(name)) throw new Refusal(409, "Client name already exists.");
  checkOwner(row.owner, store.groups);
  const made = store.addClient(row, textOr(fields, "spiffeId"), false);
  for (const group of store.groupsNamed(groups)) made.groups.add(group);
  return created(base, "/automation/v2/clients", name);
};

export const listClients: Handler = ({ store }) => ok(hashOrder(store.clients.all()));

export const showClient: Handler = (call) => ok(clientDetail(clientOf(call)));

export const deleteClient: Handler = (call) => {
  call.store.clients.remove(clientOf(call));
  return { status: 204 };
};

export const listClientGroups: Handler = (call) => ok(hashOrder(clientOf(call).groups));

export const changeClientGroups: Handler = (call) => {
  const { groups } = clientOf(call);
  changeGroups(call, groups);
  return ok(hashOrder(groups));
};

export const listClientSecrets: Handler = (call) => ok(hashOrder(call.store.secretsFor(clientOf(call))));

function groupOf({ store, names: [name = ""] }: Call): Group {
  return found(store.groups.get(name));
}

function clientOf({ store, names: [name = ""] }: Call): Client {
  return found(store.clients.get(name));
}
