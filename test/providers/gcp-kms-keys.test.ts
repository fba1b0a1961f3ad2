import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";
import { gcpSpec } from "./gcp-world.ts";

// New secrets under keys of Cloud KMS, against the double, which takes a key only where its replica is.

let double: SecretManager;

beforeAll(async () => {
  double = await startSecretManager();
});
afterAll(() => double?.stop());

const keyIn = (location: string): string => `projects/team/locations/${location}/keyRings/ring/cryptoKeys/web`;
const encrypted = (location: string): object => ({ customerManagedEncryption: { kmsKeyName: keyIn(location) } });
const WEST = ["europe-west3", "europe-west4"];

it.each([
  [{ kmsKeys: [keyIn("global")] }, { automatic: encrypted("global") }],
  [
    { locations: WEST, kmsKeys: WEST.map(keyIn).toReversed() },
    { userManaged: { replicas: WEST.map((location) => ({ location, ...encrypted(location) })) } },
  ],
  [{ locations: WEST }, { userManaged: { replicas: WEST.map((location) => ({ location })) } }],
])("%j", async (config, replication) => {
  const store = await openSpec(gcpSpec(double, "writer", config));
  const name = `K${randomUUID().slice(0, 8)}`;
  const key = store.key({ subject: "web", project: "", name });
  await store.put(key, Secret.of(randomUUID()), null, { runId: "r", subject: "web" });
  expect(double.secrets.peek(key.path)?.replication).toEqual(replication);
});

it.each([
  [{ kmsKeys: [keyIn("europe-west3")] }],
  [{ locations: WEST, kmsKeys: [keyIn("europe-west3")] }],
  [{ locations: WEST, kmsKeys: [...WEST, "global"].map(keyIn) }],
  [{ kmsKeys: ["web"] }],
])("%j is refused", async (config) => {
  await expect(openSpec(gcpSpec(double, "writer", config))).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining("kmsKeys"),
  });
});
