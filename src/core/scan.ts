import type { Host } from "../contract/host.ts";
import type { SubjectReading } from "../contract/source.ts";
import type { DetectedSecret, ReadingOfSecret } from "../fast/index.ts";
import type { Candidate } from "../model/candidate.ts";
import { UnsprawlError } from "../model/error.ts";
import { atLeast, type Confidence, type Finding, type Rotation } from "../model/finding.ts";
import type { Subject } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import { rotationKey, secretService } from "../model/secret-service.ts";
import { findingIds } from "./finding-id.ts";
import { findingOf } from "./finding-of.ts";
import { withLiveness } from "./liveness.ts";
import { compareText, compareFindings, withFindings, type BareReport, type ScanReport } from "./report.ts";
import { withoutKept } from "./kept-copies.ts";
import { readSource, type CachedSubjects, type SubjectError } from "./read-source.ts";
import {
  relocatedCheckpoint,
  interruptedScanEvent,
  checkpointEvent,
  emptyCheckpoint,
  type ScanProgress,
} from "./scan-progress.ts";
import { chosenSource, mustHaveLayers, type ChosenSource } from "./chosen-source.ts";
import type { ScanHit } from "./scan-hit.ts";
import type { ScanTools } from "./scan-tools.ts";

export type { ScanReport, SubjectError };

export type ScanInput = {
  readonly sources: readonly string[];
  readonly minConfidence: Confidence;
  /** Lists ignored findings with state `ignored`; otherwise they are only counted. */
  readonly showIgnored?: boolean;
  /** Also reads the files of images. Throws `usage` if a source has no layers. */
  readonly layers?: boolean;
  readonly onHit?: (hit: ScanHit) => void;
  /** Called for each named subject that was read completely, before its findings. */
  readonly onSubject?: (subject: Subject) => void;
  /** Reads only these subjects, by the engine's full id, where the source supports it. */
  readonly only?: ReadonlySet<string>;
  /**
   * For repeated scans: a name without a match is not an error, and a source that cannot be read is reported among
   * the errors. Throws the last source's error only if none can be read.
   */
  readonly again?: boolean;
};

/**
 * Reads the sources and classifies every value. Findings below `minConfidence` are only counted, as hidden. A subject
 * that cannot be read is reported in `sources[].errors`. A source that cannot be read at all throws, unless it is
 * malformed, absent or refused and there are other sources: then it is reported the same way.
 */
export async function scan(
  input: ScanInput,
  tools: ScanTools,
  host: Host,
): Promise<{ readonly report: ScanReport; readonly hits: readonly ScanHit[] }> {
  const started = Date.now();
  const run = new ScanRun(input, tools, host);
  const chosen = input.sources.map((spec) => [spec, chosenSource(spec, tools.sources)] as const);
  if (input.layers === true) mustHaveLayers(chosen, tools.sources);
  for (const [spec, one] of chosen) await run.read(spec, one);
  return run.result(started);
}

/** What a scan has found so far, over all of its sources. */
class ScanRun {
  readonly #input: ScanInput;
  readonly #tools: ScanTools;
  readonly #host: Host;
  readonly #hits: ScanHit[] = [];
  readonly #sources: ScanReport["sources"][number][] = [];
  readonly #ignored = new Map<string, number>();
  readonly #advice: ScanReport["advice"][number][] = [];
  readonly #resumed: Finding[] = [];
  readonly #unread: UnsprawlError[] = [];
  #values = 0;
  #hidden = 0;
  /** Since the subject before the present one. */
  #since = emptyCheckpoint();
  #idOf: ReturnType<typeof findingIds>;
  #advised: ReturnType<ScanTools["rotation"]> | null = null;

  constructor(input: ScanInput, tools: ScanTools, host: Host) {
    this.#input = input;
    this.#tools = tools;
    this.#host = host;
    this.#idOf = findingIds(tools.key);
  }

