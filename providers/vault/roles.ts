import { isIP } from "node:net";
import type { LoginRoles, ServerLogin } from "../../src/contract/login-roles.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { LoginRole } from "../../src/model/handover.ts";
import type { VaultClient } from "./client.ts";
import { database } from "./database.ts";
import { missingRight } from "./errors.ts";
import { encodePath, vaultReference } from "./names.ts";
import { policyLine, type PolicyRule } from "./policy.ts";
import { publicSettings, type VaultSettings } from "./settings.ts";
import type { Method } from "./transport.ts";

/** The path template of a store on the database engine. */
export const STATIC_PATH = "static-creds/{subject}";

/**
 * The database engine's plug-ins for servers, by the beginning of their names, and their usual ports. MySQL's changes the
 * account for any host (`app@'%'`), which may be another than the one that the application logs in with.
 */
const PLUGINS: { readonly [server: string]: { readonly plugin: RegExp; readonly port: number } } = {
  postgres: { plugin: /^postgresql-/, port: 5432 },
};

type Connection = {
  readonly name: string;
  readonly plugin: string;
  readonly address: string;
  /** The login of the engine itself; null if it does not say. */
  readonly user: string | null;
  readonly allowed: readonly string[];
};

/**
 * Static roles of the database engine (Vault API docs, "Database secrets engine", Create/Update static role): the engine
 * changes a role's password as it makes the role, and then at its times.
 */
export function databaseRoles(client: VaultClient, settings: VaultSettings): LoginRoles {
  const { mount, address } = settings;
  const call = async (
    method: Method,
    path: string,
    rule: string,
    json?: { readonly [key: string]: unknown },
  ): Promise<unknown> => {
    const [place = "", query] = `${mount}/${path}`.split("?");
    const needs = [{ path: place, capabilities: [rule] }];
    const asked = query === undefined ? encodePath(place) : `${encodePath(place)}?${query}`;
    const answer = await client.call(method, asked, { needs, expect: [404], ...(json && { json }) });
    return answer.status === 404 ? null : (((answer.body ?? {}) as { data?: unknown }).data ?? {});
  };
  const listed = async (what: string): Promise<readonly string[]> => {
    const { keys = [] } = ((await call("GET", `${what}?list=true`, "list")) ?? {}) as { keys?: readonly unknown[] };
    return keys.map(String);
  };
  const role = (name: string): Promise<unknown> => call("GET", `static-roles/${name}`, "read");
  const read = (of: LoginRole): ReturnType<LoginRoles["read"]> =>
    database(client, mount, address)
      .get(of.key)
      .then((stored) => stored?.value ?? null);
  return {
    target: { name: mount, provider: "vault", settings: publicSettings(settings) },
    async find(login, named, everySeconds) {
      mustBeName(login.user);
      const found = chosen(await connections(), login, named, mount);
      if (found.user === null || found.user === login.user) throw engineItself(mount, found.name, login.user);
      await mustBeFree(login.user);
      if (!found.allowed.some((one) => isAllowed(one, login.user))) throw notAllowed(mount, found.name, login.user);
      const key = { path: `static-creds/${login.user}`, field: "password" };
      const { name: connection, address: at } = found;
      const of = {
        ...{ name: login.user, connection, address: at, user: login.user, key, everySeconds },
        reference: vaultReference(key, settings),
      };
      await mustBeAllowed(client, [...handRights(mount, of), readRight(mount, of)]);
      return of;
    },
    stateOf,
    async make(of) {
      const state = await stateOf(of);
      if (state === "there") return;
      if (state === "another") throw anothers(mount, of.name);
      await call("POST", `static-roles/${of.name}`, "create", {
        ...{ db_name: of.connection, username: of.user, rotation_period: `${of.everySeconds}s` },
      });
    },
    read,
    async renew(of) {
      await call("POST", `rotate-role/${of.name}`, "update");
    },
    async drop(of) {
      if ((await stateOf(of)) === "there") await call("DELETE", `static-roles/${of.name}`, "delete");
    },
    policy: (of) => policyText(mount, of),
  };

  async function connections(): Promise<readonly Connection[]> {
    const names = await listed("config");
    if (names.length === 0)
      throw new UnsprawlError(
        "refused",
        `there is no database engine at ${mount}/ of ${address}, or it knows no server`,
        cmd`vault secrets enable -path=${mount} database, then vault write ${`${mount}/config/NAME`} …; or --connection MOUNT/NAME`,
      );
    const read = await each(names, (name) => call("GET", `config/${name}`, "read"));
    return names.map((name, at) => connectionOf(name, read[at]));
  }

  async function stateOf({ name, connection, user, everySeconds }: LoginRole): ReturnType<LoginRoles["stateOf"]> {
    const there = await role(name);
    if (there === null) return "none";
    const { db_name, username, rotation_period } = there as {
      [name in "db_name" | "username" | "rotation_period"]?: unknown;
    };
    const isIt = db_name === connection && username === user && rotation_period === everySeconds;
    return isIt ? "there" : "another";
  }

  /** A login that a role has already has the password of that role, whatever its connection is called. */
  async function mustBeFree(user: string): Promise<void> {
    const names = await listed("static-roles");
    const all = await each(names, role);
    const name = names.find((one, at) => one === user || (all[at] as { username?: unknown } | null)?.username === user);
    if (name === undefined) return;
    throw new UnsprawlError(
      "refused",
      `${mount}/ has a static role ${name} already, which is of this login or has its name`,
      cmd`vault read ${`${mount}/static-roles/${name}`}; docs/rotation.md says how its reference takes a value's place by hand`,
    );
  }
}

