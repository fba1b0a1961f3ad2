// A writer in a process of its own, for the cases that kill it: says each name that is stored.
import { randomBytes } from "node:crypto";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec, type StoreSpec } from "./spec.ts";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { spec, subject, prefix, count } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
  spec: StoreSpec;
  subject: string;
  prefix: string;
  count: number;
};
const store = await openSpec(spec);
const origin = { runId: "20261125-000000-test", subject };
const put = (name: string): Promise<unknown> =>
  store.put(store.key({ subject, project: "shop", name }), Secret.of(randomBytes(18).toString("base64")), null, origin);
for (let at = 0; at < count; at++) {
  await put(`${prefix}${at}`);
  process.stdout.write(`${prefix}${at}\n`);
}
const shared = await put("SHARED").then(
  () => "written",
  (error: unknown) => (error instanceof UnsprawlError ? error.code : "failed"),
);
process.stdout.write(`SHARED ${shared}\n`);
