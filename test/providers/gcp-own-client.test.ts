import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { googleClient } from "../services/google-client.ts";
import { startSecretManager } from "../services/secret-manager.ts";
import { gcpSpec } from "./gcp-world.ts";

// The double is not only what we think it is: Google's own client logs in, reads, writes and lists there.

const TEXT = "a\n$HOME 'x' \u00fc\n";

test("Google's own client reads what unsprawl wrote, and unsprawl what that wrote", async () => {
  const double = await startSecretManager();
  onTestFinished(() => double.stop());
  const store = await openSpec(gcpSpec(double, "writer"));
  const key = store.key({ subject: "web", project: "shop", name: "DB_PASSWORD" });
  await store.put(key, Secret.of(TEXT), null, { runId: "r", subject: "web" });
  const theirs = await googleClient(double.env("admin"), ["shop--web--DB_PASSWORD"], { "by-hand": TEXT });
  expect(theirs).toEqual({ read: { "shop--web--DB_PASSWORD": TEXT }, names: ["by-hand", "shop--web--DB_PASSWORD"] });
  expect((await store.get({ path: "by-hand", field: "" }))?.value.equals(Secret.of(TEXT))).toBe(true);
  // It asked for its token by a JWT of its own making.
  expect(new Set(double.login.grants)).toEqual(new Set(["jwt-bearer"]));
});