/** Loaded when it is used: opening a store needs no library. */
async function each(names: readonly string[], read: (name: string) => Promise<unknown>): Promise<readonly unknown[]> {
  const { default: pMap } = await import("p-map");
  return pMap(names, read, { concurrency: 8 });
}

function connectionOf(name: string, data: unknown): Connection {
  const {
    plugin_name: plugin,
    connection_details: details,
    allowed_roles: allowed,
  } = (data ?? {}) as {
    plugin_name?: unknown;
    connection_details?: { connection_url?: unknown; username?: unknown };
    allowed_roles?: unknown;
  };
  return {
    ...{ name, plugin: textOf(plugin), user: userOf(textOf(details?.connection_url), details?.username) },
    address: addressIn(textOf(details?.connection_url)),
    allowed: Array.isArray(allowed) ? allowed.map(String) : [],
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The engine's connection to a server. A role's password is changed there at once, so a wrong one is never guessed. */
function chosen(
  all: readonly Connection[],
  { server, host, port, isLocal }: ServerLogin,
  named: string | null,
  mount: string,
): Connection {
  const kind = PLUGINS[server];
  if (kind === undefined)
    throw new UnsprawlError(
      "refused",
      `Vault's database engine is not asked for logins of ${server}`,
      "leave --dynamic out: rotate changes it itself",
    );
  const ofKind = all.filter(({ plugin }) => kind.plugin.test(plugin));
  // A number, or a name without a domain, may be another server where the engine is.
  const isNamed = !isLocal && host.includes(".") && isIP(host) === 0;
  const places = [`${host}:${port}`, ...(port === kind.port ? [host] : [])];
  const found = ofKind.filter((one) => (named === null ? isNamed && places.includes(one.address) : one.name === named));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const some = (found.length > 0 ? found : ofKind).map(({ name, address }) => `${name} is ${address || "elsewhere"}`);
  const [one] = found.length > 0 ? found : ofKind;
  throw new UnsprawlError(
    "refused",
    named !== null
      ? `${mount}/ has no connection ${named} to such a server`
      : isNamed
        ? `${found.length === 0 ? "no connection" : "more than one connection"} of ${mount}/ names ${host}:${port}`
        : `${host}:${port} may be another server where the engine of ${mount}/ is`,
    one === undefined
      ? cmd`vault write ${`${mount}/config/NAME`} plugin_name=… connection_url=… allowed_roles=…`
      : cmd`--connection ${`${mount}/${one.name}`}, if that is the same server (there: ${bare(some.join(", "))})`,
  );
}

/**
 * `HOST:PORT`, or `HOST` for the usual port, of a connection's URL; empty for any other form, which may hold a password, and for
 * one whose query may name another server (libpq, "Connection URIs").
 */
function addressIn(url: string): string {
  const [named = "", query = ""] = url.split("?", 2);
  if (/^postgres(?:ql)?:\/\//.test(named) && !/host|port|service/i.test(query)) {
    const [place = ""] = named.slice(named.indexOf("//") + 2).split("/", 1);
    const behind = place.slice(place.lastIndexOf("@") + 1);
    if (/^(?:\[[\da-f:.]+\]|[a-z\d._-]+)(?::\d{1,5})?$/i.test(behind)) return behind;
  }
  return "";
}

/** The user whom the engine itself is; null where it is in the URL, or nobody says. */
function userOf(url: string, username: unknown): string | null {
  return typeof username === "string" && username !== "" && url.includes("{{username}}") ? username : null;
}

/** `allowed_roles` has names, and `*` at an end of one, or alone. */
function isAllowed(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  const [start, end] = [pattern.slice(0, pattern.indexOf("*")), pattern.slice(pattern.lastIndexOf("*") + 1)];
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end);
}

function notAllowed(mount: string, connection: string, role: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `the connection ${connection} of ${mount}/ allows no role ${role}`,
    cmd`vault write ${`${mount}/config/${connection}`} allowed_roles=${`…,${role}`}, with those that it allows now`,
  );
}

