import { unwrapWithAge, wrapForAge, type DataKeys, type Identities } from "../../src/sops/index.ts";

/** Data keys wrapped for the store's own age identity, and for SOPS_AGE_RECIPIENTS as sops itself does. */
export function dataKeys(identities: Identities, env: NodeJS.ProcessEnv): DataKeys {
  return {
    async wrap(dataKey) {
      const { recipient } = await identities.ensure();
      const others = (env["SOPS_AGE_RECIPIENTS"] ?? "").split(",").map((one) => one.trim());
      return wrapForAge(dataKey, [...new Set([recipient, ...others.filter((one) => one !== "")])]);
    },
    async unwrap(document) {
      return unwrapWithAge(document, await identities.load(), identities.where);
    },
  };
}
