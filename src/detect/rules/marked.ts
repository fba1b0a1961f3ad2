import { prefixed as anything, type Rule } from "./rule.ts";

/**
 * Refuses words where a token's random part belongs: `glpat-user-service-deploy-config`. Lower-case letters and marks
 * up to the end, with a number of two digits at most; no random text of a token's length is that.
 */
export const NO_WORDS = String.raw`(?![a-z_.-]{1,400}\d{0,2}(?![A-Za-z0-9+/=_.:|~-]))`;

/** A token that begins with a vendor's prefix and continues with more than words. */
export function prefixed(rule: Parameters<typeof anything>[0]): Rule {
  return anything({ ...rule, body: NO_WORDS + rule.body });
}
