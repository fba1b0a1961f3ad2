import type { Job } from "pg-boss";
import type { History } from "../contract/history.ts";
import type { LayerShelf } from "../fast/index.ts";
import { compareScan } from "../core/changes.ts";
import type { Installation } from "../core/journal/journal.ts";
import type { SubjectError } from "../core/read-source.ts";
import { scanAndRemember } from "../core/remember.ts";
import type { ScanTools } from "../core/scan.ts";
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

export type WorkerTools = {
  readonly queue: Queue;
  readonly store: FleetStore;
  readonly history: History;
  readonly slots: Slots;
  /** The channels on which changes are to be told, where no server says which it has. */
  readonly channels: readonly string[];
  /** Names of the configuration's hosts. */
  readonly hosts: readonly string[];
  readonly perRegistry: number;
  readonly minConfidence: Confidence;
  /** This machine's own, whose runs may have moved what is found. */
  readonly installation: Installation;
  readonly registry: (host: string) => Promise<Registry>;
  /** Takes out what reading catalogs came to know. */
  readonly redact: (text: string) => string;
  /** What scans one unit, made for it alone, so that no value is known longer than it is needed. */
  readonly scanTools: (unit: FleetUnit, shelves: Shelves) => Promise<OwnTools>;
  /** Told of each unit that was scanned, or could not be. */
  readonly done: (unit: FleetUnit, outcome: JobOutcome) => void;
};

export type Shelves = { readonly images: LoadScanProgress; readonly layers: (settings: string) => LayerShelf };

export type OwnTools = {
  readonly tools: ScanTools;
  /** Takes out what the scan came to know. */
  readonly redact: (text: string) => string;
  /** Lets its connections go. */
  readonly close: () => Promise<void>;
};

export type JobOutcome =
  | { readonly changes: number; readonly findings: number; readonly errors: number }
  | { readonly error: string };

/** What may pass by itself: tried again. All else is told, and tried when it is due next. */
const PASSES: ReadonlySet<ErrorCode> = new Set(["unreachable", "throttled", "failed", "interrupted", "locked"]);
const THROTTLED_MS = 60_000;
/** A registry that asks for more is asked again after a day: it may not decide that it is never scanned. */
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;
const TRIES = 2;

/** Takes jobs, `most` at once, until it is called off; what is under way then is finished, or left to others. */
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
        // There may be more: asked at once, not when the next look is due.
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

/** What a job says, if a member of the fleet put it into the queue; else null, and it is reported and done with. */
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

/** Opens a registry to read its catalog; `know` is told of each password and token. */
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
    const told = toldOf(error, tools.redact, data.source);
    await store.failed(sourceUnit(data), told);
    tools.done(sourceUnit(data), { error: told.message });
    if (passes(error, { retryCount })) throw bare(told.message);
  }
}

/** A source whose units cannot be found out stands in the status as itself. */
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
        // What was judged before it failed is of use to whoever tries again.
        for (const one of used) await one.flush();
        await own.close();
      }
    } finally {
      await slot?.release();
    }
  } catch (error) {
    // It is somebody else's job by now, or will be: nothing is wrong with the unit.
    if (signal.aborted) throw bare("called off");
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
    // Half a scan looks like a whole one in which things are gone.
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
    // It has no image any more: what was in it is gone.
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

/** Tells it, and throws what makes the queue try again; returns for what will not get better by itself. */
async function failed(
  job: Job<FleetUnit>,
  error: unknown,
  redact: (text: string) => string,
  { store, queue, done }: WorkerTools,
): Promise<void> {
  const unit = job.data;
  const told = toldOf(error, redact, unit.name);
  const tell = async (): Promise<void> => {
    await store.failed(unit, told);
    done(unit, { error: told.message });
  };
  if (error instanceof UnsprawlError && error.code === "throttled" && unit.registry !== null) {
    const until = new Date(Date.now() + Math.min(error.retryAfterMs ?? THROTTLED_MS, LONGEST_PAUSE_MS));
    await store.pause(unit.registry, until);
    await holdBack(queue, unit.registry, until);
    // It counts as waiting again, and is held back with all the others.
    await queue.patiently(() => queue.boss.fail(SCAN, job, { message: told.message }));
    await holdBack(queue, unit.registry, until);
    return tell();
  }
  await tell();
  if (passes(error, job)) throw bare(told.message);
}

/** Whether it is tried again now. What does not pass so soon is tried when it is due next. */
function passes(error: unknown, { retryCount }: Pick<Job, "retryCount">): boolean {
  return retryCount < TRIES && (!(error instanceof UnsprawlError) || PASSES.has(error.code));
}

/** For the status: no value, no stack. */
function toldOf(error: unknown, redact: (text: string) => string, subject: string): SubjectError {
  if (error instanceof UnsprawlError)
    return {
      subject,
      about: ANY_SUBJECT,
      message: redact(error.message),
      hint: redact(error.hint ?? "unsprawl doctor"),
    };
  const called = error instanceof Error && error.name === "AbortError" ? "called off" : "unexpected error";
  return { subject, about: ANY_SUBJECT, message: called, hint: "the worker's log says more" };
}

/** The queue keeps what is thrown: this and no more. */
function bare(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}
