import { join } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { statePath } from "../../src/kit/io/state-path.ts";
import { ageKey, madeKeys, ruledKeys, type DataKeys, type Identities } from "../../src/stores-kit/sops/index.ts";

/**
 * Data keys wrapped as the file's creation rule says, otherwise for the store's age identity and for SOPS_AGE_RECIPIENTS as sops does;
 * and for the store's further readers.
 */
export function dataKeys(
  identities: Identities,
  env: NodeJS.ProcessEnv,
  readers: () => Promise<readonly string[]>,
  service?: ProviderContext["keyService"],
  roles: readonly string[] = [],
): DataKeys {
  return ruledKeys({
    identities,
    made: madeKeys(join(statePath(env), "data-keys")),
    service,
    roles,
    async own(make) {
      const [first] = make ? [await identities.ensure()] : await identities.load();
      return [...(first === undefined ? [] : [first.recipient]), ...otherRecipients(env)].map(ageKey);
    },
    readers: async () => (await readers()).map(ageKey),
  });
}

/** The recipients in SOPS_AGE_RECIPIENTS. */
export function otherRecipients(env: NodeJS.ProcessEnv): readonly string[] {
  return (env["SOPS_AGE_RECIPIENTS"] ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
