import { cmd } from "../../kit/shell.ts";
import { CONFIDENCES, SEVERITIES } from "../../model/finding.ts";
import { reader, wrong, type RuleConfigReader } from "./read.ts";
import type { AllowSpec, RuleSpec, AllowlistTarget } from "./types.ts";

const TOP = ["title", "description", "minVersion", "extend", "rules", "allowlist", "allowlists"];
const EXTEND = ["path", "url", "useDefault", "disabledRules"];
const RULE = ["id", "description", "regex", "path", "secretGroup", "entropy", "keywords", "tags"];
// Not gitleaks's own, but it lets them stand.
const OURS = ["severity", "confidence"];
const PARTS = ["allowlist", "allowlists", "required", "skipReport"];
const REQUIRED = ["id", "withinLines", "withinColumns"];
const ALLOW = ["description", "condition", "commits", "paths", "regexTarget", "regexes", "stopwords"];
const TARGETS: readonly AllowlistTarget[] = ["secret", "match", "line"];
const KNOWN_VERSION = [8, 30] as const;

export type GitleaksRule = RuleSpec & {
  /** The rules that must match near by. */
  readonly required: readonly string[];
};

/** A rules file of gitleaks, as it stands: nothing merged, nothing compiled. */
export type GitleaksFile = {
  readonly source: string;
  readonly rules: readonly GitleaksRule[];
  readonly global: readonly AllowSpec[];
  readonly targeted: readonly { readonly rules: readonly string[]; readonly allow: AllowSpec }[];
  readonly extends: { readonly path: string | null; readonly useDefault: boolean };
  readonly disabledRules: readonly string[];
  readonly notes: readonly string[];
};

/**
 * Reads what a TOML document of gitleaks says. Keys are read in any case, as gitleaks does. A key that gitleaks does
 * not know is noted and passed over, as it does too; it throws when it looks like a slip of what is missing.
 */
export function readGitleaks(document: unknown, source: string): GitleaksFile {
  const notes: string[] = [];
  const top = reader(document, source, TOP);
  passOver(top, notes);
  noteVersion(top, notes);
  const extend = reader(top.value("extend") ?? {}, `${source}: extend`, EXTEND);
  passOver(extend, notes);
  const [path, useDefault] = [extend.text("path"), extend.flag("useDefault")];
  if (path !== null && useDefault) throw wrong(`${source}: extend: path and useDefault exclude each other`);
  if (extend.text("url") !== null) notes.push(`${source}: extend.url is ignored: rules are read from files only`);

  const rules = rulesOf(top, notes);
  const { global, targeted } = allowlistsOf(top, notes);
  if ([...global, ...targeted.map(({ allow }) => allow), ...rules.flatMap((rule) => rule.allowlists)].some(commits)) {
    notes.push(
      `${source}: commits in allowlists are ignored, because there are none here; with condition AND, such an allowlist never matches`,
    );
  }
  const disabledRules = extend.texts("disabledRules");
  return { source, rules, global, targeted, extends: { path, useDefault }, disabledRules, notes };
}

function noteVersion(top: RuleConfigReader, notes: string[]): void {
  const minVersion = top.text("minVersion");
  if (minVersion === null) return;
  const version = /^v?(\d+)(?:\.(\d+))?(?![^.+~-])/.exec(minVersion);
  if (version === null) throw wrong(`${top.at}: minVersion is not a version`, "write it as in v8.25.0");
  const [major = 0, minor = 0] = version.slice(1).map(Number);
  if (major > KNOWN_VERSION[0] || (major === KNOWN_VERSION[0] && minor > KNOWN_VERSION[1]))
    notes.push(`${top.at}: written for gitleaks ${major}.${minor}; read as ${KNOWN_VERSION.join(".")} reads it`);
}

function rulesOf(top: RuleConfigReader, notes: string[]): readonly GitleaksRule[] {
  const rules = tables(top, "rules").flatMap((one, at) => {
    const place = `${top.at}: rules[${at}]`;
    if (!isEmpty(one)) return ruleOf(one, top.at, place, notes);
    notes.push(`${place} is ignored: it is empty`);
    return [];
  });
  for (const { at, required } of rules) {
    const missing = required.find((id) => !rules.some((rule) => rule.id === id));
    if (missing !== undefined)
      throw wrong(`${at}: required: there is no rule ${missing === "" ? "without an id" : missing} in this file`);
  }
  return rules;
}

function allowlistsOf(top: RuleConfigReader, notes: string[]): Pick<GitleaksFile, "global" | "targeted"> {
  const global: AllowSpec[] = [];
  const targeted: { rules: readonly string[]; allow: AllowSpec }[] = [];
  for (const { given, at } of allowlists(top, true)) {
    const list = reader(given, at, [...ALLOW, "targetRules"]);
    const allow = allowOf(list, notes, `allowlist of ${top.at}`);
    const only = list.texts("targetRules");
    if (only.length > 0) targeted.push({ rules: only, allow });
    else global.push(allow);
  }
  return { global, targeted };
}

function commits(allow: AllowSpec): boolean {
  return allow.commits;
}

