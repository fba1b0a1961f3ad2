import { unwrapWithAge, wrapForAge, type DataKeys, type Identities } from "../../src/stores-kit/sops/index.ts";

/**
 * Data keys wrapped for the store's age identity, for SOPS_AGE_RECIPIENTS as sops does, and for the store's further
 * readers.
 */
export function dataKeys(
  identities: Identities,
  env: NodeJS.ProcessEnv,
  readers: () => Promise<readonly string[]>,
): DataKeys {
  return {
    async wrap(dataKey) {
      const { recipient } = await identities.ensure();
      return wrapForAge(dataKey, [...new Set([recipient, ...otherRecipients(env), ...(await readers())])]);
    },
    async names() {
      const own = (await identities.load()).map(({ recipient }) => recipient);
      return [...own, ...otherRecipients(env), ...(await readers())].map((recipient) => `age ${recipient}`);
    },
    async unwrap(document) {
      return unwrapWithAge(document, await identities.load(), identities.where);
    },
  };
}

/** The recipients in SOPS_AGE_RECIPIENTS. */
export function otherRecipients(env: NodeJS.ProcessEnv): readonly string[] {
  return (env["SOPS_AGE_RECIPIENTS"] ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
