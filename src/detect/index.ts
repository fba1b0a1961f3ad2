/*
 * Decides whether a value is a secret, by its name, its place and itself. `detectorFor` is the entrance. A rule is an
 * entry below rules/; what this room reads goes nowhere else.
 */
import { createDetector } from "./detector.ts";

/**
 * What is a secret: name, place and value decide together. The order of decision is in `classify.ts`; the vendors'
 * formats are data in `rules/`; names are read by a grammar (`names.ts`), commands as a shell would (`command.ts`).
 * This one has no settings; `createDetector` makes one with a team's own.
 */
export const detector = createDetector();

export { createDetector, PLAIN, type DetectSettings } from "./detector.ts";
export type { OwnRule, OwnRules } from "./own/index.ts";
export { detectorFor, ownRules } from "./tuned.ts";
export { dismissalRows, dismissals } from "./dismissals/index.ts";
export { valueDismissals } from "./dismissals/values.ts";
export { families, familyOf, rules, ruleById } from "./rules/index.ts";
export type { Example, Rule } from "./rules/rule.ts";
export { kit, type Kit } from "./rules/kit.ts";
export { explain, explainDismissal, rotationAdvice } from "./explain.ts";
export { rotationFor } from "./rotation/index.ts";
