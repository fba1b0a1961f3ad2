import { UnsprawlError } from "../../src/model/error.ts";
import type { VaultClient } from "./client.ts";
import { statusError } from "./errors.ts";
import { encodePath, fixedPrefix } from "./names.ts";
import type { VaultSettings } from "./settings.ts";
import type { VaultResponse } from "./transport.ts";

/**
 * Version 1 or 2 of the KV engine at the store's mount. Asks the server; if the token may not see it, uses `kvVersion`
 * of the configuration. Throws `config` if they differ or the mount is no KV engine.
 */
export async function kvVersion(
  client: VaultClient,
  { mount, path, kvVersion: told, address }: VaultSettings,
): Promise<1 | 2> {
  // The request that `vault kv` itself uses: readable with every token that has some right below the mount.
  const answer = await client.call("GET", `sys/internal/ui/mounts/${encodePath(mount)}`, {
    needs: [],
    expect: [403, 404, 405],
  });
  if (answer.status !== 200) {
    if (told !== null) return told;
    const tried = answer.status === 403 ? null : await byTrying(client, mount, fixedPrefix(path));
    if (tried !== null) return tried;
    if (answer.status !== 403) throw statusError(404, ["no handler for route"], address);
    // Distinguishes a bad token from a missing right: throws `denied` for the former.
    await client.call("GET", "auth/token/lookup-self", { needs: [], expect: [404] });
    throw new UnsprawlError(
      "denied",
      `there is no mount ${mount}/ at ${address}, or the token has no right below it`,
      `vault secrets list shows the mounts; set kvVersion if the token may not see them`,
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
  if ((type !== "kv" && type !== "generic") || at !== `${mount}/`) {
    throw new UnsprawlError(
      "config",
      `${mount}/ at ${address} is not a KV mount`,
      "vault secrets list shows them; set mount in the store's configuration",
    );
  }
  const found = (options as { version?: unknown } | null)?.version === "2" ? 2 : 1;
  if (told !== null && told !== found)
    throw new UnsprawlError("config", `kvVersion is ${told}, but ${mount}/ is version ${found}`, "leave kvVersion out");
  return found;
}

/**
 * The version, for a server that does not report a mount's type (old, or behind a gateway): version 2 calls a version 1
 * path invalid, and accepts its own kind. Null if neither path may be read.
 */
async function byTrying(client: VaultClient, mount: string, prefix: string): Promise<1 | 2 | null> {
  const look = (at: string): Promise<VaultResponse> =>
    client.call("GET", encodePath(`${mount}/${at}${prefix}unsprawl-probe`), { needs: [], expect: [403, 404] });
  const isAbsent = ({ status, errors }: VaultResponse): boolean => status === 404 && errors.length === 0;
  const plain = await look("");
  const { warnings } = (plain.body ?? {}) as { warnings?: unknown };
  if (isAbsent(plain)) return Array.isArray(warnings) && warnings.length > 0 ? 2 : 1;
  return plain.status === 403 && isAbsent(await look("data/")) ? 2 : null;
}
