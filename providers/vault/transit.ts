import type { KeyFields, KeyService } from "../../src/contract/key-service.ts";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { vaultClient, type VaultClient } from "./client.ts";
import { checkPath, encodePath } from "./names.ts";
import { readSettings } from "./settings.ts";
import { variable } from "./variable.ts";

/**
 * Keys of the transit engine (getsops/sops hcvault/keysource.go). The token goes to the address of the environment alone: any other that a
 * file names is refused, and named.
 */
export function transitKeys(context: Pick<ProviderContext, "env" | "dir" | "browse">): KeyService {
  const clients = new Map<string, Promise<VaultClient>>();
  const call = async (verb: "encrypt" | "decrypt", key: TransitKey, json: TransitBody): Promise<string> => {
    const opening = clients.get(key.engine) ?? transitClient(key, context);
    clients.set(key.engine, opening);
    const client = await opening;
    const path = `${key.engine}/${verb}/${key.name}`;
    const answer = await client.call("POST", `${encodePath(key.engine)}/${verb}/${encodePath(key.name)}`, {
      json,
      needs: [{ path, capabilities: ["update"] }],
      expect: [400, 404],
    });
    const { data } = (answer.body ?? {}) as { readonly data?: { readonly [field: string]: unknown } };
    const given = data?.[verb === "encrypt" ? "ciphertext" : "plaintext"];
    if (answer.status < 300 && typeof given === "string") return given;
    throw new UnsprawlError(
      answer.status === 404 ? "config" : "malformed",
      `the Vault at ${key.address} does not ${verb} with ${key.engine}/keys/${key.name}`,
      cmd`vault read ${`${key.engine}/keys/${key.name}`} shows the key; it must be there, and the one that the file was encrypted with`,
      String(answer.status),
    );
  };
  return {
    async wrap(fields, dataKey) {
      const key = keyOf(fields, context.env);
      const enc = await call("encrypt", key, { plaintext: dataKey.toString("base64") });
      return { ...fields, created_at: `${new Date().toISOString().slice(0, 19)}Z`, enc };
    },
    async unwrap(fields) {
      const ciphertext = typeof fields["enc"] === "string" ? fields["enc"] : "";
      return Buffer.from(await call("decrypt", keyOf(fields, context.env), { ciphertext }), "base64");
    },
  };
}

/**
 * A client for an engine that the server itself calls transit. A file names the engine, and what is sent to another one could be a
 * write: to KV, of what the file's author chose. Throws `refused`.
 */
async function transitClient(
  { engine, address }: TransitKey,
  context: Pick<ProviderContext, "env" | "dir" | "browse">,
): Promise<VaultClient> {
  const client = vaultClient(readSettings({ mount: engine }, context), context);
  const answer = await client.call("GET", `sys/internal/ui/mounts/${encodePath(engine)}`, {
    needs: [],
    expect: [400, 403, 404],
  });
  const { data } = (answer.body ?? {}) as { readonly data?: { readonly type?: unknown; readonly path?: unknown } };
  if (answer.status === 200 && data?.type === "transit" && data.path === `${engine}/`) return client;
  throw new UnsprawlError(
    answer.status === 200 ? "refused" : "denied",
    `the Vault at ${address} does not say that ${engine}/ is a transit engine`,
    "vault secrets list shows the engines; the token needs a right below that one",
    String(answer.status),
  );
}

type TransitKey = { readonly address: string; readonly engine: string; readonly name: string };
type TransitBody = { readonly [field: string]: string };

function keyOf({ vault_address, engine_path, key_name }: KeyFields, env: NodeJS.ProcessEnv): TransitKey {
  if (typeof vault_address !== "string" || typeof engine_path !== "string" || typeof key_name !== "string")
    throw new UnsprawlError("malformed", "a transit key lacks its address, its engine or its name", "sops updatekeys");
  const mine = variable(env, "ADDR");
  if (mine === null || originOf(mine.value) === null || originOf(mine.value) !== originOf(vault_address))
    throw new UnsprawlError(
      "denied",
      `the key is in the Vault at ${vault_address}, and ${mine === null ? "VAULT_ADDR is not set" : `${mine.name} is ${mine.value}`}`,
      cmd`export VAULT_ADDR=${vault_address}, if you trust it with your token; then vault login`,
    );
  return { address: mine.value, engine: checkPath(engine_path, "engine_path"), name: checkName(key_name) };
}

/** One segment: another would lead elsewhere in the engine. */
function checkName(name: string): string {
  if (!name.includes("/")) return checkPath(name, "key_name");
  throw new UnsprawlError("malformed", `the name of a transit key has a slash: ${name}`, "sops updatekeys");
}

/** Scheme, host and port. */
function originOf(address: string): string | null {
  return URL.parse(address)?.origin ?? null;
}
