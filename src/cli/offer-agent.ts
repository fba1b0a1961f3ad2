import { existsSync } from "node:fs";
import { agentWarning, STEPS_WITHOUT_AGENT } from "../core/agent-state.ts";
import { EXIT, UnsprawlError } from "../model/error.ts";
import { isWanted } from "./confirm.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";
import { printError, say, sayNext } from "./output.ts";

/**
 * Warns about what a reboot would stop, if this host has no agent; on a terminal of root's, on a host that systemd runs, it
 * offers the agent's unit. Returns the exit code of what was accepted.
 */
export async function offerAgent(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const { index } = await assembly.supplies();
  const warning = agentWarning(assembly.state(), assembly.env, index.read().length);
  if (warning === null) return EXIT.ok;
  say(context, warning);
  const isOffered = existsSync(BOOTED) && process.getuid?.() === 0;
  if (!isOffered || !(await isWanted(context, options, "Install the agent's systemd unit now?"))) {
    sayNext(context, STEPS_WITHOUT_AGENT[0]);
    return EXIT.ok;
  }
  const { install } = await import("./commands/agent-install.ts");
  try {
    return await install(context, ["systemd"], { yes: true });
  } catch (error) {
    if (error instanceof UnsprawlError) return printError(error, context);
    throw error;
  }
}

/** There if systemd runs this host: sd_booted(3). */
const BOOTED = "/run/systemd/system";
