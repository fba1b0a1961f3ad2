import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { parse, TomlError } from "smol-toml";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { readGitleaks, type GitleaksFile } from "./gitleaks.ts";
import { wrong } from "./read.ts";
import type { AllowSpec, RuleSpec } from "./types.ts";
import { readChecked } from "../../kit/io/read.ts";

/** A file of gitleaks with all that it extends: every rule with every allowlist that holds for it. */
export type Loaded = {
  readonly rules: readonly RuleSpec[];
  /** Rules that never report by themselves. */
  readonly silent: readonly RuleSpec[];
  /** Allowlists for all rules, the built-in ones too. */
  readonly global: readonly AllowSpec[];
  /** Ids of `disabledRules` that are no rules of an extended file. */
  readonly disabled: readonly string[];
  readonly notes: readonly string[];
};

/** How many files deep gitleaks follows `extend.path`. */
const DEEPEST = 2;
const LARGEST = 16 * 1_048_576;

/**
 * Reads `source`, relative to `dir`, and what it extends: `extend.path` is beside the file that names it, or else, as
 * gitleaks is most often started there, in `dir`.
 */
export function loadGitleaks(source: string, dir: string, toml: typeof parse): Loaded {
  const notes: string[] = [];
  const top = assemble({ file: resolve(dir, source), source, dir, toml, notes }, []);
  const known = new Set(top.rules.map((rule) => rule.id));
  for (const { rules } of top.targeted) {
    for (const id of rules) {
      if (known.has(id)) continue;
      if (!top.useDefault) throw wrong(`${source}: allowlists: there is no rule ${id}, which targetRules names`);
      notes.push(`${source}: an allowlist for ${id} is ignored: gitleaks's own rules do not run here`);
    }
  }
  const rules: RuleSpec[] = [];
  const silent: RuleSpec[] = [];
  for (const rule of top.rules) {
    if (rule.pattern !== null || rule.path !== null) {
      const targeted = top.targeted.filter((list) => list.rules.includes(rule.id)).map((list) => list.allow);
      const whole = { ...rule, allowlists: [...top.global, ...rule.allowlists, ...targeted] };
      (rule.silent === null ? rules : silent).push(whole);
      if (rule.silent !== null) notes.push(`${rule.at} is left out: it ${rule.silent}`);
    } else if (top.useDefault) {
      notes.push(`${rule.at} is ignored: it only changes one of gitleaks's own rules, which do not run here`);
    } else throw wrong(`${rule.at}: regex and path are both missing`, "give it a regex");
  }
  return { rules, silent, global: top.global, disabled: top.disabled, notes };
}

type Assembled = Pick<GitleaksFile, "targeted"> & {
  readonly rules: readonly RuleSpec[];
  readonly global: readonly AllowSpec[];
  readonly useDefault: boolean;
  readonly disabled: readonly string[];
};

type RuleFileOrigin = {
  readonly file: string;
  readonly source: string;
  readonly dir: string;
  readonly toml: typeof parse;
  readonly notes: string[];
};

function assemble(from: RuleFileOrigin, trail: readonly string[]): Assembled {
  const { file, source, dir, toml, notes } = from;
  if (trail.includes(file)) throw wrong(`${source}: extend.path forms a cycle`);
  const own = withoutTwins(readGitleaks(documentOf(file, source, toml), source), notes);
  const alone = { ...own, useDefault: own.extends.useDefault, disabled: own.disabledRules };
  if (own.extends.path === null) return alone;
  if (trail.length >= DEEPEST) {
    notes.push(`${source}: extend.path is ignored: gitleaks follows at most ${DEEPEST} of them`);
    return alone;
  }
  const { path } = own.extends;
  const [near, far] = [resolve(dirname(file), path), resolve(dir, path)];
  const next =
    existsSync(near) || !existsSync(far) ? { file: near, source: beside(source, path) } : { file: far, source: path };
  const base = assemble({ ...from, ...next }, [...trail, file]);
  if (base.targeted.length > 0) {
    notes.push(`${next.source}: targetRules does nothing in a file that another extends, as with gitleaks`);
  }
  const off = new Set(own.disabledRules);
  const theirs = base.rules.filter((rule) => !off.has(rule.id));
  const rules = own.rules.map((rule) => {
    const under = theirs.find((one) => one.id === rule.id);
    if (under === undefined) return rule;
    if (rule.silent !== null)
      notes.push(`${rule.at}: skipReport and required do nothing in a rule that changes another's, as with gitleaks`);
    return merged(under, rule);
  });
  return {
    rules: [...rules, ...theirs.filter((rule) => !own.rules.some((one) => one.id === rule.id))],
    global: [...own.global, ...base.global],
    targeted: own.targeted,
    useDefault: base.useDefault,
    disabled: [...own.disabledRules.filter((id) => !base.rules.some((rule) => rule.id === id)), ...base.disabled],
  };
}

/** What a rule says wins over what the extended file's rule of the same id says; lists are joined. */
function merged(under: RuleSpec, over: RuleSpec): RuleSpec {
  return {
    ...over,
    description: over.description || under.description,
    severity: over.severity ?? under.severity,
    confidence: over.confidence ?? under.confidence,
    entropy: over.entropy ?? under.entropy,
    secretGroup: over.secretGroup ?? under.secretGroup,
    pattern: over.pattern ?? under.pattern,
    path: over.path ?? under.path,
    tags: [...under.tags, ...over.tags],
    keywords: [...under.keywords, ...over.keywords],
    allowlists: [...under.allowlists, ...over.allowlists],
    silent: under.silent,
  };
}

/** Of rules of one id the last one counts, as with gitleaks. */
function withoutTwins(read: GitleaksFile, notes: string[]): GitleaksFile {
  notes.push(...read.notes);
  const last = new Map(read.rules.map((rule) => [rule.id, rule]));
  const rules = read.rules.filter((rule) => last.get(rule.id) === rule);
  for (const { id, at } of rules) {
    if (read.rules.filter((rule) => rule.id === id).length > 1) {
      notes.push(`${at}: several rules have this id; the last one counts, as with gitleaks`);
    }
  }
  return { ...read, rules };
}

function documentOf(file: string, source: string, toml: typeof parse): unknown {
  let text: string;
  try {
    text = readChecked(file).toString("utf8");
  } catch (error) {
    if (error instanceof UnsprawlError) throw wrong(`${source}: ${error.message}`, "check rules.files and extend.path");
    throw wrong(`${source}: the rules file cannot be read (${causeOf(error)})`, "check rules.files and extend.path");
  }
  if (text.length > LARGEST) throw wrong(`${source}: the rules file is larger than 16 MiB`);
  try {
    return toml(text);
  } catch (error) {
    const { line, message } = error as TomlError;
    const reason = message.split("\n", 1)[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw wrong(`${source}, line ${line}: not valid TOML: ${reason}`, "fix it; rules files use gitleaks's TOML format");
  }
}

function beside(source: string, path: string): string {
  const at = source.lastIndexOf("/");
  return path.startsWith("/") || at < 0 ? path : source.slice(0, at + 1) + path;
}
