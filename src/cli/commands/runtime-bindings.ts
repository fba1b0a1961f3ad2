import type { ReferenceBinding } from "../../model/binding.ts";
import { addBindings, removeBindings } from "../../delivery/runtime/bindings.ts";
import { isOfPods, parseConsumer } from "../../delivery/runtime/consumer.ts";
import { ownPlugin } from "../../delivery/volume/engine-plugin.ts";
import type { AskPlugin } from "../../engine/plugin/ask.ts";
import { podRuntimeHome, readSettings, runtimeHome } from "../../delivery/runtime/settings.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { cmd } from "../../kit/shell.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { volumeReferences } from "../../engine/plugin/volumes.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { say, writeResult } from "../output.ts";

/** `runtime allow CONSUMER [VARIABLE REFERENCE…]`: without a variable, what the volumes of its containers name. */
export async function allow(context: CommandContext, words: readonly string[], options: ParsedFlags): Promise<number> {
  const [who, variable, ...references] = words;
  if (who !== undefined && variable === undefined) return allowVolumes(context, parseConsumer(who), options);
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
  const { plugin, home } = await holders(context, consumer);
  const what = [variable, ...references].map((one) => printable(one)).join(" ");
  await mustBeConfirmed(context, options, "runtime allow", `Give ${printable(consumer)} ${what}?`);
  await plugin?.("allow", { bindings });
  if (home !== null) await addBindings(home, bindings);
  return tell(context, "allowed", bindings);
}

/** Allows a consumer everything that the volumes of its containers name, once a person has seen what that is. */
async function allowVolumes(context: CommandContext, consumer: string, options: ParsedFlags): Promise<number> {
  const { plugin } = await holders(context, consumer);
  const engine = plugin === null ? null : await context.assembly.engine();
  const found = engine === null ? [] : await volumeReferences(engine, consumer);
  const named = found.map(({ variable, reference }) => ({ consumer, variable, reference, by: null }));
  if (plugin === null || named.length === 0)
    throw new UnsprawlError(
      "absent",
      `no container of ${consumer} has a volume of unsprawl with references`,
      isOfPods(consumer)
        ? cmd`unsprawl runtime allow ${consumer} VARIABLE REFERENCE`
        : "docker compose create, if it has no container yet; unsprawl plugin status",
    );
  for (const one of named) say(context, `  ${bindingLine(one)}`);
  await mustBeConfirmed(context, options, "runtime allow", `Let ${consumer} have these values?`);
  await plugin("allow", { bindings: named });
  return tell(context, "allowed", named);
}

/** `runtime forbid CONSUMER [VARIABLE [REFERENCE…]]`. Throws `absent` if nothing of it was allowed. */
export async function forbid(context: CommandContext, words: readonly string[], options: ParsedFlags): Promise<number> {
  const [who, variable, ...references] = words;
  if (who === undefined)
    throw new UnsprawlError("usage", "forbid needs a consumer", "unsprawl runtime forbid NAME [VARIABLE [ref+…]]");
  const consumer = parseConsumer(who);
  mustBeAnswerable(context, options, "runtime forbid");
  const { plugin, home } = await holders(context, consumer);
  const what = [variable ?? "every allowed value", ...references].map((one) => printable(one)).join(" ");
  await mustBeConfirmed(context, options, "runtime forbid", `Stop giving ${printable(consumer)} ${what}?`);
  const isMeant = (one: ReferenceBinding): boolean =>
    one.consumer === consumer &&
    (variable === undefined || one.variable === variable) &&
    (references.length === 0 || references.includes(one.reference));
  const served = plugin === null ? [] : (await plugin("status", {})).bindings.filter(isMeant);
  if (served.length > 0) await plugin?.("revoke", { bindings: served });
  const gone = [...served, ...(home === null ? [] : await removeBindings(home, isMeant))];
  if (gone.length === 0)
    throw new UnsprawlError("absent", `no such reference is allowed for ${consumer}`, "unsprawl runtime status");
  return tell(context, "forbidden", gone);
}

/** A binding as a line of text. */
export function bindingLine({ consumer, variable, reference }: ReferenceBinding): string {
  return `${consumer} ${printable(variable)} ${printable(reference)}`;
}

type ReferenceHolders = { readonly plugin: AskPlugin | null; readonly home: string | null };

/** Who serves the consumer's references here: the engine's volume plugin, and the OCI runtime. Throws `absent` if neither does. */
async function holders({ assembly }: CommandContext, consumer: string): Promise<ReferenceHolders> {
  if (isOfPods(consumer)) {
    const home = podRuntimeHome(assembly.env);
    if (readSettings(home) !== null) return { plugin: null, home };
    throw new UnsprawlError(
      "absent",
      "the OCI runtime is not installed for this node's pods",
      "unsprawl runtime install containerd --to STORE",
    );
  }
  const home = runtimeHome(assembly.env);
  const isRuntime = readSettings(home) !== null;
  const plugin = await pluginHere(assembly);
  if (plugin !== null || isRuntime) return { plugin, home: isRuntime ? home : null };
  throw new UnsprawlError(
    "absent",
    "neither the OCI runtime nor the volume plugin is installed here",
    "unsprawl runtime install --to STORE, or: unsprawl plugin install --to STORE",
  );
}

/** The engine's plugin, if this installation gave it one; null also where the engine does not answer. */
async function pluginHere({ engine: open, state }: CommandContext["assembly"]): Promise<AskPlugin | null> {
  try {
    const plugin = await ownPlugin(await open(), state());
    return plugin instanceof UnsprawlError ? null : plugin;
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "unreachable") return null;
    throw error;
  }
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