/** Throws `refused` for a login that no role can be called by (Vault's `GenericNameRegex`). */
function mustBeName(user: string): void {
  if (/^\w(?:[\w.-]*\w)?$/.test(user)) return;
  throw new UnsprawlError(
    "refused",
    "the login's name has characters that no role of Vault's may have",
    "leave --dynamic out: rotate changes it itself",
  );
}

function anothers(mount: string, name: string): UnsprawlError {
  return new UnsprawlError(
    "conflict",
    `somebody else has made the static role ${name} of ${mount}/`,
    cmd`vault read ${`${mount}/static-roles/${name}`}`,
  );
}

function engineItself(mount: string, connection: string, user: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${mount}/ may log in to ${connection} as ${user} itself, and a role for that login would lock the engine out`,
    cmd`vault write ${`${mount}/config/${connection}`} username=…, with {{username}} in its connection_url: another login than the application's`,
  );
}

/** Throws `denied` with all that the token lacks, by what Vault says of it (sys/capabilities-self); nothing where it does not say. */
async function mustBeAllowed(client: VaultClient, rules: readonly PolicyRule[]): Promise<void> {
  const json = { paths: rules.map(({ path }) => path) };
  const answer = await client.call("POST", "sys/capabilities-self", { json, needs: [], expect: [400, 403, 404, 405] });
  const { data: has = {} } = (answer.body ?? {}) as { readonly data?: { readonly [path: string]: unknown } };
  const lacking = rules.filter(({ path, capabilities }) => {
    const held = has[path];
    return Array.isArray(held) && !held.includes("root") && !capabilities.every((one) => held.includes(one));
  });
  if (lacking.length > 0) throw missingRight(lacking);
}

const handRights = (
  mount: string,
  { name, connection }: Pick<LoginRole, "name" | "connection">,
): readonly PolicyRule[] => [
  { path: `${mount}/config`, capabilities: ["list"] },
  { path: `${mount}/config/${connection}`, capabilities: ["read"] },
  { path: `${mount}/static-roles`, capabilities: ["list"] },
  { path: `${mount}/static-roles/*`, capabilities: ["read"] },
  { path: `${mount}/static-roles/${name}`, capabilities: ["create", "read", "delete"] },
  { path: `${mount}/rotate-role/${name}`, capabilities: ["update"] },
];

const readRight = (mount: string, { name }: Pick<LoginRole, "name">): PolicyRule => ({
  path: `${mount}/static-creds/${name}`,
  capabilities: ["read"],
});

function policyText(mount: string, role: LoginRole): string {
  return [
    "# Hands the login over and takes it back:",
    ...handRights(mount, role).map(policyLine),
    "# Reads it, as the agent and render do:",
    policyLine(readRight(mount, role)),
  ].join("\n");
}
