/*
 * A team's own rules: those of unsprawl.yaml and rule files of gitleaks. Patterns of others run in linear time; a rule
 * that cannot is refused with its reason.
 */
import { basename } from "node:path";
import { nearestWord } from "../../kit/text/nearest.ts";
import { ruleById, rules as builtIn } from "../rules/index.ts";
import { allowedBy } from "./allow.ts";
import { compiler, type Defaults } from "./compile.ts";
import { loadGitleaks } from "./extend.ts";
import { cutText, findAll, type Bounds } from "./find.ts";
import { findInText } from "./in-text.ts";
import { keywordPass } from "../keyword-pass.ts";
import { wrong } from "./read.ts";
import type { OwnHit, OwnInput, OwnRules, RuleSpec } from "./types.ts";
import { readYaml } from "./yaml.ts";

/**
 * A team's custom rules: in `unsprawl.yaml`, or in gitleaks files, which are read unchanged. Built-in rules stay on unless
 * `extend.disabledRules` names them. A file's rule with the id of a built-in rule is added beside it, with its severity and
 * confidence; a rule in `unsprawl.yaml` may not have such an id, unless it says `replaces: true`.
 *
 * Intended differences from gitleaks 8.30:
 * - A value is matched with its name before it, in the forms that a file would use, and alone, so more may match.
 * - A finding is on its secret's line; gitleaks names the line on which the match begins. So a generic rule gives way to a
 *   better one, even if the name is one line above. A match or a secret without length does not count.
 * - The text is matched as it is: gitleaks decodes percent signs, hex and base64 before it matches again.
 * - `condition = "AND"` applies to paths of allowlists for all rules too, where gitleaks skips every such file.
 * - With `regexTarget = "line"`, `^` is the start of the line; for gitleaks every line but the first has a line break there.
 * - gitleaks's built-in rules do not run (`useDefault`), nor do rules that need near matches of others (`required`): both
 *   are noted, as is everything else that is skipped.
 */
export type { Allowlist, OwnHit, OwnInput, OwnRule, OwnRules, SecretHit } from "./types.ts";
export { OWN_RULES } from "./yaml.ts";

export type OwnGiven = {
  /** What `rules.own` holds, unchecked. */
  readonly own: unknown;
  /** What `rules.files` holds. */
  readonly files: readonly string[];
  /** The folder that `files` are relative to. */
  readonly dir: string;
  /** The file that `own` stands in. */
  readonly configFile: string;
};

const NONE: OwnRules = {
  rules: [],
  disabled: [],
  notes: [],
  asksPath: false,
  allowed: () => null,
  find: () => [],
  findInText: () => [],
};

/** Reads and checks a team's rules. Throws `config`, naming file, rule and key, for anything wrong in them. */
export async function loadOwnRules({ own, files, dir, configFile }: OwnGiven): Promise<OwnRules> {
  const written = readYaml(own, basename(configFile));
  if (written.length === 0 && files.length === 0) return NONE;
  const [{ parse }, { RE2JS }] = await Promise.all([import("smol-toml"), import("re2js")]);
  const loaded = files.map((file) => loadGitleaks(file, dir, parse));
  const notes = loaded.flatMap((one) => one.notes);
  const specs = withoutReplaced([...written, ...loaded.flatMap((one) => one.rules)]);
  const disabled = new Set(specs.filter((spec) => spec.replaces && ruleById(spec.id) !== null).map((spec) => spec.id));
  for (const [at, one] of loaded.entries()) {
    for (const id of one.disabled) {
      if (ruleById(id) !== null) disabled.add(id);
      else notes.push(`${files[at]}: extend.disabledRules names ${id}, which is no rule here`);
    }
  }
  const beside = specs.filter((spec) => !disabled.has(spec.id) && ruleById(spec.id) !== null);
  for (const source of new Set(beside.map((spec) => spec.source))) {
    const ids = beside.filter((spec) => spec.source === source).map((spec) => spec.id);
    notes.push(`${source}: beside the built-in rules of the same id: ${ids.join(", ")}`);
  }
  const compile = compiler(RE2JS);
  const rules = specs.map((spec) => compile.rule(spec, defaultsOf(spec)));
  // Errors in a rule are reported, though it never reports a finding.
  for (const spec of loaded.flatMap((one) => one.silent)) compile.rule(spec, defaultsOf(spec));
  const global = loaded.flatMap((one) => one.global).map(compile.allowlist);
  const lists = [...global, ...rules.flatMap((rule) => rule.allowlists)];
  const pass = keywordPass(rules);
  const find = (input: OwnInput, bounds?: Bounds): readonly OwnHit[] => {
    const found = new Set(pass(`${input.name}=${cutText(input.text)}`.toLowerCase()));
    const possible = rules.filter((rule) => rule.keywords.length === 0 || found.has(rule));
    return findAll(possible, input, bounds);
  };
  return {
    rules,
    disabled: [...disabled],
    notes,
    asksPath: lists.some((list) => list.paths.length > 0) || rules.some((rule) => rule.path !== null),
    allowed: (found, path) => allowedBy(global, found, "", path),
    find: (input) => find(input),
    findInText: (text, path) => findInText(text, path, find),
  };
}

/** Each id once. What `replaces: true` replaces is gone. */
function withoutReplaced(specs: readonly RuleSpec[]): readonly RuleSpec[] {
  const byId = Map.groupBy(specs, (spec) => spec.id);
  return specs.filter((spec) => {
    const same = (byId.get(spec.id) ?? []).filter((other) => other !== spec);
    const inFile = spec.dialect === "gitleaks";
    const rival = same.find((other) => other.dialect === spec.dialect);
    if (rival !== undefined) {
      throw wrong(`${spec.at}: the id ${spec.id} is already taken, in ${rival.source}`, "rename one of them");
    }
    if (inFile) return !same.some((other) => other.replaces);
    const there = same.length > 0 ? same[0]?.source : ruleById(spec.id) === null ? null : "the built-in rules";
    if (there !== null && !spec.replaces) {
      throw wrong(`${spec.at}: the id ${spec.id} is already taken, in ${there}`, "rename it, or say replaces: true");
    }
    if (there === null && spec.replaces) {
      const near = nearestWord(
        spec.id,
        [...byId.keys(), ...builtIn.map((rule) => rule.id)].filter((id) => id !== spec.id),
      );
      throw wrong(
        `${spec.at}: replaces: there is no rule ${spec.id}`,
        near ? `did you mean ${near}?` : "remove replaces",
      );
    }
    return true;
  });
}

/** A team's own rule is meant; of a rule of gitleaks it is not said how sure it is. */
function defaultsOf(spec: RuleSpec): Defaults {
  const same = ruleById(spec.id);
  if (same !== null) return { severity: same.severity, confidence: same.confidence };
  return { severity: "high", confidence: spec.dialect === "own" ? "high" : "medium" };
}
