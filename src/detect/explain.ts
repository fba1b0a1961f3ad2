import type { Dismissal } from "./dismissals/index.ts";
import type { ValueDismissal } from "./dismissals/values.ts";
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

/** A row that dismisses findings in texts, or values, likewise. */
export function explainDismissal(row: Dismissal | ValueDismissal): {
  readonly id: string;
  readonly [key: string]: string;
} {
  const make = kit(Date.now() >>> 0);
  const shown = (one: Dismissal["example"] | ValueDismissal["example"]): string =>
    "path" in one ? `${one.path}: ${template(one.text)(make)}` : `${one.name}=${template(one.value)(make)}`;
  return {
    id: row.id,
    description: row.why,
    verdict: "score" in row && row.score !== undefined ? `score ${row.score} at most` : "dismissed",
    ...(row.guards !== undefined && { guards: row.guards }),
    example: shown(row.example),
    counterExample: shown(row.counterExample),
  };
}

/** How to rotate what a rule finds, as `rules show` tells it. */
export function rotationAdvice(id: string): { readonly rotate: string; readonly rotatePage?: string } {
  const { text, url } = rotationFor(id);
  return { rotate: text, ...(url !== null && { rotatePage: url }) };
}
