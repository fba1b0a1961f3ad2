import type { Dismissal } from "./dismissals/index.ts";
import { kit } from "./rules/kit.ts";
import { rotationFor } from "./rotation/index.ts";
import type { Rule } from "./rules/rule.ts";
import { example as template } from "./rules/template.ts";

/** A rule as `unsprawl rules show` tells it; the example is made up on the spot and opens nothing. */
export function explain(rule: Rule): { readonly [key: string]: string | readonly string[] } {
  const example = rule.examples(kit(Date.now() >>> 0))[0];
  const shown =
    example === undefined ? "" : typeof example === "string" ? example : `${example.name ?? "…"}=${example.value}`;
  return {
    id: rule.id,
    vendor: rule.vendor,
    description: rule.description,
    severity: rule.severity,
    confidence: rule.confidence,
    verdict: rule.publishable ? "public" : "secret",
    keywords: rule.keywords,
    pattern: rule.pattern?.source ?? "decided by name, structure and place",
    names: rule.names?.source ?? "any",
    checked: rule.validate === null ? "by shape" : `by shape and ${rule.validate.by}`,
    example: shown,
    reference: rule.reference,
    ...rotationAdvice(rule.id),
  };
}

/** A row that dismisses findings in texts, likewise. */
export function explainDismissal({ id, why, score, guards, example, counterExample }: Dismissal): {
  readonly id: string;
  readonly [key: string]: string;
} {
  const make = kit(Date.now() >>> 0);
  const shown = ({ path, text }: Dismissal["example"]): string => `${path}: ${template(text)(make)}`;
  return {
    id,
    description: why,
    verdict: score === undefined ? "dismissed" : `score ${score} at most`,
    ...(guards !== undefined && { guards }),
    example: shown(example),
    counterExample: shown(counterExample),
  };
}

/** How to rotate what a rule finds, as `rules show` tells it. */
export function rotationAdvice(id: string): { readonly rotate: string; readonly rotatePage?: string } {
  const { text, url } = rotationFor(id);
  return { rotate: text, ...(url !== null && { rotatePage: url }) };
}
