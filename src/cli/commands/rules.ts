import type { OwnRule, Rule } from "../../detect/index.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { nearestWord } from "../../kit/text/nearest.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { textFlag } from "../context.ts";
import { writeResult } from "../output.ts";
import { sayUntrusted } from "../untrusted.ts";
import { table } from "../views/table.ts";

/** `unsprawl rules`, `rules show ID`, `rules test` (a value on stdin: never on the command line). */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const [action, id] = args;
  sayUntrusted(context, (await context.assembly.config()).untrusted);
  if (action === undefined) return list(context);
  if (action === "show" && id !== undefined) return show(context, id);
  if (action === "test") return test(context, textFlag(options, "name") ?? "VALUE");
  throw new UnsprawlError(
    "usage",
    `not a rules command: ${args.join(" ")}`,
    "unsprawl rules, rules show ID, or rules test",
  );
}

type Listed = {
  id: string;
  family: string;
  vendor: string;
  severity: string;
  description: string;
  reference: string;
  state: string;
};

type RuleDetails = { readonly [key: string]: string | readonly string[] };

/** A rule with the configuration's changes; `configured` names the settings, if there are any. */
async function configuration({
  assembly,
}: CommandContext): Promise<<T extends RuleDetails & { id: string; state: string }>(rule: T, builtIn: boolean) => T> {
  const [{ tuning }, own] = await Promise.all([assembly.config(), assembly.ownRules()]);
  return (rule, builtIn) => {
    const severity = tuning.severity.get(rule.id);
    const offHere = tuning.off.has(rule.id);
    const offByRules = builtIn && own?.disabled.includes(rule.id) === true;
    const configured = [
      ...(offHere ? ["disabled in the configuration (rules.off)"] : []),
      ...(offByRules ? ["disabled by your rules or by a rule file"] : []),
      ...(severity === undefined ? [] : ["severity set in the configuration (rules.severity)"]),
    ];
    if (configured.length === 0) return rule;
    const state = offHere || offByRules ? "off" : rule.state;
    return { ...rule, ...(severity !== undefined && { severity }), state, configured };
  };
}

/**
 * Built-in rules by vendor family, then the team's rules; those that the configuration switched off or re-rated are
 * marked.
 */
async function list(context: CommandContext): Promise<number> {
  const [{ rules, familyOf, dismissalRows }, own, configured] = await Promise.all([
    import("../../detect/index.ts"),
    context.assembly.ownRules(),
    configuration(context),
  ]);
  const listed = [
    ...rules.map((rule) => configured(ofBuiltIn(rule, familyOf(rule.id)), true)),
    ...(own?.rules ?? []).map((rule) => configured(ofOwn(rule), false)),
  ];
  const rows = dismissalRows.map(({ id, why }) => configured({ id, why, state: "on" }, false));
  if (context.json) await writeResult(jsonText({ version: 1, rules: listed, dismissals: rows }), null, context);
  else await writeResult(`${dismissedBy(rows)}\n\n${byFamily(listed)}`, null, context);
  return EXIT.ok;
}

function ofBuiltIn({ id, vendor, severity, description, reference, publishable }: Rule, family: string): Listed {
  return { id, family, vendor, severity, description, reference, state: publishable ? "clears" : "on" };
}

function ofOwn({ id, source, severity, description }: OwnRule): Listed {
  return { id, family: "own", vendor: source, severity, description, reference: "", state: "on" };
}

/** What makes a value or a finding in a text none, or one of low confidence. */
function dismissedBy(rows: readonly { readonly id: string; readonly why: string; readonly state: string }[]): string {
  const lines = rows.map(({ id, why, state }) => [
    { text: id, colour: "bold" as const },
    { text: state === "on" ? "dismisses" : state },
    { text: why },
  ]);
  return `dismissed (${rows.length})\n${table(lines, process.stdout)}`;
}

function byFamily(listed: readonly Listed[]): string {
  const families = [...Map.groupBy(listed, (rule) => rule.family)];
  const blocks = families.map(([family, rules]) => {
    const rows = rules.map((rule) => [
      { text: rule.id, colour: "bold" as const },
      { text: rule.state === "on" ? rule.severity : rule.state },
      { text: rule.description },
    ]);
    return `${family} (${rules.length})\n${table(rows, process.stdout)}`;
  });
  const on = listed.filter((rule) => rule.state === "on").length;
  return [...blocks, `${listed.length} rules, ${on} find secrets; unsprawl rules show ID explains one`].join("\n\n");
}

