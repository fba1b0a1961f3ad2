import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { faultProxy, type Fault, type FaultProxy } from "../support/fault-proxy.ts";

/** A network in front of a vault that can go wrong, and a store behind it: for one case, so that others run beside it. */
export type Network = {
  readonly proxy: FaultProxy;
  readonly store: Provider;
  /** What the next writes below `path` meet. */
  readonly onWrites: (fault: Fault, times?: number, path?: string) => void;
};

/** An OpenBao without TLS, KV v2 at `secret` and KV v1 at `kv1`. */
export type PlainVault = {
  readonly bao: OpenBao;
  readonly dir: string;
  /** Ends with the vault. */
  readonly network: () => Promise<Network>;
  /** A store with a token (the root's unless told) at an address (the server's unless told). */
  readonly open: (options?: {
    readonly token?: string;
    readonly address?: string;
    readonly config?: { readonly [key: string]: Json };
    readonly env?: { readonly [name: string]: string };
  }) => Promise<Provider>;
  /** What a call failed with; nothing in it quotes the root token or the given secrets. */
  readonly failure: (act: Promise<unknown>, ...secrets: (string | Secret)[]) => Promise<UnsprawlError>;
  /** What the server has at a path. */
  readonly data: (path: string) => Promise<{ readonly [key: string]: unknown }>;
  /** The newest version of the secret at a path of `secret`. */
  readonly versionAt: (path: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

export const ORIGIN = { runId: "test", subject: "api" };

export async function plainVault(): Promise<PlainVault> {
  const bao = await startOpenBao();
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-vault-"));
  await bao.api("POST", "sys/mounts/kv1", { type: "kv", options: { version: "1" } });
  const proxies: FaultProxy[] = [];
  const open: PlainVault["open"] = ({ token = bao.token, address = bao.address, config = {}, env = {} } = {}) =>
    openSpec({
      provider: "vault",
      config,
      env: { HOME: dir, VAULT_ADDR: address, VAULT_TOKEN: token, ...env },
      dir,
    });
  const data: PlainVault["data"] = async (path) =>
    ((await bao.api("GET", path)) as { data: { [key: string]: unknown } }).data;
  return {
    bao,
    dir,
    open,
    data,
    async network() {
      const proxy = await faultProxy(bao.address);
      proxies.push(proxy);
      return {
        proxy,
        store: await open({ address: proxy.url }),
        onWrites: (fault, times = 1, path = "/data/") =>
          proxy.fault(fault, times, (seen) => seen.method !== "GET" && seen.path.includes(path)),
      };
    },
    versionAt: async (path) => (await data(`secret/metadata/${path}`))["current_version"],
    async failure(act, ...secrets) {
      const error: unknown = await act.then(
        () => new Error("it did not fail"),
        (one: unknown) => one,
      );
      const said = `${inspect(error, { depth: 9 })} ${error instanceof UnsprawlError ? `${error.hint} ${String(error.cause)}` : ""}`;
      for (const secret of [bao.token, ...secrets])
        expect(said.includes(typeof secret === "string" ? secret : secret.expose().toString("utf8"))).toBe(false);
      expect(error).toBeInstanceOf(UnsprawlError);
      return error as UnsprawlError;
    },
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await bao.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A place of its own below `apps/`. */
export function keyAt(field = "DB_PASSWORD"): StoreKey {
  return { path: `apps/${randomBytes(6).toString("hex")}`, field };
}

export function fresh(): Secret {
  return Secret.of(randomBytes(15).toString("base64"));
}
