import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../src/model/json.ts";
import type { StoreWorld } from "../conformance/provider.ts";
import type { StoreSpec } from "../conformance/spec.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";
import { faultProxy } from "../support/fault-proxy.ts";

/** A store of the double, as one of its accounts. */
export function gcpSpec(
  double: SecretManager,
  account: keyof SecretManager["accounts"],
  config: { readonly [key: string]: Json } = {},
): StoreSpec {
  const env = { HOME: double.dir, ...double.env(account) };
  return { provider: "gcp-secret-manager", config, env, dir: double.dir };
}

/** One double of Secret Manager, and a store of it with each kind of credential. */
export async function gcpWorld(): Promise<StoreWorld & { readonly double: SecretManager }> {
  const [double, other] = await Promise.all([startSecretManager(), startSecretManager()]);
  // An account of this name whose key is another's.
  const wrong = { ...double.accounts.writer, privateKey: other.accounts.writer.privateKey };
  await other.stop();
  const writer = gcpSpec(double, "writer");
  const stranger = strangerOf(double, wrong.privateKey);
  const lines = [double.accounts.writer, wrong, double.accounts.nobody].map(
    (one) => one.privateKey.split("\n")[3] ?? "",
  );
  return {
    double,
    writer,
    operator: gcpSpec(double, "writer", { reader: { method: "file", credentialsFile: double.keyFile("reader") } }),
    stranger,
    forbidden: gcpSpec(double, "nobody"),
    unreachable: () => gcpSpec(double, "writer", { endpoint: "http://127.0.0.1:1" }),
    credentials: lines,
    async faulty() {
      const proxy = await faultProxy(double.url);
      return {
        spec: gcpSpec(double, "writer", { endpoint: proxy.url }),
        next: (fault, kind, times) =>
          proxy.fault(fault, times, ({ method }) => (method === "GET") === (kind === "read")),
        met: () => proxy.met,
        clear: () => proxy.fault({ kind: "reset" }, 0),
        stop: () => proxy.stop(),
      };
    },
    stop: () => double.stop(),
  };
}

function strangerOf(double: SecretManager, privateKey: string): StoreSpec {
  const key = JSON.parse(readFileSync(double.keyFile("writer"), "utf8")) as { [key: string]: string };
  const file = join(double.dir, "stranger.json");
  writeFileSync(file, JSON.stringify({ ...key, private_key: privateKey }), { mode: 0o600 });
  return gcpSpec(double, "writer", { auth: { method: "file", credentialsFile: file } });
}
