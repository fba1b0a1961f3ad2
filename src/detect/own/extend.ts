import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { parse, TomlError } from "smol-toml";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { readGitleaks, type GitleaksFile } from "./gitleaks.ts";
import { wrong } from "./read.ts";
import type { AllowSpec, RuleSpec } from "./types.ts";
import { mustBeFile } from "../../text/must-be-file.ts";

/** A file of gitleaks with all that it extends: every rule with every allowlist that holds for it. */
export type Loaded = {
  readonly rules: readonly RuleSpec[];
  /** Allowlists for all rules, the built-in ones too. */
  readonly global: readonly AllowSpec[];
  /** Ids of `disabledRules` that are no rules of an extended file. */
  readonly disabled: readonly string[];
  readonly notes: readonly string[];
};

/** How many files deep gitleaks follows `extend.path`. */
const DEEPEST = 2;
const LARGEST = 16 * 1_048_576;

/** Reads `file`, which messages call `source`, and what it extends. */
export function loadGitleaks(file: string, source: string, toml: typeof parse): Loaded {
  const notes: string[] = [];
  const top = assemble(file, source, toml, notes, []);
  const known = new Set(top.rules.map((rule) => rule.id));
  for (const { rules } of top.targeted) {
    for (const id of rules) {
      if (known.has(id)) continue;
      if (!top.useDefault) throw wrong(`${source}: allowlists: there is no rule ${id}, which targetRules names`);
      notes.push(`${source}: an allowlist for ${id} is passed over: gitleaks's own rules do not run here`);
    }
  }
  const rules: RuleSpec[] = [];
  for (const rule of top.rules) {
    const silent = top.silent.get(rule.id);
    if (silent !== undefined) notes.push(`${rule.at} is left out: it ${silent}`);
    else if (rule.pattern !== null || rule.path !== null) {
      const targeted = top.targeted.filter((list) => list.rules.includes(rule.id)).map((list) => list.allow);
      rules.push({ ...rule, allowlists: [...top.global, ...rule.allowlists, ...targeted] });
    } else if (top.useDefault) {
      notes.push(`${rule.at} is passed over: it only changes a rule of gitleaks's own, and those do not run here`);
    } else throw wrong(`${rule.at}: regex and path are both missing`, "give it a regex");
  }
  return { rules, global: top.global, disabled: top.disabled, notes };
}

type Assembled = Pick<GitleaksFile, "rules" | "targeted" | "silent"> & {
  readonly global: readonly AllowSpec[];
  readonly useDefault: boolean;
  readonly disabled: readonly string[];
};

function assemble(
  file: string,
  source: string,
  toml: typeof parse,
  notes: string[],
  trail: readonly string[],
): Assembled {
  if (trail.includes(file)) throw wrong(`${source}: extend.path leads back to where it began`);
  const own = readGitleaks(documentOf(file, source, toml), source);
  notes.push(...own.notes);
  const twice = own.rules.find((rule, at) => own.rules.findIndex((one) => one.id === rule.id) !== at);
  if (twice !== undefined) throw wrong(`${source}: two rules have the id ${twice.id}`, "rename one of them");
  const alone = { ...own, useDefault: own.extends.useDefault, disabled: own.disabledRules };
  if (own.extends.path === null) return alone;
  if (trail.length >= DEEPEST) {
    notes.push(`${source}: extend.path is passed over: gitleaks follows ${DEEPEST} of them and no more`);
    return alone;
  }
  const path = own.extends.path;
  const base = assemble(resolve(dirname(file), path), beside(source, path), toml, notes, [...trail, file]);
  if (base.targeted.length > 0) {
    notes.push(`${beside(source, path)}: targetRules does nothing in a file that another extends, as with gitleaks`);
  }
  const off = new Set(own.disabledRules);
  const theirs = base.rules.filter((rule) => !off.has(rule.id));
  const rules = own.rules.map((rule) => {
    const under = theirs.find((one) => one.id === rule.id);
    return under === undefined ? rule : merged(under, rule);
  });
  return {
    rules: [...rules, ...theirs.filter((rule) => !own.rules.some((one) => one.id === rule.id))],
    global: [...own.global, ...base.global],
    targeted: own.targeted,
    silent: new Map([...base.silent, ...own.silent]),
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
  };
}

function documentOf(file: string, source: string, toml: typeof parse): unknown {
  let text: string;
  try {
    mustBeFile(file);
    text = readFileSync(file, "utf8");
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
    throw wrong(`${source}, line ${line}: not valid TOML: ${reason}`, "mend it; rules files are gitleaks's TOML");
  }
}

function beside(source: string, path: string): string {
  const at = source.lastIndexOf("/");
  return path.startsWith("/") || at < 0 ? path : source.slice(0, at + 1) + path;
}
