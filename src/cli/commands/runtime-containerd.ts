import {
  installPodRuntime,
  podRuntimeStatus,
  previewPodRuntime,
  uninstallPodRuntime,
  type PodRuntimePreview,
} from "../../delivery/runtime/containerd/index.ts";
import { EXIT } from "../../model/error.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { mustBeAnswerable, mustBeConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";
import { bindingLine } from "./runtime-bindings.ts";

/** `unsprawl runtime install|status|uninstall containerd`: the same runtime, for the pods of a node. */
export async function run(context: CommandContext, action: string, options: ParsedFlags): Promise<number> {
  if (action === "status") return status(context);
  if (action === "uninstall") return uninstall(context, options);
  return install(context, options);
}

async function install(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const file = textFlag(options, "containerdConfig");
  if (options["print"] === true) {
    const plan = await previewPodRuntime(assembly.env, file);
    const text = `# ${plan.program} (mode 0755)\n${plan.programText}\n${byHand(plan)}`;
    await writeResult(context.json ? jsonText({ version: 1, ...plan }) : text, null, context);
    return EXIT.ok;
  }
  mustBeAnswerable(context, options, "runtime install");
  const providers = await Promise.all(listFlag(options, "to").map((name) => assembly.store(name)));
  const { program } = await previewPodRuntime(assembly.env, file);
  await mustBeConfirmed(context, options, "runtime install", `Install ${printable(program)}?`);
  const done = await installPodRuntime(providers, assembly.env, file);
  const text = `installed ${done.program}; reads ${done.stores.join(", ")}\n\n${byHand(done)}`;
  await writeResult(context.json ? jsonText({ version: 1, ...done }) : text, null, context);
  return EXIT.ok;
}

/** What the operator of node and cluster does. */
function byHand({ configFile, append, manifest }: PodRuntimePreview): string {
  const node =
    append === null
      ? `# ${configFile} has the handler`
      : `# append to ${configFile}\n${append.trimEnd()}\n# and restart it: systemctl restart containerd`;
  return `${node}\n\n# once for the cluster: kubectl apply --filename FILE; kubectl label node NODE unsprawl-runtime=true\n${manifest.trimEnd()}`;
}

async function uninstall(context: CommandContext, options: ParsedFlags): Promise<number> {
  mustBeAnswerable(context, options, "runtime uninstall");
  await mustBeConfirmed(context, options, "runtime uninstall", "Remove the OCI runtime of this node's pods?");
  uninstallPodRuntime(context.assembly.env);
  const text = "uninstalled; the handler in containerd's configuration can go, too";
  await writeResult(context.json ? jsonText({ version: 1, installed: false }) : text, null, context);
  return EXIT.ok;
}

async function status(context: CommandContext): Promise<number> {
  const { openStore } = await import("../../assembly/open-store.ts");
  const found = await podRuntimeStatus(context.assembly.env, openStore);
  const lines = [
    ...found.lines.map(({ ok, text }) => `${ok ? "✓" : "✗"} ${text}`),
    ...found.bindings.map((one) => `  allowed: ${bindingLine(one)}`),
  ];
  await writeResult(context.json ? jsonText({ version: 1, ...found }) : lines.join("\n"), null, context);
  return found.lines.every((one) => one.ok) ? EXIT.ok : EXIT.failed;
}
