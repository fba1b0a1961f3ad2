import type { WorkerPool, Detector, DetectedSecret } from "../contract/detector.ts";
import type { Host } from "../contract/host.ts";
import type { Source, SubjectReading } from "../contract/source.ts";
import { bare, cmd } from "../kit/shell.ts";
import type { Candidate } from "../model/candidate.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { atLeast, type Confidence, type Finding, type Rotation } from "../model/finding.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import { findingIds } from "./finding-id.ts";
import { findingOf } from "./finding-of.ts";
import { withLiveness, type Verify } from "./liveness.ts";
import type { FileReading, FoundReading } from "../fast/lane.ts";
import { byText, compare, withFindings, type BareReport, type ScanReport } from "./report.ts";
import { readSource, type CachedSubjects, type SubjectError } from "./read-source.ts";
import { calledHere, interrupted, checkpointEvent, nothing, type ScanProgress } from "./scan-progress.ts";

export type { ScanReport, SubjectError };

/** A finding and its value, side by side in memory. */
export type ScanHit = {
  readonly finding: Finding;
  readonly candidate: Candidate;
  /** The secret part of the value. */
  readonly part: Secret;
  /** The image that its container was made from; null or absent when there is none, or it is not known. */
  readonly image?: string | null;
  /** Another variable of the same subject by its name; kept only for `--verify`. */
  readonly beside?: (names: RegExp) => Secret | null;
};

export type ScanTools = {
  readonly sources: readonly Source[];
  /** Loaded while the first source answers: its rules take about as long to load. */
  readonly detector: () => Promise<Detector>;
  /** As in `ReadSourceTools`. */
  readonly tuned: boolean;
  readonly key: FingerprintKey;
  /** The host of the fleet that the sources are on, as findings name it; absent for this machine. */
  readonly host?: string;
  /** Opened when the work is large, or files are read. */
  readonly crew: () => Promise<WorkerPool>;
  /** Told of every value that is a secret at any confidence, so that the faces can redact it. */
  readonly know: (value: Secret, whole: boolean) => void;
  /** Says of a subject's name why it is kept, such as "kept by run X until scrub"; null for all others. */
  readonly keptBy: (subjectName: string) => string | null;
  /** Asks whether secrets are live; null when nobody wants to know. */
  readonly verify: Verify | null;
  /** Says why a finding is ignored, or null. */
  readonly ignoredBy: (finding: Finding, facts: SubjectFacts) => string | null;
  /** How to rotate what a rule finds. */
  readonly rotation: () => Promise<(rule: string) => Rotation>;
  /** What a person should know of the settings. */
  readonly notes: () => Promise<readonly string[]>;
  /** Where a long scan of one source is kept while it goes on; absent when it cannot be gone on with. */
  readonly progress?: (settings: readonly unknown[]) => Promise<ScanProgress>;
};

/**
 * Reads the sources and classifies every value in them. Findings below `minConfidence` are counted as hidden.
 * A source that cannot be read at all throws; a subject that cannot be read is in `sources[].errors`, and so is a source
 * that is malformed altogether when there are others.
 */
