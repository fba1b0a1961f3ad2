import { createHash } from "node:crypto";
import { placeId } from "./finding-id.ts";
import type { Addition, MoveRecord, HostBaseline, Remembered } from "../contract/history.ts";
import type { Change, ChangeKind } from "../model/change.ts";
import { atLeast, SEVERITIES, type Confidence, type Finding, type Severity } from "../model/finding.ts";
import type { SubjectError } from "./read-source.ts";
import { concerns } from "../model/subject-ref.ts";

/** One scan of one host, as added to the history. */
export type HostScan = {
  readonly id: string;
  readonly host: string;
  /** Start time. ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  readonly sources: readonly {
    readonly source: string;
    readonly subjects: number;
    readonly errors: readonly SubjectError[];
  }[];
  /** Includes ignored findings. */
  readonly findings: readonly Finding[];
  /** The `subjectKey`s of the subjects that were read; empty for sources whose subjects have no names. */
  readonly subjects: ReadonlySet<string>;
  /** Full ids of subjects known to be removed. */
  readonly removed: ReadonlySet<string>;
  /** Findings below this confidence were not collected. */
  readonly floor: Confidence;
  readonly layers: boolean;
  /** Only selected subjects were scanned: this says nothing about the others. */
  readonly partial: boolean;
  /** Moves by this installation's runs. */
  readonly moved: readonly MoveRecord[];
  /** All runs of this installation. A known move of one of them that is missing from `moved` has been rolled back. */
  readonly runs: ReadonlySet<string>;
};

/** What a scan adds to the history, and its findings with their resulting states. */
export type Judgement = { readonly addition: Addition; readonly findings: readonly Finding[] };

/** Identifies a subject by kind and name. */
export const subjectKey = ({ subject, subjectName }: { subject: string; subjectName: string }): string =>
  `${subject}\0${subjectName}`;

/** Identifies a source; with image layers it counts as a different source. */
const sourceKey = (source: string, layers: boolean): string => (layers ? `${source} --layers` : source);

/**
 * Compares a scan with the history of its host. Pure: equal arguments give an equal result.
 *
 * `new`: never seen here before. `known`: seen in the last scan that covered it. `back`: was gone or ignored in between
 * (sent as a change; the finding's state is `new`). `regressed`: a run had migrated it from this very place; or, in a
 * place where it was not known, a run had migrated the same secret and the source had been scanned before that run.
 *
 * `gone`: the scan covered its place without finding it. Another source, an unreadable subject, a higher confidence
 * floor, or a scan without layers do not cover it. A finding under a new name (a renamed container, a moved tag) is the
 * same finding and causes no change. What a run keeps for rollback is neither sent nor remembered.
 */
export function compareScan(past: HostBaseline, scanned: HostScan): Judgement {
  const comparison = new Comparison(past, scanned);
  const findings = scanned.findings.map((found) => comparison.judge(found));
  comparison.compareGone();
  return { addition: comparison.addition(), findings };
}

class Comparison {
  readonly #past: HostBaseline;
  readonly #scanned: HostScan;
  readonly #byFinding: ReadonlyMap<string, MoveRecord>;
  readonly #byPrint: ReadonlyMap<string, MoveRecord>;
  readonly #changes: Change[] = [];
  readonly #changed: Remembered[] = [];
  readonly #unchanged: string[] = [];
  readonly #present = new Map<string, Finding>();
  readonly #otherNames: Renamed;

  constructor(past: HostBaseline, scanned: HostScan) {
    // A scan that began before a move was done may have read the value before it was removed.
    const elsewhere = past.moved.filter(({ run }) => !scanned.runs.has(run));
    const moved = [...elsewhere, ...scanned.moved].filter((one) => one.at < scanned.at);
    this.#past = past;
    this.#scanned = scanned;
    this.#byFinding = newest(moved, ({ finding }) => finding);
    this.#byPrint = newest(moved, ({ fingerprint }) => fingerprint);
    this.#otherNames = new Renamed(past, scanned);
  }

