import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { fixedPrefix } from "../../src/stores-kit/names.ts";
import type { VaultClient } from "./client.ts";
import type { VaultResponse } from "./transport.ts";
import { policyLine, readerRights, shortHash, versionRights, type MountKind } from "./policy.ts";
import { publicSettings, type VaultSettings } from "./settings.ts";

type IssuedVaultReader = Awaited<ReturnType<Provider["issueReader"]>>;

/** How long an unused periodic token lives: the server's default of 32 days. */
const PERIOD = "768h";

/**
 * A policy that reads below the store's prefix, and an AppRole for it; if AppRole is not enabled, a periodic token.
 * Throws `denied` with the policy text, for an operator to do it by hand.
 */
export async function issueReader(
  settings: VaultSettings,
  client: VaultClient,
  kind: MountKind["kind"],
): Promise<IssuedVaultReader> {
  const { mount, path, auth } = settings;
  const prefix = fixedPrefix(path);
  const wholeTree = path.includes("{");
  const rules = [...readerRights(mount, prefix, kind, wholeTree), ...versionRights(mount, prefix, kind, wholeTree)];
  const policy = rules.map(policyLine).join("\n");
  const name = readerName(settings);
  const byHand = new UnsprawlError(
    "denied",
    "the Vault token may not issue a credential for the runtime",
    cmd`let an operator write the policy ${name}: ${bare(policy)} — and issue an AppRole or a periodic token with it; then configure a store for the runtime with auth: { method: approle, roleIdFile, secretIdFile } or { method: token, tokenFile }`,
  );
  const call = async (
    method: "POST" | "PUT" | "GET",
    at: string,
    json?: { readonly [key: string]: unknown },
  ): Promise<VaultResponse> => {
    const answer = await client.call(method, at, {
      needs: [],
      expect: [403, 404],
      ...(json && { json }),
    });
    if (answer.status === 403) await client.mustBeKnown();
    return answer;
  };

  if ((await call("PUT", `sys/policies/acl/${name}`, { policy })).status === 403) throw byHand;
  const { auth: _, kvVersion: __, ...shared } = publicSettings(settings);
  const config = kind === "database" ? shared : { ...shared, kvVersion: kind };
  const mountOfRoles = auth.method === "approle" ? auth.mount : "approle";
  const role = await appRole(mountOfRoles, name, call);
  if (role !== null) {
    return {
      config: {
        ...config,
        auth: {
          method: "approle",
          mount: mountOfRoles,
          roleIdFile: "{dir}/role-id",
          secretIdFile: "{dir}/secret-id",
        },
      },
      files: role,
    };
  }
  const answer = await call("POST", "auth/token/create-orphan", {
    policies: [name],
    period: PERIOD,
    renewable: true,
    display_name: "unsprawl-runtime",
  });
  const token = (answer.body as { auth?: { client_token?: unknown } } | null)?.auth?.client_token;
  if (typeof token !== "string") throw byHand;
  return {
    config: { ...config, auth: { method: "token", tokenFile: "{dir}/token" } },
    files: [{ name: "token", content: Secret.of(token) }],
  };
}

/** The policy and the role of whoever only reads this store. */
export const readerName = ({ mount, path, namespace }: VaultSettings): string =>
  `unsprawl-runtime-${mount.replace(/[^\w-]/g, "-")}-${shortHash(namespace, mount, path)}`;

/** The two halves of an AppRole with this policy; null if AppRole is not enabled or not permitted. */
async function appRole(
  mount: string,
  name: string,
  call: (method: "POST" | "GET", at: string, json?: { readonly [key: string]: unknown }) => Promise<VaultResponse>,
): Promise<readonly ReaderFile[] | null> {
  const role = `auth/${mount}/role/${name}`;
  // The server does not store batch tokens: a container that starts often leaves nothing behind.
  const made = await call("POST", role, {
    token_policies: [name],
    token_type: "batch",
    token_ttl: "20m",
    secret_id_ttl: "0",
    secret_id_num_uses: 0,
  });
  if (made.status >= 400) return null;
  const roleId = (await call("GET", `${role}/role-id`)).body as {
    data?: { role_id?: unknown };
  } | null;
  const secretId = (await call("POST", `${role}/secret-id`, {})).body as {
    data?: { secret_id?: unknown };
  } | null;
  const [id, secret] = [roleId?.data?.role_id, secretId?.data?.secret_id];
  if (typeof id !== "string" || typeof secret !== "string") return null;
  return [
    { name: "role-id", content: Secret.of(id) },
    { name: "secret-id", content: Secret.of(secret) },
  ];
}
