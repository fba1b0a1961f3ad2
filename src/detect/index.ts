import type { Detector } from "../contract/detector.ts";
import { classify } from "./classify.ts";
import { mask } from "./mask.ts";

/**
 * What is a secret: name, place and value decide together. The order of decision is in `classify.ts`; the vendors'
 * formats are data in `rules/`; names are read by a grammar (`names.ts`), commands as a shell would (`command.ts`).
 */
export const detector: Detector = { classify, mask };

export { rules, ruleById } from "./rules/index.ts";
export type { Example, Rule } from "./rules/rule.ts";
export { kit, type Kit } from "./rules/kit.ts";
export { explain } from "./explain.ts";
