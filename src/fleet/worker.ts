import type { Job } from "pg-boss";
import type { History } from "../contract/history.ts";
import type { LayerShelf } from "../fast/index.ts";
import { compareScan } from "../core/changes.ts";
import type { Installation } from "../core/journal/journal.ts";
import type { SubjectError } from "../core/read-source.ts";
import { scanAndRemember } from "../core/remember.ts";
import type { LoadScanProgress } from "../core/scan-progress.ts";
import { UnsprawlError, type ErrorCode } from "../model/error.ts";
import type { Confidence } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import type { Registry } from "../images/registry/client.ts";
import { trustedJob } from "./jobs.ts";
import { enqueue, EXPAND, holdBack, SCAN, type Expand, type Queue } from "./queue.ts";
import { sharedLayers, shelfProgress } from "./shelf.ts";
import type { Slots } from "./slots.ts";
import type { FleetStore } from "./store.ts";
import { unitsOf, type FleetUnit } from "./units.ts";
import { ANY_SUBJECT } from "../model/subject-ref.ts";
import type { ScanTools } from "../core/scan-tools.ts";

export type WorkerTools = {
  readonly queue: Queue;
  readonly store: FleetStore;
  readonly history: History;
  readonly slots: Slots;
  /** The channels that report changes, if no server has said which there are. */
  readonly channels: readonly string[];
  /** Names of the configuration's hosts. */
  readonly hosts: readonly string[];
  readonly perRegistry: number;
  readonly minConfidence: Confidence;
  /** This machine's installation, whose runs may have migrated what is found. */
  readonly installation: Installation;
  readonly registry: (host: string) => Promise<Registry>;
  /** Removes the secrets that reading catalogs added. */
  readonly redact: (text: string) => string;
  /** What scans one unit, created for it alone, so that no value is kept longer than needed. */
  readonly scanTools: (unit: FleetUnit, shelves: Shelves) => Promise<OwnTools>;
  /** Called for each unit that was scanned, or could not be. */
  readonly done: (unit: FleetUnit, outcome: JobOutcome) => void;
};

export type Shelves = { readonly images: LoadScanProgress; readonly layers: (settings: string) => LayerShelf };

export type OwnTools = {
  readonly tools: ScanTools;
  /** Removes the secrets that the scan added. */
  readonly redact: (text: string) => string;
  /** Closes its connections. */
  readonly close: () => Promise<void>;
};

export type JobOutcome =
  | { readonly changes: number; readonly findings: number; readonly errors: number }
  | { readonly error: string };

