import type { Host } from "../contract/host.ts";
import type { SubjectReading } from "../contract/source.ts";
import type { DetectedSecret, FastSource, Inspect, ReadingOfSecret } from "../fast/index.ts";
import { bare, cmd } from "../kit/shell.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import type { Candidate } from "../model/candidate.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { atLeast, type Confidence, type Finding, type Rotation } from "../model/finding.ts";
import type { Subject, SubjectFacts } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import { rotationKey, secretService, type SecretService } from "../model/secret-service.ts";
import { findingIds } from "./finding-id.ts";
import { findingOf } from "./finding-of.ts";
import { withLiveness, type Verify } from "./liveness.ts";
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

export type { ScanReport, SubjectError };

/** A finding together with its value. Exists only in memory. */
export type ScanHit = {
  readonly finding: Finding;
  readonly candidate: Candidate;
  /** The secret part of the value. */
  readonly part: Secret;
  /** The image of its container; null or absent if there is none or it is unknown. */
  readonly image?: string | null;
  /** Another variable of the same subject whose name matches; set only for `--verify`. */
  readonly beside?: (names: RegExp) => Secret | null;
  /** When the finding was first seen, ISO 8601; absent where no earlier scan knows it. */
  readonly firstSeen?: string;
};

export type ScanTools = {
  readonly sources: readonly FastSource[];
  /** Classifies what the sources yield. */
  readonly inspect: Inspect;
  readonly key: FingerprintKey;
  /** The fleet host of the sources, as recorded in findings; absent for this machine. */
  readonly host?: string;
  /**
   * Registers every value that is a secret at any confidence, so that faces can redact it. `whole`: the value is a
   * whole command line.
   */
  readonly know: (value: Secret, whole: boolean) => void;
  /** Why a run keeps the subject of this name, such as "kept by run X until scrub"; null for all others. */
  readonly keptBy: (subjectName: string) => string | null;
  /** Whether a subject that `keptBy` knows is kept by a run of this installation: then its findings only count as a copy. */
  readonly isOwnCopy?: (subjectName: string) => boolean;
  /** Checks whether secrets are live; null if not requested. */
  readonly verify: Verify | null;
  /** Why a finding is ignored, or null. */
  readonly ignoredBy: (finding: Finding, facts: SubjectFacts) => string | null;
  /** How to rotate what a rule finds, at a service if that is known. */
  readonly rotation: () => Promise<(rule: string, service?: SecretService | null) => Rotation>;
  /** Notes on the settings for the report. */
  readonly notes: () => Promise<readonly string[]>;
  /** Opens the saved progress of a long scan of one source; absent if scans cannot be resumed. */
  readonly progress?: (settings: readonly unknown[]) => Promise<ScanProgress>;
};

/**
 * Reads the sources and classifies every value. Findings below `minConfidence` are only counted, as hidden. A subject
 * that cannot be read is reported in `sources[].errors`. A source that cannot be read at all throws, unless it is
 * malformed, absent or refused and there are other sources: then it is reported the same way.
 */
