import type { RE2JS } from "re2js";
import type { Confidence, Severity } from "../../model/finding.ts";

/** A rule that a team brought, compiled. Patterns are RE2: time grows with the text alone, whatever the pattern. */
export type OwnRule = {
  readonly id: string;
  readonly description: string;
  /** The file it stands in, as it was given. */
  readonly source: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Lower case; with any at all, the rule runs only where one of them stands in the name or the value. */
  readonly keywords: readonly string[];
  /** Null: the whole value is the secret, wherever `path` and `names` match. */
  readonly pattern: RE2JS | null;
  readonly path: RE2JS | null;
  readonly names: RE2JS | null;
  /** 0: the first group that is not empty, else the whole match. */
  readonly secretGroup: number;
  /** Bits a character that the secret must exceed. */
  readonly entropy: number | null;
  readonly allowlists: readonly Allowlist[];
  readonly tags: readonly string[];
};

export type AllowlistTarget = "secret" | "match" | "line";

/** What lets a match go. */
export type Allowlist = {
  /** What it is, in words that quote no value. */
  readonly by: string;
  /** Every kind of check that is there must agree, not just one. */
  readonly every: boolean;
  /** It names commits: there are none here, so that this check never agrees. */
  readonly commits: boolean;
  readonly paths: readonly RE2JS[];
  readonly target: AllowlistTarget;
  readonly regexes: readonly RE2JS[];
  /** Lower case; parts of the secret. */
  readonly stopWords: readonly string[];
  readonly names: readonly RE2JS[];
};

/** What a rule matched in a value, as gitleaks sees it. `start` and `end` are the part of the secret in the value. */
export type RuleMatch = {
  readonly match: string;
  readonly secret: string;
  readonly line: string;
  readonly start: number;
  readonly end: number;
};

export type OwnInput = { readonly name: string; readonly text: string; readonly path: string };

/** `start` and `end` are UTF-16 offsets of the secret part in the value; `by` quotes no value. */
export type SecretHit = {
  readonly kind: "secret";
  readonly rule: OwnRule;
  readonly start: number;
  readonly end: number;
};

export type OwnHit = SecretHit | { readonly kind: "allowed"; readonly rule: OwnRule; readonly by: string };

export type OwnRules = {
  readonly rules: readonly OwnRule[];
  /** Built-in rules that a file switched off or that a rule replaces. */
  readonly disabled: readonly string[];
  /** What of the files is passed over, and why: for the user to read. */
  readonly notes: readonly string[];
  /** A path decides somewhere: the same value may be classified differently in another place. */
  readonly asksPath: boolean;
  /** Which allowlist for all rules lets go what the built-in rules found; null when none does. */
  allowed(found: RuleMatch, path: string): string | null;
  /** What they say of a value. */
  find(input: OwnInput): readonly OwnHit[];
  /** The secrets in a text of any length. */
  findInText(text: string, path: string): readonly SecretHit[];
};

/** Which words a rule is written in: unsprawl.yaml's or gitleaks's. */
export type Dialect = "own" | "gitleaks";

/** A rule as it was read, before its patterns are compiled. */
export type RuleSpec = {
  readonly dialect: Dialect;
  readonly id: string;
  readonly description: string;
  readonly source: string;
  /** File and rule, for messages. */
  readonly at: string;
  readonly severity: Severity | null;
  readonly confidence: Confidence | null;
  readonly keywords: readonly string[];
  readonly pattern: string | null;
  readonly path: string | null;
  readonly names: string | null;
  /** Null: not said. */
  readonly secretGroup: number | null;
  readonly entropy: number | null;
  readonly allowlists: readonly AllowSpec[];
  readonly tags: readonly string[];
  /** Why it never reports by itself; null when it does. */
  readonly silent: string | null;
  /** Takes the place of a rule of the same id. */
  readonly replaces: boolean;
};

export type AllowSpec = Pick<Allowlist, "by" | "every" | "commits" | "target" | "stopWords"> & {
  readonly dialect: Dialect;
  readonly at: string;
  readonly paths: readonly string[];
  readonly regexes: readonly string[];
  readonly names: readonly string[];
};
