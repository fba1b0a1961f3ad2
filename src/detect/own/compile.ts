import type { RE2JS } from "re2js";
import { wrong } from "./read.ts";
import type { Allowlist, AllowSpec, OwnRule, RuleSpec } from "./types.ts";

export type Defaults = Pick<OwnRule, "severity" | "confidence">;

/** Compiles rules; allowlists that rules share are compiled once. */
export function compiler(re2: typeof RE2JS): {
  readonly rule: (spec: RuleSpec, defaults: Defaults) => OwnRule;
  readonly allowlist: (spec: AllowSpec) => Allowlist;
} {
  const done = new Map<AllowSpec, Allowlist>();
  const allowlist = (spec: AllowSpec): Allowlist => {
    const known = done.get(spec) ?? compileAllowlist(re2, spec);
    done.set(spec, known);
    return known;
  };
  return { allowlist, rule: (spec, defaults) => compileRule(re2, spec, defaults, allowlist) };
}

function compileAllowlist(re2: typeof RE2JS, spec: AllowSpec): Allowlist {
  return {
    by: spec.by,
    every: spec.every,
    commits: spec.commits,
    target: spec.target,
    paths: patterns(re2, spec.paths, spec, "paths"),
    regexes: patterns(re2, spec.regexes, spec, spec.dialect === "own" ? "patterns" : "regexes"),
    stopWords: lowerCase(spec.stopWords),
    names: spec.names.map((source, at) => pattern(re2, source, spec.at, `names[${at}]`, re2.CASE_INSENSITIVE)),
  };
}

function compileRule(
  re2: typeof RE2JS,
  spec: RuleSpec,
  defaults: Defaults,
  allowlist: (spec: AllowSpec) => Allowlist,
): OwnRule {
  const key = spec.dialect === "own" ? "pattern" : "regex";
  const own = spec.pattern === null ? null : pattern(re2, spec.pattern, spec.at, key);
  const groups = own?.groupCount() ?? 0;
  const byName = spec.dialect === "own" ? own?.namedGroups()["secret"] : undefined;
  const secretGroup = spec.secretGroup ?? byName ?? 0;
  if (own !== null && (secretGroup > groups || !Number.isInteger(secretGroup))) {
    throw wrong(`${spec.at}: secretGroup is ${secretGroup}, but the ${key} has ${groups} groups`);
  }
  return {
    id: spec.id,
    description: spec.description || spec.id,
    source: spec.source,
    severity: spec.severity ?? defaults.severity,
    confidence: spec.confidence ?? defaults.confidence,
    keywords: [...new Set(lowerCase(spec.keywords))],
    pattern: own,
    path: spec.path === null ? null : pattern(re2, spec.path, spec.at, "path"),
    names: spec.names === null ? null : pattern(re2, spec.names, spec.at, "names", re2.CASE_INSENSITIVE),
    secretGroup,
    entropy: spec.entropy,
    allowlists: spec.allowlists.map(allowlist),
    tags: spec.tags,
  };
}

const lowerCase = (words: readonly string[]): string[] =>
  words.filter((word) => word !== "").map((word) => word.toLowerCase());

function pattern(re2: typeof RE2JS, source: string, at: string, key: string, flags = 0): RE2JS {
  try {
    return re2.compile(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    throw wrong(`${at}: ${key}: ${reason}`, "patterns are RE2, as in Go: no look-around, no back-references");
  }
}

/** gitleaks joins a list into one pattern, so that a flag such as (?i) holds for what follows it too. */
function patterns(
  re2: typeof RE2JS,
  sources: readonly string[],
  { at, dialect }: AllowSpec,
  key: string,
): readonly RE2JS[] {
  const each = sources.map((source, index) => pattern(re2, source, at, `${key}[${index}]`));
  if (each.length < 2 || dialect === "own") return each;
  try {
    return [re2.compile(`(?:${sources.join("|")})`)];
  } catch {
    // Two groups of one name, or too large together.
    return each;
  }
}