  /** A finding with its state; what is to be sent and remembered of it is noted. */
  judge(found: Finding): Finding {
    if (found.state === "migrated") return found;
    const same = this.#present.get(found.id);
    // Also read through another source.
    if (same !== undefined) return { ...found, state: same.state };
    const before = this.#past.findings.get(found.id) ?? this.#otherNames.take(found);
    const { kind, state, run } = this.#judged(found, before);
    const finding: Finding = { ...found, state };
    const { at, layers } = this.#scanned;
    const isSeen = before !== null && before.goneAt === null;
    const remembered: Remembered = {
      finding,
      firstSeen: before?.firstSeen ?? at,
      lastSeen: at,
      goneAt: null,
      times: (before?.times ?? 0) + (kind !== null || !isSeen ? 1 : 0),
      layers: layers && finding.location.where === "file",
    };
    if (kind !== null) this.#tell(kind, remembered, run);
    if (before !== null && alike(before, remembered)) this.#unchanged.push(found.id);
    else this.#changed.push(remembered);
    this.#present.set(found.id, finding);
    return finding;
  }

  /** What was known and is not there, as far as the scan covers it. */
  compareGone(): void {
    for (const [id, before] of this.#past.findings) {
      if (before.goneAt !== null || this.#present.has(id)) continue;
      const renamed = this.#otherNames.taken.has(id);
      if (!renamed && !covers(this.#scanned, before)) {
        this.#present.set(id, before.finding);
        continue;
      }
      const gone: Remembered = { ...before, goneAt: this.#scanned.at };
      this.#changed.push(gone);
      if (!renamed && before.finding.state !== "ignored")
        this.#tell("gone", gone, this.#byFinding.get(id)?.run ?? null);
    }
  }

  addition(): Addition {
    const [past, scanned] = [this.#past, this.#scanned];
    const knownMoves = new Set(past.moved.map(moveKey));
    const own = new Set(scanned.moved.map(moveKey));
    return {
      findings: this.#changed,
      seen: this.#unchanged,
      changes: this.#changes,
      moved: scanned.moved.filter((one) => !knownMoves.has(moveKey(one))),
      undone: past.moved.filter((one) => scanned.runs.has(one.run) && !own.has(moveKey(one))),
      scan: scanOf(scanned, [...this.#present.values()]),
    };
  }

  /** The state of a finding, and the change to send; null for none. */
  #judged(
    found: Finding,
    before: Remembered | null,
  ): { readonly kind: ChangeKind | null; readonly state: Finding["state"]; readonly run: string | null } {
    const moves = { byFinding: this.#byFinding, byPrint: this.#byPrint };
    const run = regressedFrom(found, before, { ...moves, since: this.#past.since, layers: this.#scanned.layers });
    if (found.state === "ignored") return { kind: null, state: "ignored", run: null };
    const there = before !== null && before.goneAt === null;
    const back = before !== null && (!there || before.finding.state === "ignored");
    const state = run !== null ? "regressed" : there && !back ? "known" : "new";
    const reportedBefore = there && before.finding.state === "regressed";
    // A regression is sent again only if the secret was since migrated again from this very place.
    if (run !== null && !(reportedBefore && (before.lastSeen > run.at || run.finding !== found.id)))
      return { kind: "regressed", state, run: run.run };
    return { kind: back ? "back" : before === null ? "new" : null, state, run: null };
  }

  #tell(kind: ChangeKind, { finding, firstSeen, times }: Remembered, run: string | null): void {
    const { host, at } = this.#scanned;
    const id = changeId(host, finding.id, kind, times);
    this.#changes.push({ id, kind, at, host, finding, run, since: firstSeen });
  }
}

const moveKey = ({ run, finding }: MoveRecord): string => `${run}\0${finding}`;

/** Matches findings whose id changed: same secret, name and kind of place, in a subject with the same id. */
class Renamed {
  /** The previous ids of matched findings. */
  readonly taken = new Set<string>();
  readonly #left = new Map<string, Remembered[]>();

  constructor(past: HostBaseline, { findings }: HostScan) {
    const ids = new Set(findings.map(({ id }) => id));
    for (const [id, one] of past.findings) {
      if (one.goneAt !== null || ids.has(id)) continue;
      const key = Renamed.#key(one.finding);
      this.#left.set(key, [...(this.#left.get(key) ?? []), one]);
    }
  }

  take(found: Finding): Remembered | null {
    const before = this.#left.get(Renamed.#key(found))?.shift() ?? null;
    if (before !== null) this.taken.add(before.finding.id);
    return before;
  }

  static #key({ fingerprint, name, location: { subject, subjectId, where } }: Finding): string {
    return [subject, subjectId, where, name, fingerprint].join("\0");
  }
}

/** The record of the scan itself. A complete scan is also a point of the trend, counting all findings on its host. */
function scanOf(scanned: HostScan, present: readonly Finding[]): Addition["scan"] {
  const { id, at, durationMs, sources, layers, partial } = scanned;
  const counted = present.filter(({ state }) => state !== "ignored");
  const of = (level: Severity): number => counted.filter(({ severity }) => severity === level).length;
  const bySeverity = Object.fromEntries(SEVERITIES.map((level) => [level, of(level)])) as {
    [level in Severity]: number;
  };
  return {
    id,
    at,
    durationMs,
    sources: partial ? [] : sources.map(({ source }) => sourceKey(source, layers)),
    subjects: sources.reduce((sum, one) => sum + one.subjects, 0),
    errors: sources.reduce((sum, one) => sum + one.errors.length, 0),
    trend: partial ? null : { at, findings: counted.length, bySeverity },
  };
}

/** The move that this finding reverts, or null. */
function regressedFrom(
  found: Finding,
  before: Remembered | null,
  known: {
    readonly byFinding: ReadonlyMap<string, MoveRecord>;
    readonly byPrint: ReadonlyMap<string, MoveRecord>;
    readonly since: HostBaseline["since"];
    readonly layers: boolean;
  },
): MoveRecord | null {
  const own = known.byFinding.get(found.id) ?? known.byFinding.get(placeId(found.name, found.location));
  if (own !== undefined) return { ...own, finding: found.id };
  const moved = known.byPrint.get(found.fingerprint);
  if (moved === undefined) return null;
  if (before !== null && before.goneAt === null) return before.finding.state === "regressed" ? moved : null;
  // A place not scanned before the run may have held the value all along. Only findings in files depend on a scan with
  // layers.
  const { source, where } = found.location;
  const looks = where === "file" ? [known.layers] : [true, false];
  const since = looks.flatMap((layers) => known.since.get(sourceKey(source, layers)) ?? []);
  return since.some((first) => first < moved.at) ? moved : null;
}

/** Whether the scan would have found this if it were still there. */
function covers(scanned: HostScan, { finding, layers }: Remembered): boolean {
  const { location } = finding;
  if (scanned.removed.has(location.subjectId)) return true;
  if (!atLeast(finding.confidence, scanned.floor) || (layers && !scanned.layers)) return false;
  if (scanned.sources.some(({ errors }) => errors.some(({ about }) => concerns(about, location)))) return false;
  if (scanned.subjects.has(subjectKey(location))) return true;
  if (scanned.partial) return false;
  const read = scanned.sources.find(
    ({ source }) => source === location.source || (source.endsWith(":") && location.source.startsWith(source)),
  );
  return read !== undefined && read.errors.every(({ about }) => about.kind !== "any");
}

function alike(before: Remembered, now: Remembered): boolean {
  const of = ({ finding, goneAt, times, layers }: Remembered): string =>
    JSON.stringify([finding, goneAt, times, layers]);
  return of(before) === of(now);
}

function newest(moved: readonly MoveRecord[], by: (one: MoveRecord) => string): ReadonlyMap<string, MoveRecord> {
  return new Map([...moved].sort((a, b) => (a.at < b.at ? -1 : 1)).map((one) => [by(one), one]));
}

function changeId(host: string, finding: string, kind: ChangeKind, times: number): string {
  return createHash("sha256").update(`${host}\0${finding}\0${kind}\0${times}`).digest("hex").slice(0, 24);
}
