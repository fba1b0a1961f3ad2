import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { UnsprawlError, type ErrorCode } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Fault, Faulty } from "../conformance/faults.ts";
import type { StoreWorld } from "../conformance/provider.ts";
import { openSpec, type StoreSpec } from "../conformance/spec.ts";
import type { KeywhizClient } from "../services/keywhiz-certificates.ts";
import type { Added, Interruption } from "../services/keywhiz-faults.ts";
import { startKeywhiz, type Keywhiz, type KeywhizOptions } from "../services/keywhiz.ts";

type Keys = { readonly [key: string]: Json };
type Who = keyof Keywhiz["clients"];

export const ORIGIN = { runId: "20261125-000000-test", subject: "api" };

/** A Keywhiz, and stores of it by any of its clients. */
export type KeywhizBench = {
  readonly keywhiz: Keywhiz;
  readonly dir: string;
  /** A store by the certificate of this client, in PEM, and with the group `api`. */
  readonly open: (who?: Who, more?: Keys) => Promise<Provider>;
  readonly identity: (who: Who, kind: "pem" | "p12") => Keys;
  /** One request that shares nothing with the provider. */
  readonly raw: (who: Who, method: string, path: string, json?: object) => Promise<{ status: number; text: string }>;
  /** What a call failed with; nothing in it quotes a credential, or the value in any form. */
  readonly failure: (act: Promise<unknown>, code: ErrorCode, value?: Secret) => Promise<UnsprawlError>;
  readonly credentials: readonly string[];
  readonly stop: () => Promise<void>;
};

export async function keywhizBench(options: KeywhizOptions = {}): Promise<KeywhizBench> {
  const keywhiz = await startKeywhiz({ groups: ["api"], ...options });
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-keywhiz-store-"));
  for (const [who, { p12Password }] of Object.entries(keywhiz.clients))
    writeFileSync(join(dir, `${who}.password`), `${p12Password}\n`, { mode: 0o600 });
  const identity = (who: Who, kind: "pem" | "p12"): Keys => {
    const { certFile, keyFile, p12File } = keywhiz.clients[who];
    return kind === "pem" ? { certFile, keyFile } : { p12File, p12PasswordFile: `${who}.password` };
  };
  const credentials = Object.values(keywhiz.clients).flatMap(({ keyFile, p12Password }) => [
    p12Password,
    readFileSync(keyFile, "utf8").split("\n")[3] ?? "",
  ]);
  return {
    keywhiz,
    dir,
    identity,
    credentials,
    open: (who = "automation", more = {}) => {
      const config = { url: keywhiz.url, caFile: keywhiz.caFile, groups: ["api"], ...identity(who, "pem"), ...more };
      return openSpec({ provider: "keywhiz", config, env: {}, dir });
    },
    raw: (who, method, path, json) => rawCall(keywhiz, keywhiz.clients[who], method, path, json),
    async failure(act, code, value) {
      const error: unknown = await act.then(
        () => new Error("it did not fail"),
        (one: unknown) => one,
      );
      const { hint, cause } = error as UnsprawlError;
      const said = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${hint} ${String(cause)}`;
      const text = value?.expose() ?? Buffer.alloc(0);
      const forms = value ? [text.toString("utf8"), text.toString("base64"), text.toString("hex")] : [];
      for (const secret of [...credentials, ...forms]) expect(said.includes(secret), "quotes a secret").toBe(false);
      expect(error, said).toBeInstanceOf(UnsprawlError);
      expect((error as UnsprawlError).code, said).toBe(code);
      expect(hint).toBeTruthy();
      return error as UnsprawlError;
    },
    async stop() {
      await keywhiz.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A Keywhiz and a store with each kind of credential, in PEM or in PKCS#12. */
export async function keywhizWorld(kind: "pem" | "p12"): Promise<StoreWorld> {
  const { keywhiz, dir, identity, credentials, stop } = await keywhizBench();
  const common = { caFile: keywhiz.caFile, groups: ["api"] };
  const spec = (who: Who, more: Keys = {}, url = keywhiz.url): StoreSpec => ({
    provider: "keywhiz",
    config: { ...common, ...identity(who, kind), ...more },
    env: { KEYWHIZ_URL: url },
    dir,
  });
  return {
    writer: spec("automation"),
    operator: spec("automation", { reader: identity("application", kind) }),
    stranger: spec("foreign"),
    forbidden: spec("application"),
    unreachable: () => spec("automation", {}, "https://127.0.0.1:1"),
    credentials,
    faulty: async ({ path }) => faultyOf(keywhiz, spec("automation"), path),
    stop,
  };
}

/** The double's own faults, because a proxy cannot look into mutual TLS. A read is two requests, and both meet the fault. */
function faultyOf({ faults }: Keywhiz, spec: StoreSpec, name: string): Faulty {
  const pattern = name.replaceAll(".", String.raw`\.`);
  const named = new RegExp(pattern);
  // Whoever lists all asks for many values at once.
  const alone = new RegExp(`\\["${pattern}"\\]`);
  let added: Added | null = null;
  let planned = 0;
  return {
    spec,
    next(fault, kind, times) {
      const rules =
        kind === "write"
          ? [{ method: /POST|PUT|DELETE/, path: /^(?!.*\/request\/contents$)/, about: named, times }]
          : [
              { method: /GET/, path: /./, about: named, times },
              { method: /POST/, path: /\/request\/contents$/, about: alone, times },
            ];
      added = faults.add(...rules.map((rule) => ({ ...rule, ...broken(fault) })));
      planned = added.left();
    },
    met: () => planned - (added?.left() ?? 0),
    clear: () => added?.end(),
    stop: async () => undefined,
  };
}

function broken(fault: Fault): Interruption | { readonly kind: "delay"; readonly ms: number } {
  if (fault.kind === "slow") return { kind: "delay", ms: 60_000 };
  if (fault.kind === "reset") return { kind: "undone" };
  if (fault.kind === "cut") return { kind: "reset" };
  if (fault.kind === "lost") return fault;
  const { status, retryAfter } = fault;
  return { kind: "status", status, ...(retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }) };
}

/** A value that no other test has. */
export function fresh(): Secret {
  return Secret.of(randomBytes(18).toString("base64"));
}

/** A name that no other test has. */
export function freshName(): string {
  return `api-${randomBytes(5).toString("hex")}`;
}

function rawCall(
  { url, caFile }: Keywhiz,
  { certFile, keyFile }: KeywhizClient,
  method: string,
  path: string,
  json?: object,
): Promise<{ status: number; text: string }> {
  const files = { ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  return new Promise((done, fail) => {
    const sent = request(`${url}${path}`, { ...files, method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text })).on("error", fail);
    });
    sent.on("error", fail).end(json === undefined ? undefined : JSON.stringify(json));
  });
}
