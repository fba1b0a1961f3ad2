import { providerConformance } from "../conformance/provider.ts";
import { azureWorld } from "./azure-world.ts";

providerConformance("azure-key-vault", azureWorld, {
  server: true,
  acrossProcesses: false,
  checkAndSet: true,
  reference: /^ref\+azurekeyvault:\/\/\S+$/,
  deniedHint: /az role assignment create .*Key Vault Secrets/,
  most: 25_600,
});
