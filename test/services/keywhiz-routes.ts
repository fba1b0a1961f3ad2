import { Refusal, type Handler } from "./keywhiz-answer.ts";
import * as delivery from "./keywhiz-delivery.ts";
import * as people from "./keywhiz-people.ts";
import * as secrets from "./keywhiz-secrets.ts";

type Methods = { readonly [method: string]: Handler };

/** Each path with its methods in the order of the Allow header; a fixed path stands before the one that also matches it. */
const ROUTES: readonly (readonly [path: string, methods: Methods])[] = [
  ["/automation/v2/secrets", { POST: secrets.createSecret, GET: secrets.listSecrets }],
  ["/automation/v2/secrets/request/contents", { POST: secrets.readContents }],
  ["/automation/v2/secrets/request/contents-at-version", { POST: secrets.readContentsAtVersion }],
  [
    "/automation/v2/secrets/{name}",
    { POST: secrets.createOrUpdateSecret, DELETE: secrets.deleteSecret, GET: secrets.showSecret },
  ],
  ["/automation/v2/secrets/{name}/sanitized", { GET: secrets.showSanitized }],
  ["/automation/v2/secrets/{name}/partialupdate", { POST: secrets.updatePartly }],
  ["/automation/v2/secrets/{name}/rename/{name}", { POST: secrets.renameSecret }],
  ["/automation/v2/secrets/{name}/versions", { GET: secrets.listVersions }],
  ["/automation/v2/secrets/{name}/setversion", { POST: secrets.setVersion }],
  ["/automation/v2/secrets/{name}/groups", { PUT: secrets.changeSecretGroups, GET: secrets.listSecretGroups }],
  ["/automation/v2/groups", { POST: people.createGroup, GET: people.listGroups }],
  ["/automation/v2/groups/{name}", { DELETE: people.deleteGroup, GET: people.showGroup }],
  ["/automation/v2/clients", { POST: people.createClient, GET: people.listClients }],
  ["/automation/v2/clients/{name}", { DELETE: people.deleteClient, GET: people.showClient }],
  ["/automation/v2/clients/{name}/groups", { PUT: people.changeClientGroups, GET: people.listClientGroups }],
  ["/automation/v2/clients/{name}/secrets", { GET: people.listClientSecrets }],
  ["/automation/secrets", { GET: delivery.firstSecrets }],
  ["/automation/clients", { GET: delivery.firstClients }],
  ["/secrets", { GET: delivery.listDelivered }],
  ["/secret/{name}", { GET: delivery.deliver }],
  ["/batchsecret", { POST: delivery.deliverBatch }],
];

const PATTERNS = ROUTES.map(
  ([path, methods]) => [new RegExp(`^${path.replaceAll("{name}", "([^/]+)")}$`), methods] as const,
);

/** Who answers the request, and the decoded names of its path: an escaped slash belongs to a name, a bare one does not. */
export function route(method: string, path: string): { readonly handler: Handler; readonly names: string[] } {
  for (const [pattern, methods] of PATTERNS) {
    const match = pattern.exec(path);
    if (!match) continue;
    const handler = methods[method === "HEAD" ? "GET" : method];
    if (!handler) throw new Refusal(405, undefined, { Allow: [...Object.keys(methods), "OPTIONS"].join(",") });
    return { handler, names: match.slice(1).map(decoded) };
  }
  throw new Refusal(404);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400);
  }
}
