import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { openSpec } from "../conformance/spec.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";

export type Options = {
  readonly config?: { readonly [key: string]: Json };
  readonly env?: { readonly [name: string]: string };
};

/** An OpenBao behind TLS, and stores of it: by the root token and the right CA unless told otherwise. */
export type SecureVault = {
  readonly bao: OpenBao;
  readonly dir: string;
  readonly open: (options?: Options) => Promise<Provider>;
  /** What a call failed with; nothing in it quotes the root token or the given secrets. */
  readonly failure: (act: Promise<unknown>, ...secrets: string[]) => Promise<UnsprawlError>;
  readonly stop: () => Promise<void>;
};

export const KEY = { path: "apps/api", field: "DB_PASSWORD" };
export const ORIGIN = { runId: "test", subject: "api" };

export async function secureVault(): Promise<SecureVault> {
  const bao = await startOpenBao({ tls: true });
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-vault-"));
  const usual = { HOME: dir, VAULT_ADDR: bao.address, VAULT_CACERT: bao.caFile ?? "", VAULT_TOKEN: bao.token };
  return {
    bao,
    dir,
    open: ({ config = {}, env = {} } = {}) => openSpec({ provider: "vault", config, env: { ...usual, ...env }, dir }),
    async failure(act, ...secrets) {
      const error: unknown = await act.then(
        () => new Error("it did not fail"),
        (one: unknown) => one,
      );
      for (const secret of [bao.token, ...secrets]) expect(inspect(error, { depth: 9 }).includes(secret)).toBe(false);
      expect(error).toBeInstanceOf(UnsprawlError);
      return error as UnsprawlError;
    },
    async stop() {
      await bao.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The port of a server that listens. */
export function portOf(server: { address(): unknown }): number {
  return (server.address() as { port: number }).port;
}
