import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreWorld } from "../conformance/provider.ts";
import type { StoreSpec } from "../conformance/spec.ts";
import type { Json } from "../../src/model/json.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";

/** What a migration needs of the service, and what a reader needs, as IAM actions. */
export type AwsRights = { readonly write: readonly string[]; readonly read: readonly string[] };

/** A moto server that asks for rights, and a store of it with each kind of credential. */
export async function awsWorld(
  provider: string,
  rights: AwsRights,
  config: { readonly [key: string]: Json } = {},
  writes: RegExp = /$^/,
): Promise<StoreWorld & { readonly moto: Moto }> {
  const moto = await startMoto();
  const allow = (actions: readonly string[]): object => ({ Effect: "Allow", Action: actions, Resource: "*" });
  const [writer, reader, nobody] = await Promise.all([
    moto.user(allow([...rights.write, ...rights.read])),
    moto.user(allow(rights.read)),
    moto.user(allow(["sqs:ListQueues"])),
  ]);
  await moto.enforce();
  const spec = (keys: AwsKeys, more: { readonly [key: string]: Json } = {}, url = moto.url): StoreSpec => ({
    provider,
    config: { ...config, ...more },
    env: { HOME: moto.dir, AWS_REGION: moto.region, AWS_ENDPOINT_URL: url, ...keys },
    dir: moto.dir,
  });
  writeFileSync(join(moto.dir, "reader-id"), reader.AWS_ACCESS_KEY_ID, { mode: 0o600 });
  writeFileSync(join(moto.dir, "reader-secret"), reader.AWS_SECRET_ACCESS_KEY, { mode: 0o600 });
  const wrong = { ...writer, AWS_SECRET_ACCESS_KEY: randomBytes(30).toString("base64") };
  return {
    moto,
    writer: spec(writer),
    operator: spec(writer, { reader: { accessKeyIdFile: "reader-id", secretAccessKeyFile: "reader-secret" } }),
    stranger: spec(wrong),
    forbidden: spec(nobody),
    unreachable: () => spec(writer, {}, "http://127.0.0.1:1"),
    credentials: [
      writer.AWS_SECRET_ACCESS_KEY,
      wrong.AWS_SECRET_ACCESS_KEY,
      nobody.AWS_SECRET_ACCESS_KEY,
      moto.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    ],
    async faulty() {
      const proxy = await faultProxy(moto.url);
      return {
        spec: spec(writer, {}, proxy.url),
        next: (fault, kind, times) =>
          proxy.fault(fault, times, ({ body }) => writes.test(body.split("\n", 1)[0] ?? "") === (kind === "write")),
        met: () => proxy.met,
        clear: () => proxy.fault({ kind: "reset" }, 0),
        stop: () => proxy.stop(),
      };
    },
    stop: () => moto.stop(),
  };
}