/** What may pass by itself: retried. Everything else is reported, and tried when it is due next. */
const PASSES: ReadonlySet<ErrorCode> = new Set(["unreachable", "throttled", "failed", "interrupted", "locked"]);
const THROTTLED_MS = 60_000;
/** A registry may ask for no more than a day of delay: it must not decide that it is never scanned. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;
const TRIES = 2;

/** Takes jobs, `most` at once, until it is cancelled; running jobs are then finished, or left to others. */
export async function takeJobs(most: number, tools: WorkerTools, signal: AbortSignal): Promise<void> {
  const { boss } = tools.queue;
  const options = { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1, heartbeatRefreshSeconds: 3 } as const;
  const take = async <Data extends object>(
    queue: string,
    limits: { readonly groupConcurrency?: { default: number } },
    act: (job: Job<Data>, tools: WorkerTools) => Promise<void>,
  ): Promise<void> => {
    let id = "";
    id = await boss.work<Data>(queue, { ...options, ...limits }, async ([job]) => {
      try {
        const data = job && trusted<Data>(queue, job, tools);
        if (job && data) await act({ ...job, data }, tools);
      } finally {
        // There may be more: asked for at once, not at the next interval.
        boss.notifyWorker(id);
      }
    });
  };
  const limits = { groupConcurrency: { default: tools.perRegistry } };
  for (let number = 0; number < most; number++) await take<FleetUnit>(SCAN, limits, scanJob);
  await take<Expand>(EXPAND, {}, expandJob);
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

/** The content of a job if a member of the fleet enqueued it; otherwise null, and it is reported and marked as done. */
function trusted<Data extends object>(
  name: string,
  job: Job<Data>,
  { queue, done }: Pick<WorkerTools, "queue" | "done">,
): Data | null {
  const data = queue.key === null ? null : (trustedJob(name, job.data, queue.key) as Data | null);
  if (data === null)
    done(sourceUnit({ source: "a job in the queue", layers: false }), {
      error: "no member of this fleet put it there as it is: nothing is read for it",
    });
  return data;
}

/** Opens a registry to read its catalog; `know` receives each password and token. */
export async function openRegistryIn(
  env: NodeJS.ProcessEnv,
  host: string,
  know: (value: Secret) => void,
): Promise<Registry> {
  const { openRegistry } = await import("../images/registry/client.ts");
  return openRegistry(host, { env, know });
}

async function expandJob({ id, data, signal, retryCount }: Job<Expand>, tools: WorkerTools): Promise<void> {
  const { registry, store, queue } = tools;
  try {
    const hosts = (await store.served())?.hosts ?? tools.hosts;
    const units = await unitsOf(data, { hosts, registry, known: (host) => store.known(host), signal });
    const at = units[0]?.registry ?? null;
    await enqueue(queue, id, units, at === null ? null : await store.pausedUntil(at));
    await store.forget(sourceUnit(data));
  } catch (error) {
    const told = subjectError(error, tools.redact, data.source);
    await store.failed(sourceUnit(data), told);
    tools.done(sourceUnit(data), { error: told.message });
    if (passes(error, { retryCount })) throw bare(told.message);
  }
}

/** A source whose units cannot be determined appears in the status as itself. */
function sourceUnit({ source, layers }: Expand): FleetUnit {
  return { kind: "repository", name: source, host: source, source, layers, registry: null, listed: false, gone: false };
}

async function scanJob(job: Job<FleetUnit>, tools: WorkerTools): Promise<void> {
  const unit = job.data;
  let { signal } = job;
  let redact = (text: string): string => text;
  try {
    const slot = unit.registry === null ? null : await tools.slots.take(unit.registry, tools.perRegistry, signal);
    if (slot !== null) signal = AbortSignal.any([signal, slot.lost]);
    try {
      const used: { flush(): Promise<void> }[] = [];
      const using = <One extends { flush(): Promise<void> }>(one: One): One => {
        used.push(one);
        return one;
      };
      const own = await tools.scanTools(unit, {
        images: (settings, named) => using(shelfProgress(tools.store, settings, named)),
        layers: (settings) => using(sharedLayers(tools.store, settings)),
      });
      ({ redact } = own);
      try {
        await scanUnit(job.id, unit, own.tools, tools, signal);
      } finally {
        // Verdicts from before the failure help the next attempt.
        for (const one of used) await one.flush();
        await own.close();
      }
    } finally {
      await slot?.release();
    }
  } catch (error) {
    // Another worker has the job by now, or will have it: nothing is wrong with the unit.
    if (signal.aborted) throw bare("cancelled");
    await failed(job, error, redact, tools);
  }
}

async function scanUnit(
  id: string,
  unit: FleetUnit,
  scanTools: ScanTools,
  { history, store, channels, installation, minConfidence, done }: WorkerTools,
  signal: AbortSignal,
): Promise<void> {
  const remember: History["remember"] = (...scan) => {
    // Half a scan would look like a whole one in which findings are gone.
    signal.throwIfAborted();
    return history.remember(...scan);
  };
  const told = (await store.served())?.channels ?? channels;
  const memory = { history: { ...history, remember }, host: unit.host, channels: told, installation };
  const asked = { sources: [unit.source], minConfidence, showIgnored: false, layers: unit.layers, id };
  const silent = { emit: () => undefined, ask: async () => false, signal };
  try {
    const { report, changes } = await scanAndRemember(asked, scanTools, memory, silent);
    const errors = report.sources.flatMap((one) => one.errors);
    const { subjects, findings } = report.summary;
    await store.scanned(unit, subjects, findings, errors);
    done(unit, { changes: changes.length, findings, errors: errors.length });
  } catch (error) {
    if (!unit.listed || !(error instanceof UnsprawlError) || error.code !== "absent") throw error;
    // It has no image any more: its findings are gone.
    const changes = await rememberNothing(id, unit, minConfidence, memory);
    await (unit.gone ? store.forget(unit) : store.scanned(unit, 0, 0, []));
    done(unit, { changes, findings: 0, errors: 0 });
  }
}

async function rememberNothing(
  id: string,
  { source, layers, host }: FleetUnit,
  floor: Confidence,
  { history, channels }: { readonly history: History; readonly channels: readonly string[] },
): Promise<number> {
  const nobody: ReadonlySet<string> = new Set();
  const sources = [{ source, subjects: 0, errors: [] }];
  const facts = { id, host, at: new Date().toISOString(), durationMs: 0, sources, findings: [], moved: [] };
  const scanned = { ...facts, runs: nobody, subjects: nobody, removed: nobody, floor, layers, partial: false };
  const added = await history.remember(host, id, channels, (past) => compareScan(past, scanned).addition);
  return added?.changes.length ?? 0;
}

/** Reports the failure, and throws if the queue should retry; returns if retrying does not help. */
async function failed(
  job: Job<FleetUnit>,
  error: unknown,
  redact: (text: string) => string,
  { store, queue, done }: WorkerTools,
): Promise<void> {
  const unit = job.data;
  const told = subjectError(error, redact, unit.name);
  const tell = async (): Promise<void> => {
    await store.failed(unit, told);
    done(unit, { error: told.message });
  };
  if (error instanceof UnsprawlError && error.code === "throttled" && unit.registry !== null) {
    const until = new Date(Date.now() + Math.min(error.retryAfterMs ?? THROTTLED_MS, LONGEST_PAUSE_MS));
    await store.pause(unit.registry, until);
    await holdBack(queue, unit.registry, until);
    // The job counts as waiting again, and is delayed with all the others.
    await queue.patiently(() => queue.boss.fail(SCAN, job, { message: told.message }));
    await holdBack(queue, unit.registry, until);
    return tell();
  }
  await tell();
  if (passes(error, job)) throw bare(told.message);
}

/** Whether it is retried now. A fault that does not pass so soon is retried when it is due next. */
function passes(error: unknown, { retryCount }: Pick<Job, "retryCount">): boolean {
  return retryCount < TRIES && (!(error instanceof UnsprawlError) || PASSES.has(error.code));
}

/** For the status: no value, no stack. */
function subjectError(error: unknown, redact: (text: string) => string, subject: string): SubjectError {
  if (error instanceof UnsprawlError)
    return {
      subject,
      about: ANY_SUBJECT,
      message: redact(error.message),
      hint: redact(error.hint ?? "unsprawl doctor"),
    };
  const called = error instanceof Error && error.name === "AbortError" ? "cancelled" : "unexpected error";
  return { subject, about: ANY_SUBJECT, message: called, hint: "the worker's log says more" };
}

/** The queue stores what is thrown: nothing but this. */
function bare(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}
