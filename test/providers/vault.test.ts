import { providerConformance } from "../conformance/provider.ts";
import { vaultWorld } from "./vault-world.ts";

providerConformance("vault, KV v2, by token", () => vaultWorld(2, "token"), {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
});
providerConformance("vault, KV v2, by AppRole", () => vaultWorld(2, "approle"), {
  server: true,
  acrossProcesses: true,
  checkAndSet: true,
});
providerConformance("vault, KV v1, by token", () => vaultWorld(1, "token"), {
  server: true,
  acrossProcesses: false,
  checkAndSet: false,
});
providerConformance("vault, KV v1, by AppRole", () => vaultWorld(1, "approle"), {
  server: true,
  acrossProcesses: false,
  checkAndSet: false,
});
