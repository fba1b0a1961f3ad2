import { createHash } from "node:crypto";
import type { Addition, Moved, Past, Remembered } from "../contract/history.ts";
import type { Change, ChangeKind } from "../model/change.ts";
import { atLeast, SEVERITIES, type Confidence, type Finding, type Severity } from "../model/finding.ts";
import type { SubjectError } from "./read-source.ts";

/** One scan of one host, as it is remembered. */
export type Scanned = {
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
  /** What runs of this host moved. */
  readonly moved: readonly Moved[];
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
 * confidence than was looked for and a file of a layer that nobody read say nothing of it.
 * What a run keeps for rollback is neither told nor remembered.
 */
export function judge(past: Past, scanned: Scanned): Judgement {
  // A scan that began before a run was done may have read what the run took away since.
  const moved = [...past.moved, ...scanned.moved].filter((one) => one.at < scanned.at);
  const byFinding = newest(moved, ({ finding }) => finding);
  const byPrint = newest(moved, ({ fingerprint }) => fingerprint);
  const { at, host, layers } = scanned;
  const changes: Change[] = [];
  const changed: Remembered[] = [];
  const same: string[] = [];
  const tell = (kind: ChangeKind, { finding, firstSeen, times }: Remembered, run: string | null): void => {
    changes.push({ id: changeId(host, finding.id, kind, times), kind, at, host, finding, run, since: firstSeen });
  };
  const present = new Set<string>();
  const findings = scanned.findings.map((found) => {
    if (found.state === "migrated" || present.has(found.id)) return found;
    present.add(found.id);
    const before = past.findings.get(found.id) ?? null;
    const there = before !== null && before.goneAt === null;
    const run = regressedFrom(found, before, { byFinding, byPrint, since: past.since, layers });
    const again = run !== null && !(there && before.finding.state === "regressed" && before.lastSeen > run.at);
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
    if (before !== null && alike(before, remembered)) same.push(found.id);
    else changed.push(remembered);
    return finding;
  });
  for (const before of past.findings.values()) {
    if (before.goneAt !== null || present.has(before.finding.id) || !covers(scanned, before)) continue;
    const gone: Remembered = { ...before, goneAt: at };
    changed.push(gone);
    if (before.finding.state !== "ignored") tell("gone", gone, byFinding.get(before.finding.id)?.run ?? null);
  }
  return { addition: additionOf(scanned, { findings: changed, seen: same, changes }, findings), findings };
}

function additionOf(
  scanned: Scanned,
  judged: Pick<Addition, "findings" | "seen" | "changes">,
  findings: readonly Finding[],
): Addition {
  const { id, at, durationMs, sources, moved, layers, partial } = scanned;
  const counted = findings.filter(({ state }) => state !== "ignored" && state !== "migrated");
  const of = (level: Severity): number => counted.filter(({ severity }) => severity === level).length;
  const bySeverity = Object.fromEntries(SEVERITIES.map((level) => [level, of(level)])) as {
    [level in Severity]: number;
  };
  return {
    ...judged,
    moved,
    scan: {
      id,
      at,
      durationMs,
      sources: partial ? [] : sources.map(({ source }) => sourceKey(source, layers)),
      subjects: sources.reduce((sum, one) => sum + one.subjects, 0),
      errors: sources.reduce((sum, one) => sum + one.errors.length, 0),
      trend: partial ? null : { at, findings: counted.length, bySeverity },
    },
  };
}

/** The run whose work is undone by this finding; null when there is none. */
function regressedFrom(
  found: Finding,
  before: Remembered | null,
  known: {
    readonly byFinding: ReadonlyMap<string, Moved>;
    readonly byPrint: ReadonlyMap<string, Moved>;
    readonly since: Past["since"];
    readonly layers: boolean;
  },
): Moved | null {
  const own = known.byFinding.get(found.id);
  if (own !== undefined) return own;
  const moved = known.byPrint.get(found.fingerprint);
  if (moved === undefined) return null;
  if (before !== null && before.goneAt === null) return before.finding.state === "regressed" ? moved : null;
  // A place that was never looked at before that run may have held it all the time.
  const since = known.since.get(sourceKey(found.location.source, known.layers));
  return since !== undefined && since < moved.at ? moved : null;
}

/** Whether the scan would have seen this one if it were still there. */
function covers(scanned: Scanned, { finding, layers }: Remembered): boolean {
  const { location } = finding;
  if (scanned.removed.has(location.subjectId)) return true;
  if (!atLeast(finding.confidence, scanned.floor) || (layers && !scanned.layers)) return false;
  if (scanned.subjects.has(subjectKey(location))) return true;
  if (scanned.partial) return false;
  const read = scanned.sources.find(
    ({ source }) => source === location.source || (source.endsWith(":") && location.source.startsWith(source)),
  );
  if (read === undefined) return false;
  // An error without a name of its own (a document's number, the source itself) may be any subject's.
  return (
    read.errors.every(({ subject }) => subject !== location.subjectName && !NAMELESS.test(subject)) &&
    !read.errors.some(({ subject }) => subject === read.source)
  );
}

const NAMELESS = /^document \d+$/;

function alike(before: Remembered, now: Remembered): boolean {
  const of = ({ finding, goneAt, times, layers }: Remembered): string =>
    JSON.stringify([finding, goneAt, times, layers]);
  return of(before) === of(now);
}

function newest(moved: readonly Moved[], by: (one: Moved) => string): ReadonlyMap<string, Moved> {
  return new Map([...moved].sort((a, b) => (a.at < b.at ? -1 : 1)).map((one) => [by(one), one]));
}

function changeId(host: string, finding: string, kind: ChangeKind, times: number): string {
  return createHash("sha256").update(`${host}\0${finding}\0${kind}\0${times}`).digest("hex").slice(0, 24);
}
