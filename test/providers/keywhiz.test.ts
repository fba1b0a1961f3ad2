import { providerConformance } from "../conformance/provider.ts";
import { sample } from "../support/deep.ts";
import { keywhizWorld } from "./keywhiz-world.ts";

const TRAITS = {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
  dated: false as const,
  reference: /^ref\+keywhiz:\/\/127\.0\.0\.1:\d+\/\S+$/,
  deniedHint: /automationAllowed|automation client/,
  empty: false,
};

// They differ in how the certificate is read: keywhiz-connection.test.ts has both.
for (const form of sample(["pem", "p12"] as const, 1))
  providerConformance(`keywhiz, ${form === "pem" ? "PEM" : "PKCS#12"}`, () => keywhizWorld(form), TRAITS);
