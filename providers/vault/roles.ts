import pMap from "p-map";
import type { LoginRoles, ServerLogin } from "../../src/contract/provider.ts";
import { isLoopback } from "../../src/kit/net/outgoing.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { LoginRole } from "../../src/model/handover.ts";
import type { VaultClient } from "./client.ts";
import { database } from "./database.ts";
import { encodePath, vaultReference } from "./names.ts";
import { policyLine, type PolicyRule } from "./policy.ts";
import { publicSettings, type VaultSettings } from "./settings.ts";
import type { Method } from "./transport.ts";

/** The path template of a store on the database engine. */
export const STATIC_PATH = "static-creds/{subject}";

/** The database engine's plug-ins for servers, by the beginning of their names, and their usual ports. */
const PLUGINS: { readonly [server: string]: { readonly plugin: RegExp; readonly port: number } } = {
  postgres: { plugin: /^postgresql-/, port: 5432 },
  mariadb: { plugin: /^mysql-/, port: 3306 },
};

type Connection = {
  readonly name: string;
  readonly plugin: string;
  readonly url: string;
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
      const { name, allowed } = chosen(await connections(), login, named, settings);
      await mustBeFree(login.user, name);
      if (!allowed.some((one) => isAllowed(one, login.user))) throw notAllowed(mount, name, login.user);
      const key = { path: `static-creds/${login.user}`, field: "password" };
      return {
        ...{ name: login.user, connection: name, user: login.user, key, everySeconds },
        reference: vaultReference(key, settings),
      };
    },
    async make(of) {
      const there = await role(of.name);
      if (there !== null) return mustBeOf(there, of, mount);
      await call("POST", `static-roles/${of.name}`, "create", {
        ...{ db_name: of.connection, username: of.user, rotation_period: `${of.everySeconds}s` },
      });
    },
    read,
    async renew(of) {
      await call("POST", `rotate-role/${of.name}`, "update");
    },
    async drop(of) {
      const there = await role(of.name);
      if (there === null) return;
      mustBeOf(there, of, mount);
      await call("DELETE", `static-roles/${of.name}`, "delete");
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
    const read = await pMap(names, (name) => call("GET", `config/${name}`, "read"), { concurrency: 8 });
    return names.map((name, at) => connectionOf(name, read[at]));
  }

  /** A login that a role has already has the password of that role, not of our entry. */
  async function mustBeFree(user: string, connection: string): Promise<void> {
    const names = await listed("static-roles");
    const all = await pMap(names, role, { concurrency: 8 });
    const at = all.findIndex((one) => {
      const { db_name, username } = (one ?? {}) as { db_name?: unknown; username?: unknown };
      return username === user && db_name === connection;
    });
    const name = at < 0 ? names.find((one) => one === user) : names[at];
    if (name === undefined) return;
    throw new UnsprawlError(
      "refused",
      `the static role ${name} of ${mount}/ ${at < 0 ? "is another login's" : "has this login already"}`,
      cmd`vault read ${`${mount}/static-roles/${name}`}; docs/rotation.md says how its reference takes a value's place by hand`,
    );
  }
}

function connectionOf(name: string, data: unknown): Connection {
  const {
    plugin_name: plugin,
    connection_details: details,
    allowed_roles: allowed,
  } = (data ?? {}) as {
    plugin_name?: unknown;
    connection_details?: { connection_url?: unknown };
    allowed_roles?: unknown;
  };
  return {
    ...{ name, plugin: textOf(plugin), url: textOf(details?.connection_url) },
    allowed: Array.isArray(allowed) ? allowed.map(String) : [],
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The engine's connection to a server. A role's password is changed there at once, so a wrong one is never guessed. */
function chosen(
  all: readonly Connection[],
  { server, host, port, isLocal }: ServerLogin,
  named: string | null,
  { mount, address }: VaultSettings,
): Connection {
  const kind = PLUGINS[server];
  if (kind === undefined)
    throw new UnsprawlError(
      "refused",
      `Vault's database engine is not asked for logins of ${server}`,
      "leave --dynamic out: rotate changes it itself",
    );
  const ofKind = all.filter(({ plugin }) => kind.plugin.test(plugin));
  // The same address may be another server's where the engine is.
  const isSame = !isLocal || isLoopback(new URL(address).hostname);
  const found = ofKind.filter((one) =>
    named === null ? isSame && addressIn(one.url, kind.port) === `${host}:${port}` : one.name === named,
  );
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const names = (found.length > 0 ? found : ofKind).map(({ name }) => name);
  throw new UnsprawlError(
    "refused",
    named !== null
      ? `${mount}/ has no connection ${named} to such a server`
      : isSame
        ? `${found.length === 0 ? "no connection" : "more than one connection"} of ${mount}/ names ${host}:${port}`
        : `${host}:${port} is an address of this machine, which tells nothing at ${address}`,
    names.length === 0
      ? cmd`vault write ${`${mount}/config/NAME`} plugin_name=… connection_url=… allowed_roles=…`
      : cmd`--connection ${`${mount}/${names[0] ?? ""}`}, if that is the same server (there: ${bare(names.join(", "))})`,
  );
}

/** `HOST:PORT` of a connection's URL, or of MySQL's `user:password@tcp(HOST:PORT)/`; empty for another form. */
function addressIn(url: string, usual: number): string {
  const [named = ""] = url.split("?", 1);
  const behind = named.slice(named.lastIndexOf("@") + 1);
  const [place = ""] = (behind.startsWith("tcp(") ? behind.slice(4) : behind).split(/[/)]/, 1);
  const [, bracketed, plain, port = String(usual)] = /^(?:\[([^\]]+)\]|([^:[]+))(?::(\d{1,5}))?$/.exec(place) ?? [];
  const host = bracketed ?? plain;
  return host === undefined ? "" : `${host}:${port}`;
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

function mustBeOf(there: unknown, { name, connection, user }: LoginRole, mount: string): void {
  const { db_name, username } = there as { db_name?: unknown; username?: unknown };
  if (db_name === connection && username === user) return;
  throw new UnsprawlError(
    "conflict",
    `the static role ${name} of ${mount}/ is another login's by now`,
    cmd`vault read ${`${mount}/static-roles/${name}`}`,
  );
}

function policyText(mount: string, { name, connection }: LoginRole): string {
  const rule = (path: string, ...capabilities: readonly string[]): PolicyRule => ({
    path: `${mount}/${path}`,
    capabilities,
  });
  const hand = [
    rule("config", "list"),
    rule(`config/${connection}`, "read"),
    rule("static-roles", "list"),
    rule("static-roles/*", "read"),
    rule(`static-roles/${name}`, "create", "read", "delete"),
    rule(`rotate-role/${name}`, "update"),
  ];
  return [
    "# Hands the login over and takes it back:",
    ...hand.map(policyLine),
    "# Reads it, as the agent and render do:",
    policyLine(rule(`static-creds/${name}`, "read")),
  ].join("\n");
}
