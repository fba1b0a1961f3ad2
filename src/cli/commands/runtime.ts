import { EXIT, UnsprawlError } from "../../model/error.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";

const ACTIONS = ["allow", "forbid", "install", "status", "uninstall"];

/** `unsprawl runtime install|uninstall|status|allow|forbid`. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const [action = "", ...words] = args;
  if (action === "allow" || action === "forbid") {
    const { allow, forbid } = await import("./runtime-bindings.ts");
    return action === "allow" ? allow(context, words, options) : forbid(context, words, options);
  }
  if (action === "install" && words[0] === "containerd")
    throw new UnsprawlError(
      "usage",
      "containerd gives a pod's containers no lasting name to bind a reference to, so the runtime would not start them",
      "unsprawl plan kubernetes:FILE --to STORE moves them in their manifests, by External Secrets",
    );
  if (!ACTIONS.includes(action) || words.length > 0)
    throw new UnsprawlError(
      "usage",
      `not a runtime command: ${args.join(" ")}`,
      "unsprawl runtime install|uninstall|status|allow|forbid",
    );
  if (action === "uninstall" || (action === "install" && options["print"] !== true))
    mustBeAnswerable(context, options, `runtime ${action}`);
  const engine = await assembly.engine();
  const file = textFlag(options, "daemonConfig");
  const {
    installRuntime: install,
    previewInstall: preview,
    uninstallRuntime: uninstall,
  } = await import("../../delivery/runtime/install.ts");
  if (action === "install" && options["print"] === true) {
    const plan = await preview(engine, assembly.env, file);
    await writeResult(
      context.json
        ? jsonText({ version: 1, ...plan })
        : `# ${plan.program} (mode 0755)\n${plan.programText}\n# ${plan.daemonConfig}, then: kill -HUP the engine\n${plan.daemonText}`,
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action === "install") {
    const providers = await Promise.all(listFlag(options, "to").map((name) => assembly.store(name)));
    const { daemonConfig, program } = await preview(engine, assembly.env, file);
    const question = `Install ${printable(program)}, and register it in ${printable(daemonConfig)}?`;
    await mustBeConfirmed(context, options, "runtime install", question);
    const done = await install(engine, providers, assembly.env, file);
    await writeResult(
      context.json
        ? jsonText({ version: 1, ...done })
        : `installed ${done.program}, registered in ${done.daemonConfig}; reads ${done.stores.join(", ")}`,
      null,
      context,
    );
    return EXIT.ok;
  }
  if (action === "uninstall") {
    await mustBeConfirmed(
      context,
      options,
      "runtime uninstall",
      "Remove the OCI runtime, and take it out of daemon.json?",
    );
    await uninstall(engine, assembly.env, file);
    await writeResult(context.json ? jsonText({ version: 1, installed: false }) : "uninstalled", null, context);
    return EXIT.ok;
  }
  const { runtimeStatus } = await import("../../delivery/runtime/status.ts");
  const { openStore } = await import("../../assembly/open-store.ts");
  const { bindingLine } = await import("./runtime-bindings.ts");
  const status = await runtimeStatus(engine, assembly.env, openStore);
  const lines = [
    ...status.lines.map((line) => `${line.ok ? "✓" : "✗"} ${line.text}`),
    ...status.bindings.map((one) => `  allowed: ${bindingLine(one)}`),
  ];
  await writeResult(context.json ? jsonText({ version: 1, ...status }) : lines.join("\n"), null, context);
  return status.lines.every((line) => line.ok) ? EXIT.ok : EXIT.failed;
}