export async function scan(
  input: {
    readonly sources: readonly string[];
    readonly minConfidence: Confidence;
    /** Lists ignored findings too, in state `ignored`; else they are only counted. */
    readonly showIgnored?: boolean;
    /** Reads the files of images too. Throws `usage` when a source has none. */
    readonly layers?: boolean;
    readonly onHit?: (hit: ScanHit) => void;
    /** Told of each subject that was read whole and has a name of its own, before its findings. */
    readonly onSubject?: (subject: Subject) => void;
    /** Reads these subjects alone, by the engine's full id: for sources that can. */
    readonly only?: ReadonlySet<string>;
    /**
     * It is done again and again: an engine in which nothing is called so is empty, and a source that cannot be read is
     * an error among others. Only when none can be read does the last one's error throw.
     */
    readonly again?: boolean;
  },
  tools: ScanTools,
  host: Host,
): Promise<{ readonly report: ScanReport; readonly hits: readonly ScanHit[] }> {
  const started = Date.now();
  let hits: ScanHit[] = [];
  const sources: ScanReport["sources"][number][] = [];
  const ignored = new Map<string, number>();
  const advice: ScanReport["advice"][number][] = [];
  let values = 0;
  let hidden = 0;
  const resumed: Finding[] = [];
  let since = nothing();
  let idOf = findingIds(tools.key);
  let advised: ReturnType<ScanTools["rotation"]> | null = null;
  const tell = (told: DetectedSecret, reading: SubjectReading | FileReading | FoundReading): void => {
    if (reading.kind !== "subject") values++;
    const judged = findingOf(told, reading, tools, idOf);
    const by = typeof judged === "string" ? judged : judged.ignoredBy;
    if (by !== null) ignored.set(by, (ignored.get(by) ?? 0) + 1);
    if (by !== null) since.ignored.push(by);
    if (typeof judged === "string" || (by !== null && input.showIgnored !== true)) return;
    if (!atLeast(judged.confidence, input.minConfidence)) {
      if (by === null) hidden++;
      if (by === null) since.hidden++;
      return;
    }
    since.findings.push(judged);
    // Loaded while there is still something to wait for; told at the end, where it is awaited.
    if (advised === null) (advised = tools.rotation()).catch(() => undefined);
    const near = tools.verify === null || reading.kind !== "subject" ? {} : { beside: besideIn(reading.candidates) };
    const { image } = reading.facts;
    const hit = { finding: judged, candidate: told.candidate, part: told.part, image, ...near };
    hits.push(hit);
    input.onHit?.(hit);
  };
  const { detector, tuned, crew, verify } = tools;
  const again = input.again === true;
  const options = { layers: input.layers === true, mayBeEmpty: again, ...(input.only && { only: input.only }) };
  const unread: UnsprawlError[] = [];
  const among = (error: UnsprawlError): boolean => {
    unread.push(error);
    return again ? unread.length < input.sources.length : input.sources.length > 1 && error.code === "malformed";
  };
  const reading = { detector, tuned, crew, tell, apart: verify === null, among, options };
  const chosen = input.sources.map((spec) => [spec, resolve(spec, tools.sources)] as const);
  if (options.layers) withLayers(chosen, tools.sources);
  const keptIn = (progress: ScanProgress): CachedSubjects => ({
    has: (key) => progress.earlier.has(key),
    ask: async (keys) => progress.ask?.(keys),
    replay({ key, as }) {
      const judged = calledHere(progress.earlier.get(key) ?? { values: 0, ...nothing() }, as, idOf);
      resumed.push(...judged.findings);
      advice.push(...judged.advice);
      hidden += judged.hidden;
      for (const by of judged.ignored) ignored.set(by, (ignored.get(by) ?? 0) + 1);
      return judged.values;
    },
    judged(key, held) {
      if (key !== undefined) progress.add(key, { values: held, ...since });
      since = nothing();
    },
  });
  for (const [spec, one] of chosen) {
    // What two sources have in common has one id in both.
    idOf = findingIds(tools.key);
    const subject = (read: SubjectReading): void => {
      input.onSubject?.(read.subject);
      const texts = read.facts.advice ?? [];
      // Of containers' images nobody asks what they would bring: they run already.
      if (texts.length === 0 || one.source.running === true) return;
      const brought = { source: spec, subject: read.subject.name, texts };
      advice.push(brought);
      since.advice.push(brought);
    };
    // What lies in layers is judged apart from its subject.
    const open = one.source.resumable && !options.layers ? tools.progress : undefined;
    const progress = (await open?.([spec, input.minConfidence, input.showIgnored === true])) ?? null;
    if (progress?.left) host.emit(interrupted(spec, progress.left));
    const own = { ...reading, subject, kept: progress && keptIn(progress) };
    const { values: held, ...told } = await readSource(spec, one, own, host).catch((error: unknown) => {
      if (progress && progress.kept > 0) host.emit(checkpointEvent(spec, progress.kept));
      throw error;
    });
    progress?.end();
    sources.push(told);
    values += held;
  }
  if (tools.verify !== null) hits = await withLiveness(hits, tools.verify, host);
  hits.sort((a, b) => compare(a.finding, b.finding));
  const findings = [...hits.map((hit) => hit.finding), ...resumed];
  if (resumed.length > 0) findings.sort(compare);
  const bare: BareReport = {
    version: 1,
    scannedAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    sources,
    rotation: await rotationOf(findings, () => advised ?? tools.rotation()),
    ignored: [...ignored].map(([by, count]) => ({ by, count })).sort((a, b) => b.count - a.count || byText(a.by, b.by)),
    advice,
    notes: await tools.notes(),
    summary: {
      subjects: sources.reduce((sum, one) => sum + one.subjects, 0),
      values,
      hidden,
      ignored: [...ignored.values()].reduce((sum, count) => sum + count, 0),
    },
  };
  return { report: withFindings(bare, findings), hits };
}

async function rotationOf(
  findings: readonly Finding[],
  rotation: ScanTools["rotation"],
): Promise<ScanReport["rotation"]> {
  if (findings.length === 0) return {};
  const [rules, advice] = [new Set(findings.map(({ rule }) => rule)), await rotation()];
  return Object.fromEntries([...rules].sort().map((rule) => [rule, advice(rule)]));
}

function besideIn(candidates: readonly Candidate[]): (names: RegExp) => Secret | null {
  return (names) => candidates.find(({ name }) => names.test(name))?.value ?? null;
}

/** Throws `usage` for a source that has no layers: nothing has been read by then. */
function withLayers(
  chosen: readonly (readonly [spec: string, { readonly source: Source }])[],
  sources: readonly Source[],
): void {
  const without = chosen.find(([, { source }]) => source.layers !== true);
  if (without === undefined) return;
  const kinds = sources.flatMap((one) => (one.layers === true ? [`${one.kind}:`] : [])).join(" ");
  throw new UnsprawlError("usage", `${without[0]} has no layers`, cmd`--layers goes with ${bare(kinds)}`);
}

/** `kind:what` → the source of that kind. A bare word could be anything, so it is an error that says what to type. */
function resolve(spec: string, sources: readonly Source[]): { readonly source: Source; readonly what: string } {
  const at = spec.indexOf(":");
  const kind = at < 0 ? "" : spec.slice(0, at);
  const source = sources.find((one) => one.kind === kind);
  if (source) return { source, what: spec.slice(at + 1) };
  const kinds = sources.map((one) => `${one.kind}:`).join(" ");
  const hint = at < 0 ? cmd`for a container: docker:${spec}` : cmd`known sources: ${bare(kinds)}`;
  throw new UnsprawlError("usage", `not a source: ${JSON.stringify(spec)}`, hint);
}
