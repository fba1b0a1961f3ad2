import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Faulty } from "../conformance/faults.ts";
import type { StoreWorld } from "../conformance/provider.ts";
import type { StoreSpec } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { faultProxy } from "../support/fault-proxy.ts";

/** A policy with what `stores check` and the errors name for a migration below `apps/`, and to list there, and no more. */
export function writerPolicy(mount: string, version: 1 | 2): string {
  const line = (path: string, ...capabilities: string[]): string =>
    `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }`;
  if (version === 1) return line(`${mount}/apps/*`, "create", "read", "update", "delete", "list");
  return `${line(`${mount}/data/apps/*`, "create", "read", "update", "patch")}\n${line(`${mount}/metadata/apps/*`, "read", "patch", "delete", "list")}`;
}

/** A token with this policy. */
export async function tokenFor(
  bao: OpenBao,
  policy: string,
  more: { readonly [key: string]: unknown } = {},
): Promise<string> {
  const name = `test-${randomUUID()}`;
  await bao.api("PUT", `sys/policies/acl/${name}`, { policy });
  const made = (await bao.api("POST", "auth/token/create", { policies: [name], ...more })) as {
    auth: { client_token: string };
  };
  return made.auth.client_token;
}

/** An AppRole with this policy; its role id and secret id as files in `dir`. */
export async function roleFor(
  bao: OpenBao,
  dir: string,
  policy: string,
  more: { readonly [key: string]: unknown } = {},
): Promise<{ roleIdFile: string; secretIdFile: string; secretId: string }> {
  const name = `test-${randomUUID()}`;
  await bao.api("POST", "sys/auth/approle", { type: "approle" }).catch(() => {});
  await bao.api("PUT", `sys/policies/acl/${name}`, { policy });
  await bao.api("POST", `auth/approle/role/${name}`, { token_policies: [name], ...more });
  const { data: role } = (await bao.api("GET", `auth/approle/role/${name}/role-id`)) as { data: { role_id: string } };
  const { data: secret } = (await bao.api("POST", `auth/approle/role/${name}/secret-id`, {})) as {
    data: { secret_id: string };
  };
  const [roleIdFile, secretIdFile] = [join(dir, `${name}-role-id`), join(dir, `${name}-secret-id`)];
  writeFileSync(roleIdFile, `${role.role_id}\n`, { mode: 0o600 });
  writeFileSync(secretIdFile, `${secret.secret_id}\n`, { mode: 0o600 });
  return { roleIdFile, secretIdFile, secretId: secret.secret_id };
}

/** One OpenBao, its KV of this version at `mount`, and a store with each kind of credential. */
export async function vaultWorld(version: 1 | 2, method: "token" | "approle"): Promise<StoreWorld> {
  const bao = await startOpenBao();
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-vault-"));
  const mount = version === 2 ? "secret" : "team/kv1";
  if (version === 1) await bao.api("POST", `sys/mounts/${mount}`, { type: "kv", options: { version: "1" } });
  const spec = (token: string, address = bao.address): StoreSpec => ({
    provider: "vault",
    config: version === 2 ? {} : { mount },
    env: { VAULT_ADDR: address, VAULT_TOKEN: token, HOME: dir },
    dir,
  });
  const wrong = `s.${randomUUID().replaceAll("-", "")}`;
  const token = await tokenFor(bao, writerPolicy(mount, version));
  // Some other right below the mount: the token sees what the mount is.
  const elsewhere = await tokenFor(
    bao,
    `path "${mount}/${version === 2 ? "data/" : ""}other/*" { capabilities = ["read"] }`,
  );
  const plain = {
    operator: spec(bao.token),
    forbidden: spec(elsewhere),
    unreachable: () => spec(token, "http://127.0.0.1:1"),
  };
  const faultyOf = async (specAt: (address: string) => StoreSpec): Promise<Faulty> => {
    const proxy = await faultProxy(bao.address);
    return {
      spec: specAt(proxy.url),
      next: (fault, kind, times) =>
        proxy.fault(
          fault,
          times,
          ({ method, path }) => path.startsWith(`/v1/${mount}/`) && (method !== "GET") === (kind === "write"),
        ),
      met: () => proxy.met,
      clear: () => proxy.fault({ kind: "reset" }, 0),
      stop: () => proxy.stop(),
    };
  };
  const stop = async (): Promise<void> => {
    await bao.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  if (method === "token")
    return {
      ...plain,
      faulty: () => faultyOf((address) => spec(token, address)),
      writer: spec(token),
      stranger: spec(wrong),
      credentials: [bao.token, token, wrong, elsewhere],
      stop,
    };
  const { roleIdFile, secretIdFile, secretId } = await roleFor(bao, dir, writerPolicy(mount, version));
  const wrongFile = join(dir, "wrong-secret-id");
  writeFileSync(wrongFile, randomUUID(), { mode: 0o600 });
  const byRole = (secretFile: string, address = bao.address): StoreSpec => ({
    ...spec("", address),
    config: { ...spec("").config, auth: { method: "approle", roleIdFile, secretIdFile: secretFile } },
  });
  return {
    ...plain,
    faulty: () => faultyOf((address) => byRole(secretIdFile, address)),
    writer: byRole(secretIdFile),
    stranger: byRole(wrongFile),
    credentials: [bao.token, secretId, elsewhere],
    stop,
  };
}