export async function scan(
  input: {
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
  let since = emptyCheckpoint();
  let idOf = findingIds(tools.key);
  let advised: ReturnType<ScanTools["rotation"]> | null = null;
  const isKept = (finding: Finding): boolean => withoutKept([finding], tools.isOwnCopy).copies > 0;
  const tell = (told: DetectedSecret, reading: ReadingOfSecret): void => {
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
    // Loaded while there is still something to wait for; errors surface at the end, where it is awaited.
    if (advised === null) (advised = tools.rotation()).catch(() => undefined);
    const near = tools.verify === null || reading.kind !== "subject" ? {} : { beside: besideIn(reading.candidates) };
    const { image } = reading.facts;
    const hit = { finding: judged, candidate: told.candidate, part: told.part, image, ...near };
    hits.push(hit);
    if (!isKept(judged)) input.onHit?.(hit);
  };
  const { inspect, verify } = tools;
  const again = input.again === true;
  const options = { layers: input.layers === true, mayBeEmpty: again, ...(input.only && { only: input.only }) };
  const unread: UnsprawlError[] = [];
  const among = (error: UnsprawlError): boolean => {
    unread.push(error);
    return again ? unread.length < input.sources.length : input.sources.length > 1 && OF_ONE_SOURCE.has(error.code);
  };
  const reading = { inspect, tell, neighbours: verify !== null, among, options };
  const chosen = input.sources.map((spec) => [spec, resolve(spec, tools.sources)] as const);
  if (options.layers) withLayers(chosen, tools.sources);
  const keptIn = (progress: ScanProgress): CachedSubjects => ({
    has: (key) => progress.earlier.has(key),
    ask: async (keys) => progress.ask?.(keys),
    replay({ key, as }) {
      const judged = relocatedCheckpoint(progress.earlier.get(key) ?? { values: 0, ...emptyCheckpoint() }, as, idOf);
      resumed.push(...judged.findings);
      advice.push(...judged.advice);
      hidden += judged.hidden;
      for (const by of judged.ignored) ignored.set(by, (ignored.get(by) ?? 0) + 1);
      return judged.values;
    },
    judged(key, held) {
      if (key !== undefined) progress.add(key, { values: held, ...since });
      since = emptyCheckpoint();
    },
  });
  for (const [spec, one] of chosen) {
    // Restarted per source, so that a finding read through two sources has one id.
    idOf = findingIds(tools.key);
    const subject = (read: SubjectReading): void => {
      input.onSubject?.(read.subject);
      const texts = read.facts.advice ?? [];
      // Not for containers: they are already running.
      if (texts.length === 0 || one.source.running === true) return;
      const brought = { source: spec, subject: read.subject.name, texts };
      advice.push(brought);
      since.advice.push(brought);
    };
    // Findings in layers are classified apart from their subject, so such a scan cannot resume.
    const open = one.source.resumable && !options.layers ? tools.progress : undefined;
    const progress = (await open?.([spec, input.minConfidence, input.showIgnored === true])) ?? null;
    if (progress?.left) host.emit(interruptedScanEvent(spec, progress.left));
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
  hits.sort((a, b) => compareFindings(a.finding, b.finding));
  const all = [...hits.map((hit) => hit.finding), ...resumed];
  if (resumed.length > 0) all.sort(compareFindings);
  const { findings, copies } = withoutKept(all, tools.isOwnCopy);
  const bare: BareReport = {
    version: 1,
    scannedAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    sources,
    rotation: await rotationOf(findings, () => advised ?? tools.rotation()),
    ignored: [...ignored]
      .map(([by, count]) => ({ by, count }))
      .sort((a, b) => b.count - a.count || compareText(a.by, b.by)),
    // What an old copy would run as is nothing to act on.
    advice: advice.filter(({ subject }) => tools.isOwnCopy?.(subject) !== true),
    notes: await tools.notes(),
    summary: {
      subjects: sources.reduce((sum, one) => sum + one.subjects, 0),
      values,
      hidden,
      kept: copies,
      ignored: [...ignored.values()].reduce((sum, count) => sum + count, 0),
    },
  };
  return { report: withFindings(bare, findings), hits: hits.filter(({ finding }) => !isKept(finding)) };
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

/** Throws `usage` for a source without layers, before anything is read. */
function withLayers(
  chosen: readonly (readonly [spec: string, { readonly source: FastSource }])[],
  sources: readonly FastSource[],
): void {
  const without = chosen.find(([, { source }]) => source.layers !== true);
  if (without === undefined) return;
  const kinds = sources.flatMap((one) => (one.layers === true ? [`${one.kind}:`] : [])).join(" ");
  throw new UnsprawlError("usage", `${without[0]} has no layers`, cmd`--layers goes with ${bare(kinds)}`);
}

/**
 * Splits `kind:what` and finds the source of that kind. A bare word is ambiguous, so it throws `usage` with what to
 * type.
 */
function resolve(spec: string, sources: readonly FastSource[]): { readonly source: FastSource; readonly what: string } {
  const at = spec.indexOf(":");
  const kind = at < 0 ? "" : spec.slice(0, at);
  const source = sources.find((one) => one.kind === kind);
  if (source) return { source, what: spec.slice(at + 1) };
  const kinds = sources.map((one) => `${one.kind}:`).join(" ");
  const near =
    at < 0
      ? null
      : nearestWord(
          kind,
          sources.map((one) => one.kind),
        );
  const known =
    near === null ? cmd`known sources: ${bare(kinds)}` : cmd`did you mean ${`${near}:${spec.slice(at + 1)}`}?`;
  const hint = at < 0 ? cmd`${bare(whatIs(spec))}${spec}` : known;
  throw new UnsprawlError("usage", `not a source: ${JSON.stringify(spec)}`, hint);
}

/** What a bare word may be meant for, by its form. */
function whatIs(word: string): string {
  if (/(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/.test(word)) return "for a Compose project: compose:";
  if (/(?:^|[./-])env$/.test(word)) return "for an env file: env:";
  if (word.endsWith(".sh")) return "for a script: script:";
  return /^\.{0,2}(?:\/|$)|^\.$|\//.test(word) ? "for a folder: dir:" : "for a container: docker:";
}
