import type { Assembly, Shared } from "../../assembly/index.ts";
import type { ChannelDelivery } from "../../contract/channel.ts";
import { hostEnv } from "../../core/config/hosts.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { startPulse } from "../../core/pulse.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { Confidence } from "../../model/finding.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import { Redactor } from "../../kit/text/redact.ts";
import { openFleet, type Fleet } from "../../fleet/open.ts";
import { serve } from "../../fleet/serve.ts";
import { statusOf } from "../../fleet/status.ts";
import { checkSource } from "../../fleet/units.ts";
import { openRegistryIn, takeJobs, type OwnTools, type WorkerTools } from "../../fleet/worker.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { databaseUrl, fleetKey } from "../fleet-settings.ts";
import { say, writeResult } from "../output.ts";
import { outcomeText, statusText } from "../views/fleet-text.ts";

const JOBS = 4;
/** How long channels have at the end: for all that is due, or for what is being sent. */
const ONCE_MS = 60_000;
const STOP_MS = 10_000;

/** `unsprawl fleet serve | worker | status`. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const [action = ""] = args;
  const act = { serve: runServe, worker: runWorker, status: runStatus }[action];
  if (act === undefined)
    throw new UnsprawlError("usage", `not a fleet command: ${action}`, "unsprawl fleet serve, worker or status");
  if (options["once"] === true && action !== "serve")
    throw new UnsprawlError("usage", "--once goes with fleet serve", "unsprawl fleet serve --once");
  if (options["jobs"] !== undefined && action !== "worker")
    throw new UnsprawlError("usage", "--jobs goes with fleet worker", "unsprawl fleet worker --jobs 8");
  mustBeTrusted((await context.assembly.config()).untrusted, "fleet", "hosts", "notify");
  return act(context, options);
}

async function runServe(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { assembly, signal } = context;
  const { fleet: settings, hosts } = await assembly.config();
  const sources = settings?.sources ?? [];
  if (sources.length === 0)
    throw new UnsprawlError("config", "no fleet is configured", "unsprawl.yaml: fleet: { sources: [docker:] }");
  for (const one of sources) checkSource(one, [...hosts.keys()]);
  const { fleet } = await joined(context, "serve");
  const once = options["once"] === true;
  let telling: ChannelDelivery | null = null;
  try {
    await fleet.store.serves({ channels: await channelsOf(context), hosts: [...hosts.keys()] });
    telling = await startTelling(context, fleet);
    for (const { source, when } of once ? [] : sources) say(context, `${source} ${when}`);
    await serve(sources, once, { ...fleet, look: () => telling?.wake() }, signal);
    if (!once) return EXIT.ok;
    const failing = (await fleet.store.units()).filter(({ errors }) => errors.length > 0);
    say(
      context,
      failing.length === 0
        ? "all units are scanned"
        : `${failing.length === 1 ? "1 unit has" : `${failing.length} units have`} errors: unsprawl fleet status`,
    );
    return failing.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await telling?.stop(once ? ONCE_MS : STOP_MS);
    await fleet.close();
  }
}

async function runWorker(context: CommandContext, options: ParsedFlags): Promise<number> {
  const { signal } = context;
  const jobs = Number(textFlag(options, "jobs") ?? JOBS);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new UnsprawlError("usage", "--jobs must be a number from 1 to 64", "unsprawl fleet worker --jobs 8");
  const { fleet, key } = await joined(context, "worker");
  try {
    say(context, `takes ${jobs} jobs at once`);
    await takeJobs(jobs, await workerTools(context, fleet, key), signal);
    return EXIT.ok;
  } finally {
    await fleet.close();
  }
}

async function runStatus(context: CommandContext): Promise<number> {
  const { assembly } = context;
  const url = databaseUrl(assembly, (await assembly.config()).fleet);
  const fleet = await openFleet(url, "status", null, (said) => say(context, said));
  try {
    const status = await statusOf(fleet.queue, fleet.store, fleet.history, await channelsOf(context));
    await writeResult(context.json ? jsonText(status) : statusText(status, process.stdout), null, context);
    return EXIT.ok;
  } finally {
    await fleet.close();
  }
}

/** As a member of the group that shares the key. */
async function joined(
  context: CommandContext,
  role: "serve" | "worker",
): Promise<{ readonly fleet: Fleet; readonly key: FingerprintKey }> {
  const { assembly } = context;
  const { fleet: settings } = await assembly.config();
  const url = databaseUrl(assembly, settings);
  const key = await fleetKey(assembly, settings);
  const fleet = await openFleet(url, role, key, (said) => say(context, said));
  try {
    await fleet.store.checkKey(key.id);
    const pulse = startPulse(assembly.state(), `fleet-${role}`);
    const close = async (): Promise<void> => {
      pulse.stop();
      await fleet.close();
    };
    return { fleet: { ...fleet, close }, key };
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

async function workerTools(context: CommandContext, fleet: Fleet, key: FingerprintKey): Promise<WorkerTools> {
  const { assembly } = context;
  const { hosts, fleet: settings, minConfidence } = await assembly.config();
  return {
    ...fleet,
    channels: await channelsOf(context),
    hosts: [...hosts.keys()],
    perRegistry: settings?.perRegistry ?? JOBS,
    minConfidence: (minConfidence ?? "medium") satisfies Confidence,
    installation: assembly.installation(),
    registry: (host) => openRegistryIn(assembly.env, host, (value) => assembly.redactor.know(value)),
    redact: (said) => assembly.redactor.foreign(said),
    async scanTools(unit, { images, layers }): Promise<OwnTools> {
      const own = await assemblyFor(assembly, unit.kind === "host" ? unit.host : null, { key: () => key, layers });
      const tools = await own.scanTools(false, { shelf: images });
      const { redactor } = own;
      const redact = (said: string): string => redactor.foreign(said);
      if (unit.kind !== "host") return { tools, redact, close: async () => undefined };
      // A pool that could not be opened has nothing to close.
      const close = (): Promise<void> =>
        own.engine().then(
          (engine) => engine.close(),
          () => undefined,
        );
      return { tools: { ...tools, host: unit.host }, redact, close };
    },
    done: (unit, outcome) => say(context, outcomeText(unit, outcome)),
  };
}

/** An assembly for one unit: what it learns is forgotten with it. Throws `absent` for a host that is not configured. */
async function assemblyFor(
  assembly: Assembly,
  host: string | null,
  shared: Pick<Shared, "key" | "layers">,
): Promise<Assembly> {
  const more = { ...shared, redactor: new Redactor() };
  if (host === null) return assembly.at(assembly.env, more);
  const config = (await assembly.config()).hosts.get(host);
  if (config === undefined)
    throw new UnsprawlError("absent", `no host of the configuration is called ${host}`, "give workers the same hosts:");
  return assembly.at(hostEnv(assembly.env, config), more);
}

/** The channels that report changes; the outbox keeps changes for these. */
async function channelsOf({ assembly }: CommandContext): Promise<readonly string[]> {
  return [...(await assembly.config()).notify.keys()];
}

/** Delivers what any worker puts into the outbox, if there are channels. */
async function startTelling(context: CommandContext, { history }: Fleet): Promise<ChannelDelivery | null> {
  const { assembly } = context;
  if ((await channelsOf(context)).length === 0) return null;
  const own = assembly.at(assembly.env, { history: async () => history });
  return own.startDelivery((told) => context.progress.line(told));
}
