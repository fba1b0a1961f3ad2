import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Provider, StoreCheck } from "../../src/contract/provider.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";

/** Where a policy for this store allows to read, and nothing is. */
const ABSENT = { subject: "unsprawl-check", project: "unsprawl-check", name: "ABSENT" };

/** Tries every right that a migration needs. Reading something that does not exist proves address and key at once. */
export function checkParameters(store: Provider, client: () => Promise<SSMClient>): Promise<readonly StoreCheck[]> {
  const ask = async (): Promise<void> => void (await store.get(store.key(ABSENT)));
  return probeStore(store, {
    async reach() {
      await ask().catch((error: unknown) => {
        if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
      });
      const { region } = (await client()).config;
      return `Parameter Store, ${await region()}`;
    },
    async authenticate() {
      await ask();
      return "the access key is known";
    },
    checkAndSet: "a second creation is refused; a replacement is proven by its version",
  });
}
