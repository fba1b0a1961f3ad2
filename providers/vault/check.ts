import { randomBytes } from "node:crypto";
import type { StoreCheck } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import type { VaultClient } from "./client.ts";
import { missingRight, statusError } from "./errors.ts";
import type { Kv } from "./kv.ts";
import { encodePath, vaultKey } from "./names.ts";
import { writerRights } from "./policy.ts";
import type { VaultSettings } from "./settings.ts";

/** Tries every right that a migration needs with a secret of its own, which it removes. Stops at the first that fails. */
export async function checkVault(
  settings: VaultSettings,
  client: VaultClient,
  version: () => Promise<1 | 2>,
  kv: () => Promise<Kv>,
): Promise<readonly StoreCheck[]> {
  const { address, mount } = settings;
  const lines: StoreCheck[] = [];
  const attempt = async (
    right: StoreCheck["right"],
    text: () => string | Promise<string>,
    act: () => Promise<void>,
  ): Promise<boolean> => {
    try {
      await act();
      lines.push({ right, ok: true, text: await text(), hint: null });
      return true;
    } catch (error) {
      const known = error instanceof UnsprawlError ? error : null;
      lines.push({ right, ok: false, text: known?.message ?? "failed", hint: known?.hint ?? null });
      return false;
    }
  };
  const probe = `unsprawl-check-${randomBytes(4).toString("hex")}`;
  const key = vaultKey(settings.path, { subject: probe, project: probe, name: probe });
  const value = Secret.of(randomBytes(16).toString("hex"));
  const origin = { runId: "check", subject: probe };

  if (
    !(await attempt(
      "reach",
      () => `${address}${plain(address)}`,
      () => health(client, address),
    ))
  )
    return lines;
  const mounted = `${settings.auth.method}; ${mount}/ is KV version`;
  if (
    !(await attempt(
      "authenticate",
      async () => `${mounted} ${await version()}`,
      async () => void (await version()),
    ))
  )
    return lines;
  const [kind, store] = [await version(), await kv()];
  const wrote = await attempt(
    "write",
    () => `${mount}/${key.path}`,
    async () => {
      await store.put(key, value, null, origin);
    },
  );
  if (!wrote) return lines;
  await attempt(
    "read",
    () => "the same bytes come back",
    async () => {
      if (!(await store.get(key))?.value.equals(value))
        throw new UnsprawlError(
          "changed",
          `${mount}/${key.path} gave other bytes back`,
          "another process writes there",
        );
    },
  );
  if (kind === 1) {
    lines.push({
      right: "check-and-set",
      ok: false,
      text: `${mount}/ is KV version 1, which has no check-and-set: two writers at the same time can lose a value`,
      hint: "let nobody else write during a migration, or use a KV version 2 mount",
    });
  } else {
    await attempt(
      "check-and-set",
      () => "a second write to the same name is refused",
      async () => {
        const second = await store.put(key, value, null, origin).then(() => "written", codeOf);
        if (second !== "conflict") throw new UnsprawlError("failed", `${mount}/${key.path} was written twice`, null);
      },
    );
  }
  await attempt(
    "delete",
    () => "the probe is gone again",
    async () => {
      await store.remove(key, (one) => one.equals(value));
      if (kind === 2) await gone(client, mount, key.path);
    },
  );
  return lines;
}

/** Without rights on the metadata a value goes, and its empty secret stays. Throws `denied` with what is missing. */
async function gone(client: VaultClient, mount: string, path: string): Promise<void> {
  const needs = writerRights(mount, path, 2).filter((right) => right.path.startsWith(`${mount}/metadata/`));
  const { status } = await client.call("GET", encodePath(`${mount}/metadata/${path}`), { needs, expect: [404] });
  if (status !== 404) throw missingRight(needs);
}

/** Health answers without a token, with its state in the body (Vault API, sys/health). */
async function health(client: VaultClient, address: string): Promise<void> {
  const { body, status, errors } = await client.bare("GET", "sys/health");
  const { initialized, sealed } = (body ?? {}) as { initialized?: unknown; sealed?: unknown };
  if (initialized === false) throw statusError(501, [], address);
  if (sealed === true) throw statusError(503, ["sealed"], address);
  if (typeof sealed !== "boolean") throw statusError(status, errors, address);
}

function plain(address: string): string {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !/^(localhost|127\.|\[::1\])/.test(hostname)
    ? " (without TLS: everyone on the way can read the secrets)"
    : "";
}

function codeOf(error: unknown): string {
  return error instanceof UnsprawlError ? error.code : "failed";
}
