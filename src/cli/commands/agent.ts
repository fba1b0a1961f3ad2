import { STEP_TAILS } from "../../assembly/plug-ins.ts";
import { knownRuns } from "../../core/journal/render-journal.ts";
import {
  bootPass,
  onePass,
  serveHost,
  type AgentEvent,
  type AgentSettings,
  type AgentTools,
} from "../../agent/index.ts";
import { lockAgent } from "../../core/journal/lock.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { parseOnChange } from "../../model/consumer.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, writeResult } from "../output.ts";
import { agentEventJson, agentEventText } from "../views/agent-text.ts";

/** `unsprawl agent [--once]`: serves this host's consumers until it is stopped, or once. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  if (args[0] !== undefined)
    throw new UnsprawlError("usage", `not an action of agent: ${JSON.stringify(args[0])}`, "unsprawl agent --help");
  const { assembly, signal } = context;
  const settings = settingsOf(options);
  const once = options["once"] === true;
  const boot = textFlag(options, "bootTimeout");
  if (boot !== null && !once)
    throw new UnsprawlError("usage", "--boot-timeout goes with --once", "unsprawl agent --once --boot-timeout 30s");
  const bootMs = boot === null ? null : parseDuration(boot, "--boot-timeout");
  const lock = lockAgent(assembly.state());
  try {
    const told: AgentTools["told"] = (event) => void write(event, context);
    const tools = await toolsOf(context, told);
    if (!once) {
      await serveHost(settings, tools, signal);
      return EXIT.ok;
    }
    const { served, failed } =
      bootMs === null ? await onePass(settings, tools, signal) : await bootPass(settings, tools, bootMs, signal);
    if (served === 0) say(context, "this host has no consumers of stored values");
    return failed ? EXIT.partly : EXIT.ok;
  } finally {
    lock.release();
  }
}

function settingsOf(options: ParsedFlags): AgentSettings {
  const duration = (flag: string, name: string, usual: number): number => {
    const given = textFlag(options, name);
    return given === null ? usual : parseDuration(given, flag);
  };
  const everyMs = duration("--every", "every", 2000);
  if (everyMs < 100 || everyMs > 24 * 3_600_000)
    throw new UnsprawlError("usage", "--every is between 100ms and 24h", "such as --every 2s");
  return {
    everyMs,
    onChange: parseOnChange(textFlag(options, "onChange") ?? "restart"),
    graceMs: duration("--grace", "grace", 5000),
    healthTimeoutMs: duration("--health-timeout", "healthTimeout", 90_000),
  };
}

async function toolsOf({ assembly }: CommandContext, told: AgentTools["told"]): Promise<AgentTools> {
  const { redactor } = assembly;
  const supplies = await assembly.supplies();
  const key = assembly.key();
  redactor.settle();
  return {
    supplies,
    stores: {
      store: assembly.store,
      storeOf: assembly.storeOf,
      resolve: assembly.resolve,
      know: (value) => redactor.know(value),
      names: assembly.knownStores,
      known: () => knownRuns({ state: assembly.state(), key, tails: STEP_TAILS }),
    },
    engine: assembly.engine,
    consumers: assembly.consumers,
    key,
    state: assembly.state(),
    told,
    forget: () => redactor.forget(),
  };
}

async function write(event: AgentEvent, context: CommandContext): Promise<void> {
  const line = context.json ? agentEventJson(event) : agentEventText(event);
  await writeResult(context.assembly.redactor.foreign(line), null, context);
}
