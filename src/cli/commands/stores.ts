import { STORES } from "../../assembly/plug-ins.ts";
import type { Provider, RecipientChange, StoreCheck } from "../../contract/provider.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { say, writeResult } from "../output.ts";
import { table } from "../views/table.ts";

/**
 * `unsprawl stores [check STORE]`: the configured stores; whether each right that a migration needs is there, and a
 * policy with those that are not. `stores policy SUBJECT --to STORE`: a policy that lets one application read its values
 * and nothing else; without a subject, the one of whoever migrates. `stores rewrap STORE`: re-wraps the data keys of its
 * files for the keys in the configuration, or encrypts them under new ones.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const [action, name] = args;
  const [flag] = ["rotateKey", "dryRun"].filter((one) => options[one] === true && action !== "rewrap");
  if (flag !== undefined)
    throw new UnsprawlError(
      "usage",
      `${flag === "dryRun" ? "--dry-run" : "--rotate-key"} goes with stores rewrap alone`,
      "unsprawl stores rewrap STORE --dry-run",
    );
  if (action === undefined) {
    const { stores, untrusted } = await assembly.config();
    mustBeTrusted(untrusted, "stores");
    const configured = [...stores].map(([store, { provider }]) => ({ name: store, provider }));
    const rows = configured.map((one) => [{ text: one.name, colour: "bold" as const }, { text: one.provider }]);
    const none = `no stores are configured; ${(await assembly.knownStores()).join(", ")} can be used without configuration, from environment variables`;
    await writeResult(
      context.json
        ? jsonText({ version: 1, stores: configured })
        : rows.length > 0
          ? table(rows, process.stdout)
          : none,
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action === "rewrap" && name !== undefined) return rewrap(context, name, options);
  if (action === "policy") return policy(context, name ?? null, options);
  if (action === "check" && name === undefined)
    throw new UnsprawlError(
      "usage",
      "stores check: which store?",
      cmd`unsprawl stores check STORE (known: ${bare((await assembly.knownStores()).join(", "))})`,
    );
  if (action !== "check" || name === undefined)
    throw new UnsprawlError(
      "usage",
      `not a stores command: ${args.join(" ")}`,
      "unsprawl stores check STORE, stores policy [SUBJECT] --to STORE, or stores rewrap STORE",
    );
  return checkStore(context, await assembly.store(name));
}

/**
 * Tries every right that a migration needs and prints each, and the policy that has them all if one is missing; the exit
 * code says whether all are there.
 */
export async function checkStore(context: CommandContext, provider: Provider): Promise<number> {
  const checks = await provider.check();
  const isMissing = checks.some(({ right, ok }) => !ok && POLICY_RIGHTS.has(right));
  const policy = isMissing ? ((await provider.writerPolicy?.()) ?? null) : null;
  const rows = checks.map((check) => [
    { text: check.ok ? "✓" : "✗", colour: check.ok ? ("blue" as const) : ("red" as const) },
    { text: check.right },
    { text: check.text + (check.hint ? `; next: ${check.hint}` : "") },
  ]);
  await writeResult(
    context.json
      ? jsonText({ version: 1, store: provider.target, checks, policy })
      : [table(rows, process.stdout), ...(policy === null ? [] : [policy.trimEnd()])].join("\n\n"),
    null,
    context,
  );
  if (checks.every((check) => check.ok)) return EXIT.ok;
  return checks.some((check) => check.right === "reach" && !check.ok) ? EXIT.failed : EXIT.denied;
}

/** What a policy grants. */
const POLICY_RIGHTS: ReadonlySet<StoreCheck["right"]> = new Set(["write", "read", "delete"]);

async function policy(context: CommandContext, subject: string | null, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const configured = await assembly.storeNames();
  const to = textFlag(options, "to") ?? (configured.length === 1 ? (configured[0] ?? null) : null);
  if (to === null)
    throw new UnsprawlError(
      "usage",
      "no store: which store is the policy for?",
      cmd`--to STORE (known: ${bare((await assembly.knownStores()).join(", "))})`,
    );
  const provider = await assembly.store(to);
  const said =
    subject === null
      ? await writerPolicy(provider, to)
      : await provider.policy({ subject, project: textFlag(options, "project") ?? "" });
  const json = { version: 1, store: provider.target, subject, policy: said };
  await writeResult(context.json ? jsonText(json) : said, null, context);
  return EXIT.ok;
}

async function writerPolicy(provider: Provider, store: string): Promise<string> {
  if (provider.writerPolicy !== undefined) return provider.writerPolicy();
  throw new UnsprawlError(
    "usage",
    `${store} has no policy for whoever migrates: name the application that is to read`,
    cmd`unsprawl stores policy SUBJECT --to ${store}`,
  );
}

async function rewrap(context: CommandContext, name: string, options: ParsedFlags): Promise<number> {
  const [isShown, rotateKey] = [options["dryRun"] === true, options["rotateKey"] === true];
  if (!isShown) mustBeAnswerable(context, options, "stores rewrap");
  const provider = await context.assembly.store(name);
  if (provider.rewrap === undefined || provider.rewraps === undefined)
    throw new UnsprawlError(
      "usage",
      `${name} holds no wrapped keys: ${provider.target.provider} encrypts by itself`,
      cmd`rewrap is for ${bare(STORES.flatMap((one) => (one.wrapsKeys ? [one.name] : [])).join(" and "))}`,
    );
  const changes = await provider.rewraps();
  const { target: store } = provider;
  if (isShown) {
    const json = { version: 1, store, changes, files: [] };
    await writeResult(context.json ? jsonText(json) : linesOf(changes.map(changeText)), null, context);
    return EXIT.ok;
  }
  if (!context.json) for (const change of changes) say(context, changeText(change));
  const what = rotateKey ? "Make new data keys for" : "Re-wrap the data keys of";
  await mustBeConfirmed(context, options, "stores rewrap", `${what} the files of ${printable(name)}?`);
  const all = await provider.rewrap(changes, rotateKey);
  const files = all.flatMap(({ file, error }) => (error === null ? [file] : []));
  const failed = all.flatMap(({ file, error }) => (error === null ? [] : [{ file, error }]));
  const errors = failed.map(({ file, error: { message, hint } }) => ({ file, message, hint }));
  const done = files.map((file) => `${rotateKey ? "encrypted again" : "rewrapped"} ${printable(file)}`);
  const json = { version: 1, store, changes, files, ...(errors.length > 0 && { errors }) };
  if (context.json || errors.length === 0 || done.length > 0)
    await writeResult(context.json ? jsonText(json) : linesOf(done), null, context);
  const [first] = failed;
  if (first === undefined) return EXIT.ok;
  for (const { message, hint } of errors)
    say(context, printable(hint === null ? message : `${message}; next: ${hint}`));
  return files.length > 0 ? EXIT.partly : first.error.exit;
}

function linesOf(lines: readonly string[]): string {
  return lines.length > 0 ? lines.join("\n") : "no files yet";
}

function changeText({ file, added, removed }: RecipientChange): string {
  const parts = [...added.map((one) => `+ ${one}`), ...removed.map((one) => `- ${one}`)];
  return printable(`${file}: ${parts.join(", ") || "the same keys"}`);
}
