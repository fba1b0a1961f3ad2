import { failed, found, ok, Refusal, texts, type Handler } from "./keywhiz-answer.ts";
import { byId, granted } from "./keywhiz-store.ts";
import { delivered, firstClient, firstSecret, printed } from "./keywhiz-views.ts";

export const listDelivered: Handler = ({ store, client }) =>
  ok(
    store
      .secretsFor(client)
      .sort(byId)
      .map((secret) => delivered(secret, false)),
  );

export const deliver: Handler = ({ store, client, names: [name = ""] }) => {
  const secret = found(store.secrets.get(name));
  if (granted(secret, client)) return ok(delivered(secret, true));
  throw new Refusal(403, `Access denied: ${client.name} at '/secret/${name}' by '${printed(client)}'`);
};

/** All or nothing; names must be written as they were created, because Keywhiz compares them once more itself. */
export const deliverBatch: Handler = ({ store, client, fields }) => {
  const names = texts(fields, "secrets");
  if (names.length === 0) throw failed();
  const secrets = names.map((name) => {
    const secret = store.secrets.get(name);
    return found(secret?.name === name ? secret : undefined);
  });
  const refused = secrets.filter((secret) => !granted(secret, client)).map(({ name }) => name);
  if (refused.length > 0)
    throw new Refusal(403, `Access denied: ${client.name} to secret(s) '[${refused.join(", ")}]'`);
  const sorted = secrets.sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  return ok(sorted.map((secret) => delivered(secret, true)));
};

/** Of the first automation API only what was recorded is here: a secret and a client by name. */
export const firstSecrets: Handler = ({ store, query }) => {
  const name = query.get("name");
  const secret = name === null ? undefined : store.secrets.get(name);
  return ok((name === null ? store.secrets.all() : secret ? [secret] : []).map(firstSecret));
};

export const firstClients: Handler = ({ store, query }) => {
  const name = query.get("name");
  return ok(name === null ? store.clients.all().map(firstClient) : firstClient(found(store.clients.get(name))));
};
