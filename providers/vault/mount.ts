import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fixedPrefix } from "../../src/stores-kit/names.ts";
import type { VaultClient } from "./client.ts";
import { isLeased, leased } from "./database.ts";
import { statusError } from "./errors.ts";
import { encodePath } from "./names.ts";
import type { VaultSettings } from "./settings.ts";
import type { VaultResponse } from "./transport.ts";
import type { MountKind, KvVersion } from "./policy.ts";

/**
 * Which engine is at the store's mount. Asks the server; if the token may not see it, uses `kvVersion` of the
 * configuration, and else finds out by reading: at `near`, a path below the mount that the token is to read, or where a
 * secret of this store could be. Throws `config` if they differ or the mount is neither;
 * `refused` if `near` would make a login and nothing says what the mount is.
 */
export async function mountKind(
  client: VaultClient,
  { mount, path, kvVersion: told, address }: VaultSettings,
  store: string,
  near: string | null = null,
): Promise<MountKind> {
  // The request that `vault kv` itself uses: readable with every token that has some right below the mount.
  const answer = await client.call("GET", `sys/internal/ui/mounts/${encodePath(mount)}`, {
    needs: [],
    expect: [403, 404, 405],
  });
  if (answer.status !== 200) {
    if (told !== null) return { kind: told, isSaid: false };
    const trying = near === null || isLeased(near) ? `${fixedPrefix(path)}unsprawl-probe` : near;
    const tried = await byTrying(client, mount, trying);
    if (tried !== null) return { kind: tried, isSaid: false };
    if (near !== null && isLeased(near)) throw leased(mount, near);
    if (answer.status !== 403) throw statusError(404, ["no handler for route"], address);
    await client.mustBeKnown();
    throw new UnsprawlError(
      "denied",
      `there is no mount ${mount}/ at ${address}, or the token has no right to read below it`,
      cmd`unsprawl stores policy --to ${store} prints the policy that it needs; vault secrets list shows the mounts`,
    );
  }
  const {
    type,
    path: at,
    options,
  } = ((answer.body as { data?: unknown } | null)?.data ?? {}) as {
    type?: unknown;
    path?: unknown;
    options?: unknown;
  };
  if (type === "database" && at === `${mount}/`) {
    if (told === null) return { kind: type, isSaid: true };
    throw new UnsprawlError(
      "config",
      `kvVersion is ${told}, but ${mount}/ is the database engine`,
      "leave kvVersion out",
    );
  }
  if ((type !== "kv" && type !== "generic") || at !== `${mount}/`) {
    throw new UnsprawlError(
      "config",
      `${mount}/ at ${address} is neither a KV nor a database mount`,
      "vault secrets list shows them; set mount in the store's configuration",
    );
  }
  const found = (options as { version?: unknown } | null)?.version === "2" ? 2 : 1;
  if (told !== null && told !== found)
    throw new UnsprawlError("config", `kvVersion is ${told}, but ${mount}/ is version ${found}`, "leave kvVersion out");
  return { kind: found, isSaid: true };
}

/**
 * The version, by the right to read alone, for a server that does not say what a mount is (old, behind a gateway, or
 * sys/ is denied): version 2 calls a version 1 path invalid, and accepts its own kind. Null if neither path may be read.
 */
async function byTrying(client: VaultClient, mount: string, path: string): Promise<KvVersion | null> {
  const look = (at: string): Promise<VaultResponse> =>
    client.call("GET", encodePath(`${mount}/${at}${path}`), { needs: [], expect: [400, 403, 404] });
  const answers = ({ status, errors }: VaultResponse): boolean =>
    status < 300 || (status === 404 && errors.length === 0);
  const plain = await look("");
  const { warnings } = (plain.body ?? {}) as { warnings?: unknown };
  if (answers(plain)) return plain.status === 404 && Array.isArray(warnings) && warnings.length > 0 ? 2 : 1;
  return plain.status === 403 && answers(await look("data/")) ? 2 : null;
}
