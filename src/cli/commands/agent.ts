import { openHandedOut } from "../../core/handed-out.ts";
import { randomBytes } from "node:crypto";
import { STEP_TAILS } from "../../assembly/plug-ins.ts";
import { knownRuns } from "../../core/journal/render-journal.ts";
import {
  bootPass,
  mustServeThisHost,
  onePass,
  redactedEvent,
  serveHost,
  type AgentEvent,
  type AgentSettings,
  type AgentTools,
} from "../../agent/index.ts";
import { openAgentMetrics, type AgentMetrics } from "../../agent/metrics.ts";
import type { Assembly } from "../../assembly/index.ts";
import { openStore } from "../../assembly/open-store.ts";
import { setBrokenIndexAside } from "../../core/consumer-index.ts";
import { lockAgent } from "../../core/journal/lock.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { parseOnChange } from "../../model/consumer.ts";
import { fingerprintKey } from "../../model/fingerprint.ts";
import { canonical } from "../../model/mac.ts";
import { VERSION } from "../../model/version.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, writeResult } from "../output.ts";
import { openAgentNotices, type AgentNotices } from "./agent-notices.ts";
import { agentEventJson, agentEventText } from "../views/agent-text.ts";

/** `unsprawl agent [--once]`: serves this host's consumers until it is stopped, or once. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  if (args[0] === "install") return (await import("./agent-install.ts")).install(context, args.slice(1), options);
  if (args[0] === "uninstall") return (await import("./agent-install.ts")).uninstall(context, args.slice(1), options);
  if (args[0] !== undefined)
    throw new UnsprawlError("usage", `not an action of agent: ${JSON.stringify(args[0])}`, "unsprawl agent --help");
  const foreign = ["yes", "output", "overwrite", "image", "to"].find((flag) => options[flag] !== undefined);
  if (foreign !== undefined)
    throw new UnsprawlError("usage", `--${foreign} is for agent install`, "unsprawl agent install systemd");
  const { assembly, signal } = context;
  mustServeThisHost(assembly.env);
  const settings = settingsOf(options);
  const once = options["once"] === true;
  const boot = textFlag(options, "bootTimeout");
  if (boot !== null && !once)
    throw new UnsprawlError("usage", "--boot-timeout goes with --once", "unsprawl agent --once --boot-timeout 30s");
  const bootMs = boot === null ? null : parseDuration(boot, "--boot-timeout");
  const lock = lockAgent(assembly.state());
  let metrics: AgentMetrics | null = null;
  let notices: AgentNotices | null = null;
  try {
    metrics = await openAgentMetrics(textFlag(options, "metrics"), VERSION);
    notices = await openAgentNotices(context);
    const told: AgentTools["told"] = (event) => {
      metrics?.count(event);
      notices?.tell(event);
      void write(event, context);
    };
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
    await notices?.stop(bootMs === null ? NOTICES_MS : NOTICES_BOOT_MS);
    await metrics?.close();
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

async function toolsOf(context: CommandContext, told: AgentTools["told"]): Promise<AgentTools> {
  const { assembly } = context;
  const { redactor } = assembly;
  const supplies = await assembly.supplies();
  const aside = setBrokenIndexAside(supplies.index, assembly.state());
  if (aside !== null)
    say(context, `the index of consumers could not be read; it was renamed to ${aside} and is rebuilt`);
  const { key, state } = keyed(assembly);
  redactor.settle();
  return {
    supplies,
    stores: {
      ...(await storesOf(assembly)),
      resolve: assembly.resolve,
      know: (value) => redactor.know(value),
      ...(state === null ? {} : { handedOut: openHandedOut(state, key) }),
      known: lately(() => knownRuns({ state: assembly.state(), key: state === null ? null : key, tails: STEP_TAILS })),
    },
    engine: assembly.engine,
    consumers: assembly.consumers,
    isBound: await bindings(assembly.env),
    key,
    state,
    told,
    forget: () => redactor.forget(),
  };
}

/** The stores with the agent's credentials if it has some, else as they are configured. */
async function storesOf(assembly: Assembly): Promise<Pick<AgentTools["stores"], "store" | "storeOf" | "names">> {
  const { agentHome, readReaders } = await import("../../delivery/readers.ts");
  const home = agentHome(assembly.env);
  const readers = readReaders(home) ?? [];
  return {
    store: async (name) => {
      const own = readers.find((one) => one.name === name);
      return own === undefined ? assembly.store(name) : openStore(own, home);
    },
    storeOf: async (target) => {
      const own = readers.find((one) => canonical(one.target) === canonical(target));
      return own === undefined ? assembly.storeOf(target) : openStore(own, home);
    },
    names: async () => [...new Set([...readers.map(({ name }) => name), ...(await assembly.knownStores())])],
  };
}

/** The bindings in effect, read again for each refresh. An unreadable file binds nothing, as for the runtime itself. */
async function bindings(env: NodeJS.ProcessEnv): Promise<AgentTools["isBound"]> {
  const { isBound, readBindings } = await import("../../delivery/runtime/bindings.ts");
  const { runtimeHome } = await import("../../delivery/runtime/settings.ts");
  const held = lately(() => {
    try {
      return readBindings(runtimeHome(env));
    } catch (error) {
      if (!(error instanceof UnsprawlError)) throw error;
      return [];
    }
  });
  return (names, variable, reference) => isBound(held(), names, variable, reference);
}

/** Cached for a moment: a pass asks for many consumers. */
function lately<T>(read: () => T): () => T {
  let held: { readonly answer: T; readonly until: number } | null = null;
  return () => {
    if (held === null || Date.now() > held.until) held = { answer: read(), until: Date.now() + LATELY_MS };
    return held.answer;
  };
}

const LATELY_MS = 1000;
/** How long channels have at the end; at boot the engine waits for it. */
const NOTICES_MS = 5000;
const NOTICES_BOOT_MS = 1000;

/** If the installation's key cannot be opened, digests are valid only in this process and are not stored. */
function keyed(assembly: Assembly): Pick<AgentTools, "key" | "state"> {
  try {
    return { key: assembly.key(), state: assembly.state() };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
    return { key: fingerprintKey(randomBytes(32)), state: null };
  }
}

async function write(event: AgentEvent, context: CommandContext): Promise<void> {
  const { redactor } = context.assembly;
  const safe = redactedEvent(event, (text) => redactor.foreign(text));
  await writeResult(context.json ? agentEventJson(safe) : agentEventText(safe), null, context);
}
