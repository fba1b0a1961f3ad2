import type { Provider, StoreCheck } from "../contract/provider.ts";
import { UnsprawlError } from "../model/error.ts";
import { probeStore } from "./probe.ts";

/** Where a policy for such a store allows to read, and nothing is. */
const ABSENT = { subject: "unsprawl-check", project: "unsprawl-check", name: "ABSENT" };

/** Tries every right that a migration needs. Reading something that does not exist proves address and key at once. */
export function checkAws(
  store: Provider,
  service: string,
  client: () => Promise<{ readonly config: { region(): Promise<string> } }>,
  checkAndSet: string,
): Promise<readonly StoreCheck[]> {
  const ask = async (): Promise<void> => void (await store.get(store.key(ABSENT)));
  return probeStore(store, {
    async reach() {
      await ask().catch((error: unknown) => {
        if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
      });
      const { config } = await client();
      return `${service}, ${await config.region()}`;
    },
    async authenticate() {
      await ask();
      return "the access key is known";
    },
    checkAndSet,
  });
}