function ruleOf(given: unknown, source: string, place: string, notes: string[]): GitleaksRule {
  const keys = [...RULE, ...OURS, ...PARTS];
  const id = reader(given, place, keys).text("id")?.trim() ?? "";
  if (id === "") throw wrong(`${place}: id is missing`);
  const rule = reader(given, `${source}: rule ${id}`, keys);
  passOver(rule, notes);
  const required = tables(rule, "required").map((one) => {
    return reader(one, `${rule.at}: required`, REQUIRED).text("id")?.trim() ?? "";
  });
  const [pattern, path] = [rule.text("regex"), rule.text("path")];
  if (pattern === null && path === null) noSlip(rule);
  const secretGroup = Math.trunc(rule.number("secretGroup") ?? 0);
  return {
    dialect: "gitleaks",
    id,
    description: rule.text("description") ?? "",
    source,
    at: rule.at,
    severity: level(rule, "severity", SEVERITIES, notes),
    confidence: level(rule, "confidence", CONFIDENCES, notes),
    keywords: rule.texts("keywords"),
    pattern,
    path,
    names: null,
    secretGroup: secretGroup === 0 ? null : secretGroup,
    entropy: rule.number("entropy"),
    allowlists: allowlists(rule).map(({ given, at }) =>
      allowOf(reader(given, at, ALLOW), notes, `allowlist of ${id} in ${source}`),
    ),
    tags: rule.texts("tags"),
    silent: silence(rule, required),
    required,
    replaces: false,
  };
}

function silence(rule: RuleConfigReader, required: readonly string[]): string | null {
  const skipped = rule.flag("skipReport");
  if (required.length > 0) return "counts only near matches of other rules (required), which single values do not show";
  return skipped ? "never reports by itself (skipReport)" : null;
}

function level<T extends string>(
  rule: RuleConfigReader,
  key: string,
  allowed: readonly T[],
  notes: string[],
): T | null {
  const found = rule.value(key);
  if (found === null) return null;
  const right = allowed.find((one) => typeof found === "string" && one === found.toLowerCase());
  if (right === undefined) notes.push(`${rule.at}: ${key} is ignored: it is not one of ${allowed.join(", ")}`);
  return right ?? null;
}

/** `[[allowlists]]`, or the `[allowlist]` of older files. */
function allowlists(of: RuleConfigReader, forAll = false): readonly { readonly given: unknown; readonly at: string }[] {
  const [old, lists] = [of.value("allowlist"), tables(of, "allowlists")];
  if (old !== null && lists.length > 0) throw wrong(`${of.at}: allowlist and allowlists exclude each other`);
  // To gitleaks an empty table at the top is not there.
  if (forAll && lists.length === 0 && isEmpty(old)) return [];
  if (old !== null) return [{ given: old, at: `${of.at}: allowlist` }];
  return lists.map((given, at) => ({ given, at: `${of.at}: allowlists[${at}]` }));
}

function allowOf(list: RuleConfigReader, notes: string[], what: string): AllowSpec {
  passOver(list, notes);
  const condition = (list.text("condition") ?? "or").toLowerCase();
  if (!["and", "&&", "or", "||"].includes(condition)) throw wrong(`${list.at}: condition must be AND or OR`);
  const description = list.text("description");
  const [paths, regexes, words] = [list.texts("paths"), list.texts("regexes"), list.texts("stopwords")];
  const named = list.texts("commits").length > 0;
  if (!named && paths.length + regexes.length + words.length === 0) {
    noSlip(list);
    throw wrong(`${list.at} says nothing`, "give it paths, regexes or stopwords, or remove it");
  }
  return {
    dialect: "gitleaks",
    at: list.at,
    by: description === null ? what : `${what} (${description})`,
    every: condition === "and" || condition === "&&",
    commits: named,
    paths,
    target: list.text("regexTarget") === null ? "secret" : (list.oneOf("regexTarget", TARGETS) ?? "secret"),
    regexes,
    stopWords: words,
    names: [],
  };
}

/** A table counts as a list of one, as gitleaks has it. */
function tables(of: RuleConfigReader, key: string): readonly unknown[] {
  const found = of.value(key) ?? [];
  if (Array.isArray(found)) return found;
  const values = typeof found === "object" ? Object.values(found) : [];
  // `[rules.acme]`: a rule's id does not stand in its table's name.
  const named = values.length > 0 && values.every((one) => typeof one === "object" && !Array.isArray(one));
  if (typeof found !== "object" || named) throw wrong(`${of.at}: ${key} must be a list, as [[${key}]] makes it`);
  return [found];
}

function isEmpty(given: unknown): boolean {
  return typeof given === "object" && given !== null && Object.keys(given).length === 0;
}

function passOver({ at, unknown }: RuleConfigReader, notes: string[]): void {
  for (const { key, near } of unknown) {
    const hint = near === null ? "" : cmd`; did you mean ${near}?`;
    notes.push(`${at}: ${key} is ignored: gitleaks does not know it either${hint}`);
  }
}

/** Where something is missing, a key that is near a known one is the reason. */
function noSlip({ at, unknown }: RuleConfigReader): void {
  const slip = unknown.find(({ near }) => near !== null);
  if (slip !== undefined) throw wrong(`${at}: unknown key ${slip.key}`, `did you mean ${slip.near}?`);
}