  async read(spec: string, one: ChosenSource): Promise<void> {
    const { only, minConfidence, showIgnored, layers = false, again = false } = this.#input;
    const { inspect, verify, key } = this.#tools;
    // Restarted per source, so that a finding read through two sources has one id.
    this.#idOf = findingIds(key);
    // Findings in layers are classified apart from their subject, so such a scan cannot resume.
    const open = one.source.resumable && !layers ? this.#tools.progress : undefined;
    const progress = (await open?.([spec, minConfidence, showIgnored === true])) ?? null;
    if (progress?.left) this.#host.emit(interruptedScanEvent(spec, progress.left));
    const reading = {
      inspect,
      tell: (told: DetectedSecret, from: ReadingOfSecret) => this.#tell(told, from),
      neighbours: verify !== null,
      among: (error: UnsprawlError) => this.#isAmongOthers(error),
      options: { layers, mayBeEmpty: again, ...(only && { only }) },
      subject: (from: SubjectReading) => this.#subject(spec, from, one.source.running === true),
      kept: progress && this.#keptIn(progress),
    };
    const { values, ...told } = await readSource(spec, one, reading, this.#host).catch((error: unknown) => {
      if (progress && progress.kept > 0) this.#host.emit(checkpointEvent(spec, progress.kept));
      throw error;
    });
    progress?.end();
    this.#sources.push(told);
    this.#values += values;
  }

  async result(started: number): Promise<{ readonly report: ScanReport; readonly hits: readonly ScanHit[] }> {
    const { verify, isOwnCopy, rotation, notes } = this.#tools;
    const hits = verify === null ? this.#hits : await withLiveness(this.#hits, verify, this.#host);
    hits.sort((a, b) => compareFindings(a.finding, b.finding));
    const all = [...hits.map((hit) => hit.finding), ...this.#resumed];
    if (this.#resumed.length > 0) all.sort(compareFindings);
    const { findings, copies } = withoutKept(all, isOwnCopy);
    const ignored = [...this.#ignored].map(([by, count]) => ({ by, count }));
    const bare: BareReport = {
      version: 1,
      scannedAt: new Date(started).toISOString(),
      durationMs: Date.now() - started,
      sources: this.#sources,
      rotation: await rotationOf(findings, () => this.#advised ?? rotation()),
      ignored: ignored.sort((a, b) => b.count - a.count || compareText(a.by, b.by)),
      // What an old copy would run as is nothing to act on.
      advice: this.#advice.filter(({ subject }) => isOwnCopy?.(subject) !== true),
      notes: await notes(),
      summary: {
        subjects: this.#sources.reduce((sum, one) => sum + one.subjects, 0),
        values: this.#values,
        hidden: this.#hidden,
        kept: copies,
        ignored: ignored.reduce((sum, { count }) => sum + count, 0),
      },
    };
    return { report: withFindings(bare, findings), hits: hits.filter(({ finding }) => !this.#isKept(finding)) };
  }

  #isKept(finding: Finding): boolean {
    return withoutKept([finding], this.#tools.isOwnCopy).copies > 0;
  }

  #ignore(by: string): void {
    this.#ignored.set(by, (this.#ignored.get(by) ?? 0) + 1);
  }

  #tell(told: DetectedSecret, reading: ReadingOfSecret): void {
    if (reading.kind !== "subject") this.#values++;
    const judged = findingOf(told, reading, this.#tools, this.#idOf);
    const by = typeof judged === "string" ? judged : judged.ignoredBy;
    if (by !== null) this.#ignore(by);
    if (by !== null) this.#since.ignored.push(by);
    if (typeof judged === "string" || (by !== null && this.#input.showIgnored !== true)) return;
    if (!atLeast(judged.confidence, this.#input.minConfidence)) {
      if (by === null) this.#hidden++;
      if (by === null) this.#since.hidden++;
      return;
    }
    this.#since.findings.push(judged);
    // Loaded while there is still something to wait for; errors surface at the end, where it is awaited.
    if (this.#advised === null) (this.#advised = this.#tools.rotation()).catch(() => undefined);
    const isAlone = this.#tools.verify === null || reading.kind !== "subject";
    const near = isAlone ? {} : { beside: besideIn(reading.candidates) };
    const { image } = reading.facts;
    const hit = { finding: judged, candidate: told.candidate, part: told.part, image, ...near };
    this.#hits.push(hit);
    if (!this.#isKept(judged)) this.#input.onHit?.(hit);
  }

  #subject(source: string, { subject, facts }: SubjectReading, isRunning: boolean): void {
    this.#input.onSubject?.(subject);
    const texts = facts.advice ?? [];
    // Not for containers: they are already running.
    if (texts.length === 0 || isRunning) return;
    const brought = { source, subject: subject.name, texts };
    this.#advice.push(brought);
    this.#since.advice.push(brought);
  }

  /** Whether a source that cannot be read is reported, and the others are read. */
  #isAmongOthers(error: UnsprawlError): boolean {
    this.#unread.push(error);
    const { sources, again } = this.#input;
    return again === true ? this.#unread.length < sources.length : sources.length > 1 && OF_ONE_SOURCE.has(error.code);
  }

  #keptIn(progress: ScanProgress): CachedSubjects {
    return {
      has: (key) => progress.earlier.has(key),
      ask: async (keys) => progress.ask?.(keys),
      replay: ({ key, as }) => {
        const earlier = progress.earlier.get(key) ?? { values: 0, ...emptyCheckpoint() };
        const judged = relocatedCheckpoint(earlier, as, this.#idOf);
        this.#resumed.push(...judged.findings);
        this.#advice.push(...judged.advice);
        this.#hidden += judged.hidden;
        for (const by of judged.ignored) this.#ignore(by);
        return judged.values;
      },
      judged: (key, held) => {
        if (key !== undefined) progress.add(key, { values: held, ...this.#since });
        this.#since = emptyCheckpoint();
      },
    };
  }
}

/** Faults of what a source names, which say nothing about the other sources. */
const OF_ONE_SOURCE: ReadonlySet<string> = new Set(["malformed", "absent", "refused", "failed"]);

async function rotationOf(
  findings: readonly Finding[],
  rotation: ScanTools["rotation"],
): Promise<ScanReport["rotation"]> {
  if (findings.length === 0) return {};
  const advice = await rotation();
  const found = findings.flatMap((finding): [string, Rotation][] => {
    const service = secretService(finding);
    const general: [string, Rotation] = [finding.rule, advice(finding.rule, null)];
    return service === null ? [general] : [general, [rotationKey(finding), advice(finding.rule, service)]];
  });
  return Object.fromEntries([...new Map(found)].sort(([a], [b]) => compareText(a, b)));
}

function besideIn(candidates: readonly Candidate[]): (names: RegExp) => Secret | null {
  return (names) => candidates.find(({ name }) => names.test(name))?.value ?? null;
}
