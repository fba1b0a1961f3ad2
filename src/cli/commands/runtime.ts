import { EXIT, UnsprawlError } from "../../model/error.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";

const ACTIONS = ["allow", "forbid", "install", "status", "uninstall"];

/** `unsprawl runtime install|uninstall|status|allow|forbid`. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const [action = "", ...words] = args;
  if (action === "allow" || action === "forbid") {
    const { allow, forbid } = await import("./runtime-bindings.ts");
    return action === "allow" ? allow(context, words, options) : forbid(context, words, options);
  }
  if (words.length === 1 && words[0] === "containerd") {
    const { run: ofPods } = await import("./runtime-containerd.ts");
    return ofPods(context, action, options);
  }
  if (!ACTIONS.includes(action) || words.length > 0)
    throw new UnsprawlError(
      "usage",
      `not a runtime command: ${args.join(" ")}`,
      "unsprawl runtime install|uninstall|status|allow|forbid",
    );
  if (action === "status") return status(context);
  if (action === "uninstall") return uninstall(context, options);
  return options["print"] === true ? preview(context, options) : install(context, options);
}

async function preview(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const { previewInstall } = await import("../../delivery/runtime/install.ts");
  const plan = await previewInstall(await assembly.engine(), assembly.env, textFlag(options, "daemonConfig"));
  const text = `# ${plan.program} (mode 0755)\n${plan.programText}\n# ${plan.daemonConfig}, then: kill -HUP the engine\n${plan.daemonText}`;
  await writeResult(context.json ? jsonText({ version: 1, ...plan }) : text, null, context);
  return EXIT.ok;
}

async function install(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  mustBeAnswerable(context, options, "runtime install");
  const [engine, file] = [await assembly.engine(), textFlag(options, "daemonConfig")];
  const { installRuntime, previewInstall } = await import("../../delivery/runtime/install.ts");
  const providers = await Promise.all(listFlag(options, "to").map((name) => assembly.store(name)));
  const { daemonConfig, program } = await previewInstall(engine, assembly.env, file);
  const question = `Install ${printable(program)}, and register it in ${printable(daemonConfig)}?`;
  await mustBeConfirmed(context, options, "runtime install", question);
  const done = await installRuntime(engine, providers, assembly.env, file);
  const text = `installed ${done.program}, registered in ${done.daemonConfig}; reads ${done.stores.join(", ")}`;
  await writeResult(context.json ? jsonText({ version: 1, ...done }) : text, null, context);
  return EXIT.ok;
}

async function uninstall(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  mustBeAnswerable(context, options, "runtime uninstall");
  const engine = await assembly.engine();
  const { uninstallRuntime } = await import("../../delivery/runtime/install.ts");
  const question = "Remove the OCI runtime, and take it out of daemon.json?";
  await mustBeConfirmed(context, options, "runtime uninstall", question);
  await uninstallRuntime(engine, assembly.env, textFlag(options, "daemonConfig"));
  await writeResult(context.json ? jsonText({ version: 1, installed: false }) : "uninstalled", null, context);
  return EXIT.ok;
}

async function status(context: CommandContext): Promise<number> {
  const { assembly } = context;
  const { runtimeStatus } = await import("../../delivery/runtime/status.ts");
  const { openStore } = await import("../../assembly/open-store.ts");
  const { bindingLine } = await import("./runtime-bindings.ts");
  const found = await runtimeStatus(await assembly.engine(), assembly.env, openStore);
  const lines = [
    ...found.lines.map((line) => `${line.ok ? "✓" : "✗"} ${line.text}`),
    ...found.bindings.map((one) => `  allowed: ${bindingLine(one)}`),
  ];
  await writeResult(context.json ? jsonText({ version: 1, ...found }) : lines.join("\n"), null, context);
  return found.lines.every((line) => line.ok) ? EXIT.ok : EXIT.failed;
}
