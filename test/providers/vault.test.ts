import { providerConformance } from "../conformance/provider.ts";
import { vaultWorld } from "./vault-world.ts";

const COMMON = {
  server: true,
  reference: /^ref\+vault:\/\/\S+#\/DB_PASSWORD$/,
  deniedHint: /path ".*" \{ capabilities = \[.*\] \}/,
};

providerConformance("vault, KV v2, by token", () => vaultWorld(2, "token"), {
  ...COMMON,
  acrossProcesses: true,
  checkAndSet: true,
});
providerConformance("vault, KV v2, by AppRole", () => vaultWorld(2, "approle"), {
  ...COMMON,
  acrossProcesses: true,
  checkAndSet: true,
});
providerConformance("vault, KV v1, by token", () => vaultWorld(1, "token"), {
  ...COMMON,
  acrossProcesses: false,
  checkAndSet: false,
  versions: false,
});
providerConformance("vault, KV v1, by AppRole", () => vaultWorld(1, "approle"), {
  ...COMMON,
  acrossProcesses: false,
  checkAndSet: false,
  versions: false,
});
