import { EXIT, UnsprawlError } from "../../model/error.ts";
import { jsonText } from "../../text/escape.ts";
import { list, text, type CommandContext, type Options } from "../context.ts";
import { writeResult } from "../output.ts";

/** `unsprawl runtime install|uninstall|status`. */
export async function run(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const { assembly } = context;
  const engine = await assembly.engine();
  const file = text(options, "daemonConfig");
  const { install, preview, uninstall } = await import("../../delivery/runtime/install.ts");
  const action = args[0];
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
    const providers = await Promise.all(list(options, "to").map((name) => assembly.store(name)));
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
    await uninstall(engine, assembly.env, file);
    await writeResult(context.json ? jsonText({ version: 1, installed: false }) : "uninstalled", null, context);
    return EXIT.ok;
  }
  if (action === "status") {
    const { runtimeStatus } = await import("../../delivery/runtime/status.ts");
    const { openStore } = await import("../../open-store.ts");
    const status = await runtimeStatus(engine, assembly.env, openStore);
    await writeResult(
      context.json
        ? jsonText({ version: 1, ...status })
        : status.lines.map((line) => `${line.ok ? "✓" : "✗"} ${line.text}`).join("\n"),
      null,
      context,
    );
    return status.lines.every((line) => line.ok) ? EXIT.ok : EXIT.failed;
  }
  throw new UnsprawlError(
    "usage",
    `not a runtime command: ${action ?? ""}`,
    "unsprawl runtime install|uninstall|status",
  );
}
