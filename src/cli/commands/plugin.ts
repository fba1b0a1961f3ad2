import type { EndedCredential } from "../../delivery/volume/credentials.ts";
import type { PluginAsked } from "../../delivery/volume/new-home.ts";
import type { PluginStarts } from "../../engine/plugin/questions.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { VERSION } from "../../model/version.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { countText } from "../../kit/text/count.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";
import { bindingLine } from "./runtime-bindings.ts";

const ACTIONS = ["install", "status", "upgrade", "uninstall"];

/** `unsprawl plugin install|status|upgrade|uninstall`. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const [action = "", ...words] = args;
  if (!ACTIONS.includes(action) || words.length > 0)
    throw new UnsprawlError(
      "usage",
      `not a plugin command: ${args.join(" ")}`,
      "unsprawl plugin install|status|upgrade|uninstall",
    );
  if (action === "status") return status(context);
  mustBeAnswerable(context, options, `plugin ${action}`);
  return action === "uninstall" ? uninstall(context, options) : place(context, options, action);
}

async function place(context: CommandContext, options: ParsedFlags, action: string): Promise<number> {
  const { assembly } = context;
  const engine = await assembly.engine();
  const asked: PluginAsked = {
    stores: await Promise.all(listFlag(options, "to").map((name) => assembly.store(name))),
    from: textFlag(options, "from"),
    keepLast: typeof options["keepLast"] === "boolean" ? options["keepLast"] : null,
    version: VERSION,
    signal: context.signal,
  };
  const { address } = engine.connection;
  const question =
    action === "install"
      ? `Give the engine at ${address} a plugin that reads ${asked.stores.map(({ target }) => target.name).join(", ")}? No container restarts.`
      : `Put this release in the place of the plugin of ${address}? No container restarts.`;
  await mustBeConfirmed(context, options, `plugin ${action}`, question);
  const { installPlugin, upgradePlugin } = await import("../../delivery/volume/install.ts");
  const done = await (action === "install" ? installPlugin : upgradePlugin)(engine, asked, assembly.state());
  const text = `${action === "install" ? "installed" : "upgraded"} the volume plugin of ${address} (${done.version}); reads ${done.stores.join(", ")}`;
  const document = { version: 1, stores: done.stores, program: done.version, ...credentials(done.ended) };
  await writeResult(context.json ? jsonText(document) : [text, ...endedLines(done.ended)].join("\n"), null, context);
  return EXIT.ok;
}

const credentials = (ended: readonly EndedCredential[]): { readonly credentials: readonly object[] } => ({
  credentials: ended.map(({ store, kept }) => ({
    ...{ store, revoked: kept === null },
    ...(kept && { message: kept.message, hint: kept.hint }),
  })),
});

const endedLines = (ended: readonly EndedCredential[]): readonly string[] =>
  ended.map(({ store, kept }) =>
    kept === null
      ? `revoked the plugin's former credential at ${store}`
      : `! ${store}: the plugin's former credential was not revoked: ${printable(kept.message)}${kept.hint === null ? "" : `; next: ${printable(kept.hint)}`}`,
  );

async function uninstall(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const engine = await assembly.engine();
  const { isForeignPlugin, uninstallPlugin } = await import("../../delivery/volume/install.ts");
  const whose = (await isForeignPlugin(engine, assembly.state())) ? ", which somebody else installed," : "";
  const question = `Take the volume plugin of ${engine.connection.address}${whose} away?`;
  await mustBeConfirmed(context, options, "plugin uninstall", question);
  const ended = await uninstallPlugin(engine, assembly.state(), (name) => assembly.store(name));
  const document = { version: 1, installed: false, ...credentials(ended) };
  await writeResult(
    context.json ? jsonText(document) : ["uninstalled", ...endedLines(ended)].join("\n"),
    null,
    context,
  );
  return EXIT.ok;
}

async function status(context: CommandContext): Promise<number> {
  const { assembly } = context;
  const { readPluginStatus } = await import("../../delivery/volume/install.ts");
  const found = await readPluginStatus(await assembly.engine(), assembly.state());
  if (found instanceof UnsprawlError) {
    const { code, message, hint } = found;
    const document = { version: 1, installed: false, code, message, hint };
    await writeResult(context.json ? jsonText(document) : `✗ ${message}: ${hint ?? ""}`, null, context);
    return EXIT.failed;
  }
  const { stores, bindings, volumes, starts, version: program } = found;
  const lines = [
    `✓ the engine has the volume plugin (${program}), with ${countText(volumes.length, "volume")}`,
    ...stores.map(({ name, provider, fault }) =>
      fault === null
        ? `✓ ${name} (${provider}) answers with the plugin's own credential`
        : `✗ ${name}: ${printable(fault)}`,
    ),
    ...(starts === undefined ? [] : [startsLine(starts)]),
    ...bindings.map((one) => `  allowed: ${bindingLine(one)}`),
  ];
  const document = { version: 1, installed: true, program, stores, bindings, volumes, starts };
  await writeResult(context.json ? jsonText(document) : lines.join("\n"), null, context);
  return stores.every(({ fault }) => fault === null) ? EXIT.ok : EXIT.failed;
}

const startsLine = ({ served, servedLast, failed }: PluginStarts): string =>
  `  since its own start: ${countText(served, "start")} served, ${servedLast} with the last values, ${failed} failed`;
