import { rules } from "../rules/index.ts";
import type { Rule } from "../rules/rule.ts";

/** What a keyword in a text may be the beginning of. */
export type Watch = {
  /** The keyword's bytes, in lower case unless `exact`. */
  readonly bytes: Uint8Array;
  /** Compared as it is written: a vendor's own prefix. */
  readonly exact: boolean;
  /** Nothing but a mark or a space may stand before it. */
  readonly starts: boolean;
  /** Where in the keyword its rarest three characters stand, by which it is filed. */
  readonly rare: number;
  readonly kind: "token" | "name" | "url";
  readonly rule: Rule | null;
};

/** Words in names that promise a secret: where they stand, an assignment is looked for. */
const NAMES = `password passwd passphrase passwort secret token apikey api_key api-key private_key privatekey access_key
  accesskey auth_key authkey encryption_key signing_key secret_key account_key accountkey credential dsn_pass _pass _pwd
  bearer senha contrase`;

/** Letters of English and code from the most common on; what is not here is rarer. */
const COMMON = " etaoinsrlcdumpfhgbyvkwxjqz_.-:/=\"'";

/** Every keyword, filed under its rarest three characters. */
export function watched(): readonly Watch[] {
  return [...rules.flatMap(ofRule), ...NAMES.trim().split(/\s+/).map(ofName), url()];
}

function ofRule(rule: Rule): Watch[] {
  // A pattern for the whole value only: it comes into play when the value is cut out of its assignment.
  if (rule.pattern === null || rule.names !== null || rule.publishable || rule.pattern.source.startsWith("^"))
    return [];
  const lead = rule.pattern.source.startsWith("(?<![A-Za-z0-9_-])") && rule.prefixes.length === rule.keywords.length;
  return (lead ? rule.prefixes : rule.keywords).map((keyword) => watch(keyword, lead, lead, "token", rule));
}

function ofName(word: string): Watch {
  return watch(word, false, false, "name", null);
}

function url(): Watch {
  return { ...watch("://", true, false, "url", null) };
}

function watch(keyword: string, exact: boolean, starts: boolean, kind: Watch["kind"], rule: Rule | null): Watch {
  return { bytes: Buffer.from(keyword), exact, starts, rare: rarest(keyword.toLowerCase()), kind, rule };
}

function rarest(keyword: string): number {
  let best = 0;
  let most = -1;
  for (let at = 0; at + 3 <= keyword.length; at++) {
    let score = 0;
    for (const char of keyword.slice(at, at + 3))
      score += COMMON.includes(char) ? Math.min(COMMON.indexOf(char), 26) : 24;
    if (score > most) {
      most = score;
      best = at;
    }
  }
  return best;
}
