import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { writtenAt } from "../../src/stores-kit/written.ts";
import type { VaultClient } from "./client.ts";
import { statusError } from "./errors.ts";
import { fieldValue, versionOf, type Fields, type Kv } from "./kv.ts";
import { encodePath } from "./names.ts";
import type { VaultSettings } from "./settings.ts";
import type { MountKind } from "./policy.ts";

/** Where the database engine has the logins of its static roles, and where a read makes a new login. */
const [STATIC, LEASED] = ["static-creds/", "creds/"];

/**
 * The database engine: the login of a static role, which the engine changes by itself. Nothing is written there. A path
 * that would make a login by being read is never read.
 */
export function database(client: VaultClient, mount: string, address: string): Kv {
  const read = async (path: string): Promise<Fields | null> => {
    mustBeStatic(mount, path);
    const needs = [{ path: `${mount}/${path}`, capabilities: ["read"] }];
    const answer = await client.call("GET", encodePath(`${mount}/${path}`), { needs, expect: [400, 404] });
    const { status, errors } = answer;
    // 400 is its answer for a role that it does not have; 404 that for a mount, which the role's absence is not.
    if (status === 400) return null;
    const { data } = (answer.body ?? {}) as { data?: unknown };
    if (status !== 200 || typeof data !== "object" || data === null) throw statusError(status, errors, address);
    // What is left of its time is another value at each read, and none to hand out.
    const { ttl: _, ...login } = data as Fields;
    return login;
  };
  const refuse = async (): Promise<never> => {
    throw readOnly(mount);
  };
  return {
    async get({ path, field }) {
      const fields = await read(path);
      const value = fieldValue(fields, field);
      if (value === null) return null;
      return { value, version: versionOf(0, value), ...writtenAt(fields?.["last_vault_rotation"], "store") };
    },
    // Its time of rotation comes with the password only.
    version: async () => null,
    earlier: async () => null,
    put: refuse,
    remove: refuse,
    notes: refuse,
    fields: refuse,
  };
}

/** The settings with which rights to read are made: on the database engine for one role or, by the template, for each. */
export function forReading(settings: VaultSettings, { kind }: MountKind): VaultSettings {
  if (kind !== "database" || settings.path.startsWith(STATIC)) return settings;
  return { ...settings, path: `${STATIC}{subject}` };
}

/** What a store on the database engine answers to all but a read. */
export function readOnly(mount: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${mount}/ is Vault's database engine: its logins are only read, at ref+vault://${mount}/static-creds/ROLE#/password`,
    cmd`vault list ${`${mount}/static-roles`} shows the roles; move secrets into a store on a KV mount`,
  );
}

/** Throws `refused` for all but the login of one static role. */
function mustBeStatic(mount: string, path: string): void {
  if (isLeased(path)) throw leased(mount, path);
  if (path.startsWith(STATIC) && !path.slice(STATIC.length).includes("/")) return;
  throw readOnly(mount);
}

/** Whether reading this path makes a login, on mounts of the database engine and of its like (aws, rabbitmq, consul). */
export const isLeased = (path: string): boolean => path.startsWith(LEASED);

/** Each read would make one more login, which nobody renews or revokes. */
export function leased(mount: string, path: string): UnsprawlError {
  const role = path.slice(LEASED.length);
  return new UnsprawlError(
    "refused",
    `each read of ${mount}/${path} makes a new login, which unsprawl neither renews nor revokes`,
    cmd`refer to a static role (vault write ${`${mount}/static-roles/${role}`} db_name=… username=… rotation_period=24h, then ${`ref+vault://${mount}/static-creds/${role}#/password`}), or let Vault Agent read it`,
  );
}
