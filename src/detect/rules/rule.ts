import type { Confidence, Severity } from "../../model/finding.ts";
import type { Where } from "../../model/location.ts";
import type { Kit } from "./kit.ts";

/** A value with the name and place in which it proves a rule; bare text means a name that says nothing. */
export type Example = string | { readonly name?: string; readonly where?: Where; readonly value: string };

/** What is known of a value beyond its shape: a checksum in it, or what it decodes to. */
export type Validation = {
  readonly by: "checksum" | "format";
  /** `right` proves the value, `wrong` says it only looks like one, `fake` clears it. */
  readonly verdict: (secret: string) => "right" | "wrong" | "fake";
};

export const byChecksum = (verdict: Validation["verdict"]): Validation => ({ by: "checksum", verdict });
export const byFormat = (verdict: Validation["verdict"]): Validation => ({ by: "format", verdict });

/**
 * One kind of secret. Pure data: the examples prove that it fires, the counter-examples that it does not.
 *
 * `keywords` are lower case; a pattern runs only over a value (or, with `names`, under a name) that holds one of them.
 * Patterns are linear: every repeat is bounded, none is nested. The group `secret` marks the secret part, else it is
 * the whole match. A rule without a pattern is decided by code and is here so that it can be explained.
 */
export type Rule = {
  readonly id: string;
  readonly vendor: string;
  readonly description: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly keywords: readonly string[];
  readonly pattern: RegExp | null;
  /** The rule counts only under a name that this matches (in lower case, words joined by `_`), and for the whole value. */
  readonly names: RegExp | null;
  /**
   * The lengths of the whole values that an anchored pattern is tried on; null for any. Needed for a kind without a
   * keyword; with `names` it spares a pattern under names that many values have.
   */
  readonly lengths: readonly [least: number, most: number] | null;
  /** With `names`: counts although the name reads as a setting or a checksum (`PASSWORD_SHA256`). */
  readonly despite: boolean;
  /** Public parts with which the secret begins; the only characters of a value that a mask may show. */
  readonly prefixes: readonly string[];
  readonly validate: Validation | null;
  /** How long the secret is, for a kind whose end no pattern can say; null when the pattern says it. */
  readonly ends: ((secret: string) => number) | null;
  /** True for kinds that are made to be public, such as publishable keys: they clear a value. */
  readonly publishable: boolean;
  readonly reference: string;
  readonly examples: (make: Kit) => readonly Example[];
  readonly counterExamples: (make: Kit) => readonly Example[];
};

type Basics = Pick<Rule, "id" | "vendor" | "description" | "reference"> & Partial<Rule>;

/** A token that begins with a vendor's prefix and continues with `body` (a bounded pattern). */
export function prefixed(
  rule: Basics & { readonly prefix: readonly string[]; readonly body: string; readonly make: (make: Kit) => string },
): Rule {
  const { prefix, body, make, ...rest } = rule;
  const starts = prefix.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  return {
    ...DEFAULTS,
    keywords: prefix.map((text) => text.toLowerCase()),
    pattern: new RegExp(`(?<![A-Za-z0-9_-])(?<secret>(?:${starts})${body})(?![A-Za-z0-9_-])`, "d"),
    prefixes: prefix,
    examples: (kit) => prefix.map((text) => text + make(kit)),
    counterExamples: () => prefix.flatMap((text) => [`${text}xxxxxxxx`, text]),
    ...rest,
  };
}

/** A value without a recognisable mark, known by its vendor's name in the variable's name and by its exact shape. */
export function named(
  rule: Basics & {
    readonly names: RegExp;
    readonly keywords: readonly string[];
    readonly shape: string;
    readonly as: string;
    readonly make: (make: Kit) => string;
  },
): Rule {
  const { shape, as, make, ...rest } = rule;
  return {
    ...DEFAULTS,
    pattern: new RegExp(`^(?<secret>${shape})$`, "d"),
    examples: (kit) => [{ name: as, value: make(kit) }],
    counterExamples: (kit) => [{ name: "BUILD_REVISION", value: make(kit) }],
    ...rest,
  };
}

/** A pattern that is neither. */
export function shaped(rule: Basics & Pick<Rule, "keywords" | "pattern" | "examples">): Rule {
  return { ...DEFAULTS, ...rule };
}

const DEFAULTS = {
  severity: "high",
  confidence: "high",
  names: null,
  lengths: null,
  despite: false,
  prefixes: [],
  validate: null,
  ends: null,
  publishable: false,
  counterExamples: () => [],
} as const satisfies Partial<Rule>;
