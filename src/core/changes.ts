import { createHash } from "node:crypto";
import { placeId } from "./finding-id.ts";
import type { Addition, MoveRecord, HostBaseline, Remembered } from "../contract/history.ts";
import type { Change, ChangeKind } from "../model/change.ts";
import { atLeast, SEVERITIES, type Confidence, type Finding, type Severity } from "../model/finding.ts";
import type { SubjectError } from "./read-source.ts";
import { concerns } from "../model/subject-ref.ts";

/** One scan of one host, as it is remembered. */
export type HostScan = {
  readonly id: string;
  readonly host: string;
  /** When it began. ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  readonly sources: readonly {
    readonly source: string;
    readonly subjects: number;
    readonly errors: readonly SubjectError[];
  }[];
  /** Ignored ones too. */
  readonly findings: readonly Finding[];
  /** The subjects that were read, as `subjectKey` calls them; of sources that do not name theirs, none. */
  readonly subjects: ReadonlySet<string>;
  /** Full ids of subjects that are known to be no more. */
  readonly removed: ReadonlySet<string>;
  /** Findings below this were not looked for. */
  readonly floor: Confidence;
  readonly layers: boolean;
  /** A few subjects of its sources alone: it says nothing of the others. */
  readonly partial: boolean;
  /** What runs of this installation moved. */
  readonly moved: readonly MoveRecord[];
  /** Every run of this installation: what one of them is not said to have moved it has brought back. */
  readonly runs: ReadonlySet<string>;
};

/** What a scan adds to the history, and its findings in the state that the history gives them. */
export type Judgement = { readonly addition: Addition; readonly findings: readonly Finding[] };

/** A subject as a whole: its kind and its name. */
export const subjectKey = ({ subject, subjectName }: { subject: string; subjectName: string }): string =>
  `${subject}\0${subjectName}`;

/** A source as it was read: with the files of images it is another. */
const sourceKey = (source: string, layers: boolean): string => (layers ? `${source} --layers` : source);

/**
 * Compares a scan with what is known of its host. Pure: the same past and scan give the same judgement.
 *
 * A secret in a place is `new` when it was never there, `known` when it was, and back (told, though its state is `new`)
 * when it was gone or ignored meanwhile. It is `regressed` when a run had moved it from this very place, or, in a place
 * where it was not before, when a run had moved the same secret and the source had been read before that run.
 * It is gone when what it was in has been read without it: another source, a subject that could not be read, a lower
 * confidence than was looked for and a file of a layer that nobody read say nothing of it. What is called otherwise by
 * now (a container that was renamed, an image whose tag has moved on) is the same, and not told.
 * What a run keeps for rollback is neither told nor remembered.
 */
export function judge(past: HostBaseline, scanned: HostScan): Judgement {
  // A scan that began before a run was done may have read what the run took away since.
  const elsewhere = past.moved.filter(({ run }) => !scanned.runs.has(run));
  const moved = [...elsewhere, ...scanned.moved].filter((one) => one.at < scanned.at);
  const byFinding = newest(moved, ({ finding }) => finding);
  const byPrint = newest(moved, ({ fingerprint }) => fingerprint);
  const { at, host, layers } = scanned;
  const changes: Change[] = [];
  const changed: Remembered[] = [];
  const unchanged: string[] = [];
  const tell = (kind: ChangeKind, { finding, firstSeen, times }: Remembered, run: string | null): void => {
    changes.push({ id: changeId(host, finding.id, kind, times), kind, at, host, finding, run, since: firstSeen });
  };
  const present = new Map<string, Finding>();
  const otherNames = new Renamed(past, scanned);
  const findings = scanned.findings.map((found) => {
    if (found.state === "migrated") return found;
    const same = present.get(found.id);
    // Read through another source as well.
    if (same !== undefined) return { ...found, state: same.state };
    const before = past.findings.get(found.id) ?? otherNames.take(found);
    const there = before !== null && before.goneAt === null;
    const run = regressedFrom(found, before, { byFinding, byPrint, since: past.since, layers });
    const toldBefore = there && before.finding.state === "regressed";
    // Told already, it is told again only when it was moved again from this very place.
    const again = run !== null && !(toldBefore && (before.lastSeen > run.at || run.finding !== found.id));
    const back = before !== null && (!there || before.finding.state === "ignored");
    const counts = found.state !== "ignored";
    const told = counts && (again || back || before === null);
    const state = !counts ? "ignored" : run !== null ? "regressed" : there && !back ? "known" : "new";
    const finding: Finding = { ...found, state };
    const remembered: Remembered = {
      finding,
      firstSeen: before?.firstSeen ?? at,
      lastSeen: at,
      goneAt: null,
      times: (before?.times ?? 0) + (told || !there ? 1 : 0),
      layers: layers && finding.location.where === "file",
    };
    if (told) tell(again ? "regressed" : back ? "back" : "new", remembered, again ? run.run : null);
    if (before !== null && alike(before, remembered)) unchanged.push(found.id);
    else changed.push(remembered);
    present.set(found.id, finding);
    return finding;
  });
  for (const [id, before] of past.findings) {
    if (before.goneAt !== null || present.has(id)) continue;
    const renamed = otherNames.taken.has(id);
    if (!renamed && !covers(scanned, before)) {
      present.set(id, before.finding);
      continue;
    }
    const gone: Remembered = { ...before, goneAt: at };
    changed.push(gone);
    if (!renamed && before.finding.state !== "ignored") tell("gone", gone, byFinding.get(id)?.run ?? null);
  }
  const knownMoves = new Set(past.moved.map(moveKey));
  const own = new Set(scanned.moved.map(moveKey));
  const moves = {
    moved: scanned.moved.filter((one) => !knownMoves.has(moveKey(one))),
    undone: past.moved.filter((one) => scanned.runs.has(one.run) && !own.has(moveKey(one))),
  };
  const judged = { findings: changed, seen: unchanged, changes, ...moves };
  return { addition: { ...judged, scan: scanOf(scanned, [...present.values()]) }, findings };
}

const moveKey = ({ run, finding }: MoveRecord): string => `${run}\0${finding}`;

/** Findings that are there under another id by now: the same secret, name and sort of place, in a subject of the same id. */
class Renamed {
  /** The ids that they had. */
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

/** The scan itself; a whole one is a point of the trend, of all that is there on its host. */
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

/** The run whose work is undone by this finding; null when there is none. */
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
  // A place that was never looked at before that run may have held it all the time. Only files need the layers' scan.
  const { source, where } = found.location;
  const looks = where === "file" ? [known.layers] : [true, false];
  const since = looks.flatMap((layers) => known.since.get(sourceKey(source, layers)) ?? []);
  return since.some((first) => first < moved.at) ? moved : null;
}

/** Whether the scan would have seen this one if it were still there. */
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
