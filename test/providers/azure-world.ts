import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreWorld } from "../conformance/provider.ts";
import type { StoreSpec } from "../conformance/spec.ts";
import type { Json } from "../../src/model/json.ts";
import type { Fault as Installed, FaultRule } from "../services/key-vault-faults.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import type { Fault } from "../support/fault-proxy.ts";

/** A store of the double, as one of its clients. */
export function azureSpec(
  vault: KeyVault,
  client: keyof KeyVault["clients"],
  config: { readonly [key: string]: Json } = {},
): StoreSpec {
  return {
    provider: "azure-key-vault",
    config: { url: vault.url, challengeResourceVerification: false, ...config },
    env: { HOME: vault.dir, ...vault.env(client) },
    dir: vault.dir,
  };
}

/** The reader's credential in a file, as configuration names it. */
function readerOf(vault: KeyVault): { readonly [key: string]: Json } {
  const { id, secret } = vault.clients.reader;
  writeFileSync(join(vault.dir, "reader-secret"), `${secret}\n`, { mode: 0o600 });
  return {
    tenantId: vault.tenant,
    clientId: id,
    clientSecretFile: "reader-secret",
    authorityHost: vault.authorityHost,
  };
}

/** One double of a Key Vault, and a store of it with each kind of credential. */
export async function azureWorld(): Promise<StoreWorld & { readonly vault: KeyVault }> {
  const vault = await startKeyVault();
  const writer = azureSpec(vault, "writer");
  const wrong = randomBytes(30).toString("base64url");
  return {
    vault,
    writer,
    operator: azureSpec(vault, "writer", { reader: readerOf(vault) }),
    stranger: { ...writer, env: { ...writer.env, AZURE_CLIENT_SECRET: wrong } },
    forbidden: azureSpec(vault, "nobody"),
    unreachable: () => azureSpec(vault, "writer", { url: "https://127.0.0.1:1" }),
    credentials: [...Object.values(vault.clients).map((client) => client.secret), wrong],
    async faulty(key) {
      const path = new RegExp(`^/secrets/${key.path}$`);
      let installed: Installed | null = null;
      return {
        spec: writer,
        next(fault, kind, times) {
          installed = vault.fault({ method: kind === "write" ? /^PUT$/ : /^GET$/, path, times, ...ruleOf(fault) });
        },
        met: () => installed?.hits ?? 0,
        clear: () => installed?.end(),
        stop: async () => undefined,
      };
    },
    stop: () => vault.stop(),
  };
}

function ruleOf(fault: Fault): FaultRule {
  if (fault.kind === "slow") return { delay: 60_000, fail: "reset" };
  if (fault.kind !== "status") return { fail: fault.kind };
  const { status, retryAfter } = fault;
  return { fail: { status, ...(retryAfter === undefined ? {} : { retryAfter }) } };
}