async function show(context: CommandContext, id: string): Promise<number> {
  const [{ rules, ruleById, explain, rotationAdvice, dismissalRows, explainDismissal }, own, configured] =
    await Promise.all([import("../../detect/index.ts"), context.assembly.ownRules(), configuration(context)]);
  const mine = own?.rules.find((rule) => rule.id === id);
  const builtIn = ruleById(id);
  const dismissal = dismissalRows.find((row) => row.id === id);
  const told =
    mine !== undefined
      ? configured({ ...explainOwn(mine), ...rotationAdvice(id), id, state: "on" }, false)
      : builtIn !== null
        ? configured({ ...explain(builtIn), id, state: builtIn.publishable ? "clears" : "on" }, true)
        : dismissal !== undefined
          ? configured({ ...explainDismissal(dismissal), state: "on" }, false)
          : null;
  if (told === null) {
    const ids = [...rules, ...(own?.rules ?? []), ...dismissalRows].map((rule) => rule.id);
    throw new UnsprawlError("absent", `no rule ${JSON.stringify(id)}`, meant(id, ids));
  }
  const lines = Object.entries(told).map(([key, value]) => `${key.padEnd(12)} ${[value].flat().join(", ")}`);
  await writeResult(context.json ? jsonText({ version: 1, rule: told }) : lines.join("\n"), null, context);
  return EXIT.ok;
}

function explainOwn(rule: OwnRule): RuleDetails {
  return {
    id: rule.id,
    source: rule.source,
    description: rule.description,
    severity: rule.severity,
    confidence: rule.confidence,
    keywords: rule.keywords,
    pattern: rule.pattern === null ? "the whole value" : rule.pattern.pattern(),
    names: rule.names === null ? "any" : rule.names.pattern(),
    entropy: rule.entropy === null ? "any" : `more than ${rule.entropy} bits per character`,
    allowlists: rule.allowlists.map(({ by }) => by),
  };
}

/** Other scanners use other names (`github-pat`): rules that begin with the same word are suggested. */
function meant(id: string, ids: readonly string[]): string {
  const near = nearestWord(id, ids);
  if (near !== null) return `did you mean ${near}?`;
  const word = /^[a-z0-9]{2,}/i.exec(id)?.[0].toLowerCase();
  const alike = ids.filter((one) => one === word || one.startsWith(`${word}-`));
  return alike.length === 0
    ? "unsprawl rules lists them"
    : `did you mean one of these: ${alike.slice(0, 8).join(", ")}?`;
}

async function test(context: CommandContext, name: string): Promise<number> {
  if (process.stdin.isTTY)
    throw new UnsprawlError(
      "usage",
      "rules test reads the value on stdin",
      "unsprawl rules test --name DB_PASSWORD < FILE",
    );
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const value = Secret.of(Buffer.concat(chunks).toString("utf8").replace(/\n$/, ""));
  const detector = await context.assembly.detector();
  const question = { name, where: "env", value } as const;
  const verdict = detector.classify(question);
  context.assembly.redactor.know(value);
  const lines = [
    `${verdict.secret ? "secret" : "not a secret"}: ${verdict.rule ?? "no rule"}, ${verdict.confidence} ${verdict.score.toFixed(2)}`,
    `shown as ${detector.mask(question)}`,
    ...verdict.why.map((why) => `  ${why}`),
  ];
  if (verdict.secret) {
    const { path, start, length } = verdict.part;
    const place = start === null ? "visible once decoded" : `characters ${start + 1} to ${start + (length ?? 0)}`;
    lines.push(
      `the secret part: ${path === "" ? "" : `${path}, `}${place}`,
      `it would not be a secret if ${verdict.unless}`,
    );
  } else if (verdict.suppressedBy !== undefined) lines.push(`hidden by ${verdict.suppressedBy}`);
  await writeResult(context.json ? jsonText({ version: 1, ...verdict }) : lines.join("\n"), null, context);
  return EXIT.ok;
}
