import { providerConformance } from "../conformance/provider.ts";
import { sample } from "../support/deep.ts";
import { vaultWorld } from "./vault-world.ts";

const COMMON = {
  server: true,
  reference: /^ref\+vault:\/\/\S+#\/DB_PASSWORD$/,
  deniedHint: /path ".*" \{ capabilities = \[.*\] \}/,
};
const VERSION_2 = { ...COMMON, acrossProcesses: true, checkAndSet: true };
const VERSION_1 = { ...COMMON, acrossProcesses: false, checkAndSet: false, versions: false } as const;

// How one logs in is no matter of the engine's version: each run has each of them once, a deep run all pairs.
const logins = sample(["token", "approle"] as const, 1);
for (const login of logins) {
  const other = login === "token" ? "approle" : "token";
  providerConformance(`vault, KV v2, by ${login}`, () => vaultWorld(2, login), VERSION_2);
  providerConformance(`vault, KV v1, by ${other}`, () => vaultWorld(1, other), VERSION_1);
}
