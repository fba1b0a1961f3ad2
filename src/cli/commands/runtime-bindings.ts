import { addBindings, removeBindings, type ReferenceBinding } from "../../delivery/runtime/bindings.ts";
import { parseConsumer } from "../../delivery/runtime/consumer.ts";
import { readSettings, runtimeHome } from "../../delivery/runtime/settings.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";

/** `runtime allow CONSUMER VARIABLE REFERENCE…`. */
export async function allow(context: CommandContext, words: readonly string[], options: ParsedFlags): Promise<number> {
  const [who, variable, ...references] = words;
  const wrong = references.find((one) => !one.startsWith("ref+"));
  if (who === undefined || variable === undefined || references.length === 0 || wrong !== undefined)
    throw new UnsprawlError(
      "usage",
      wrong === undefined
        ? "allow needs a consumer, a variable and a reference"
        : `not a reference: ${printable(wrong)}`,
      "unsprawl runtime allow NAME VARIABLE ref+…",
    );
  const consumer = parseConsumer(who);
  const bindings = references.map((reference): ReferenceBinding => ({ consumer, variable, reference, by: null }));
  mustBeAnswerable(context, options, "runtime allow");
  const home = installedHome(context);
  const what = [variable, ...references].map((one) => printable(one)).join(" ");
  await mustBeConfirmed(context, options, "runtime allow", `Give ${printable(consumer)} ${what}?`);
  await addBindings(home, bindings);
  return tell(context, "allowed", bindings);
}

/** `runtime forbid CONSUMER [VARIABLE [REFERENCE…]]`. Throws `absent` if nothing of it was allowed. */
export async function forbid(context: CommandContext, words: readonly string[], options: ParsedFlags): Promise<number> {
  const [who, variable, ...references] = words;
  if (who === undefined)
    throw new UnsprawlError("usage", "forbid needs a consumer", "unsprawl runtime forbid NAME [VARIABLE [ref+…]]");
  const consumer = parseConsumer(who);
  mustBeAnswerable(context, options, "runtime forbid");
  const home = installedHome(context);
  const what = [variable ?? "every allowed value", ...references].map((one) => printable(one)).join(" ");
  await mustBeConfirmed(context, options, "runtime forbid", `Stop giving ${printable(consumer)} ${what}?`);
  const gone = await removeBindings(
    home,
    (one) =>
      one.consumer === consumer &&
      (variable === undefined || one.variable === variable) &&
      (references.length === 0 || references.includes(one.reference)),
  );
  if (gone.length === 0)
    throw new UnsprawlError("absent", `no such reference is allowed for ${consumer}`, "unsprawl runtime status");
  return tell(context, "forbidden", gone);
}

/** A binding as a line of text. */
export function bindingLine({ consumer, variable, reference }: ReferenceBinding): string {
  return `${consumer} ${printable(variable)} ${printable(reference)}`;
}

function installedHome({ assembly }: CommandContext): string {
  const home = runtimeHome(assembly.env);
  if (readSettings(home) !== null) return home;
  throw new UnsprawlError(
    "absent",
    "the OCI runtime is not installed on this host",
    "unsprawl runtime install --to STORE",
  );
}

async function tell(
  context: CommandContext,
  what: "allowed" | "forbidden",
  bindings: readonly ReferenceBinding[],
): Promise<number> {
  const text = context.json
    ? jsonText({ version: 1, [what]: bindings })
    : bindings.map((one) => `${what}: ${bindingLine(one)}`).join("\n");
  await writeResult(text, null, context);
  return EXIT.ok;
}
