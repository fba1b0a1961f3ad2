import { providerConformance } from "../conformance/provider.ts";
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

providerConformance("keywhiz, PEM", () => keywhizWorld("pem"), TRAITS);
providerConformance("keywhiz, PKCS#12", () => keywhizWorld("p12"), TRAITS);
