import { randomUUID } from "node:crypto";
import type { FindingSelection, History, HostBaseline } from "../contract/history.ts";
import type { Host } from "../contract/host.ts";
import type { Change } from "../model/change.ts";
import type { Confidence, Finding, FindingState } from "../model/finding.ts";
import type { Subject } from "../model/location.ts";
import { compareScan, subjectKey, type Judgement, type HostScan } from "./changes.ts";
import { placeId } from "./finding-id.ts";
import { runIds, type Installation } from "./journal/journal.ts";
import { movedByRuns } from "./moved.ts";
import { isForgotten } from "./journal/trace.ts";
import { withFindings } from "./report.ts";
import { scan, type ScanReport } from "./scan.ts";
import type { ScanHit } from "./scan-hit.ts";
import type { ScanTools } from "./scan-tools.ts";

/** Where and for which host a scan is remembered. */
export type Memory = {
  readonly history: History;
  /** The host of the findings: a fleet host, or this machine. */
  readonly host: string;
  /** The channels that receive the changes. */
  readonly channels: readonly string[];
  /** The installation whose journals list the moves. */
  readonly installation: Installation;
};

export type RememberedScan = {
  /** Findings with their states from the history; includes ignored findings only on request. */
  readonly report: ScanReport;
  readonly hits: readonly ScanHit[];
  /** The changes to send; empty if this scan was remembered before. */
  readonly changes: readonly Change[];
};

/** The input of a scan that is compared with earlier ones. */
export type RememberInput = {
  readonly sources: readonly string[];
  readonly minConfidence: Confidence;
  readonly showIgnored: boolean;
  readonly layers: boolean;
  /** See `scan`. */
  readonly again?: boolean;
  readonly onHit?: (hit: ScanHit) => void;
  /** Reads only these subjects, by full id. */
  readonly only?: ReadonlySet<string>;
  /** Full ids of subjects known to be removed. */
  readonly removed?: ReadonlySet<string>;
  readonly id?: string;
};

/**
 * Scans and adds the result to the history; see `compareScan` for the states. `id` identifies the scan: repeated under the
 * same id (a job handed out twice), it is remembered once. Throws like `scan` and the history do; then nothing is
 * remembered.
 */
export async function scanAndRemember(
  input: RememberInput,
  tools: ScanTools,
  memory: Memory,
  host: Host,
): Promise<RememberedScan> {
  const { report, hits, scanned, about } = await observe(input, tools, memory, host);
  let judgement: Judgement | null = null;
  const added = await memory.history.remember(
    memory.host,
    scanned.id,
    memory.channels,
    (past) => {
      judgement = compareScan(past, scanned);
      return judgement.addition;
    },
    about,
  );
  // Remembered before: compare again with the same history.
  const { findings } = judgement ?? compareScan(await memory.history.past(memory.host, about), scanned);
  return { ...shown(input, report, hits, findings), changes: added?.changes ?? [] };
}

/** Scans and reports what changed since the last remembered scan, without remembering this one. */
export async function scanAndCompare(
  input: RememberInput,
  tools: ScanTools,
  memory: Memory,
  host: Host,
): Promise<RememberedScan> {
  const { report, hits, scanned, about } = await observe(input, tools, memory, host);
  const past = await memory.history.past(memory.host, about);
  const { addition, findings } = compareScan(past, scanned);
  const now = shown(input, report, hits, findings);
  return { ...now, hits: now.hits.map((hit) => withFirstSeen(hit, past)), changes: addition.changes };
}

function withFirstSeen(hit: ScanHit, { findings }: HostBaseline): ScanHit {
  const before = findings.get(hit.finding.id);
  return before === undefined ? hit : { ...hit, firstSeen: before.firstSeen };
}

async function observe(
  { removed = new Set(), id = randomUUID(), ...input }: RememberInput,
  tools: ScanTools,
  memory: Memory,
  host: Host,
): Promise<{
  readonly report: ScanReport;
  readonly hits: readonly ScanHit[];
  readonly scanned: HostScan;
  readonly about: FindingSelection;
}> {
  const subjects = new Map<string, Subject>();
  const onSubject = (one: Subject): void =>
    void subjects.set(subjectKey({ subject: one.kind, subjectName: one.name }), one);
  const { report, hits } = await scan({ ...input, showIgnored: true, onSubject }, tools, host);
  const { scannedAt: at, durationMs, sources, findings } = report;
  const { minConfidence: floor, layers, only } = input;
  const partial = only !== undefined;
  const seen = { id, host: memory.host, at, durationMs, sources, findings, removed, floor, layers, partial };
  const moved = movedByRuns(memory.installation);
  // A scrubbed run cannot be rolled back, so the history's record of its moves is final; the journal holds less.
  const scrubbed = new Set(moved.filter((one) => isForgotten(one.fingerprint)).map(({ run }) => run));
  const runs = { moved, runs: new Set(runIds(memory.installation.state).filter((run) => !scrubbed.has(run))) };
  // An event about few subjects does not need the whole history of a large host.
  const about: FindingSelection = {
    present: !partial,
    findings: findings.map((finding) => finding.id),
    names: partial ? [...subjects.values()].map(({ name }) => name) : [],
    subjects: [...removed, ...(partial ? [...subjects.values()].map((one) => one.id) : [])],
  };
  return { report, hits, about, scanned: { ...seen, ...runs, subjects: new Set(subjects.keys()) } };
}

/** The findings with their new states, without those that were not asked for. */
function shown(
  { showIgnored }: RememberInput,
  report: ScanReport,
  hits: readonly ScanHit[],
  findings: readonly Finding[],
): Pick<RememberedScan, "report" | "hits"> {
  const wanted = (finding: Finding): boolean => showIgnored || finding.state !== "ignored";
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  return {
    report: withFindings(report, findings.filter(wanted)),
    hits: hits
      .map((hit) => ({ ...hit, finding: byId.get(hit.finding.id) ?? hit.finding }))
      .filter(({ finding }) => wanted(finding)),
  };
}

/**
 * Marks findings in the very places from which this installation's runs migrated a secret as regressed. Needs no
 * history.
 */
export function markRegressed<Ran extends { readonly report: ScanReport; readonly hits: readonly ScanHit[] }>(
  ran: Ran,
  installation: Installation,
): Ran {
  const { findings, scannedAt } = ran.report;
  if (findings.length === 0) return ran;
  const moved = new Set(movedByRuns(installation).flatMap(({ finding, at }) => (at < scannedAt ? [finding] : [])));
  if (moved.size === 0) return ran;
  return withStates(ran, ({ id, name, location, state }) =>
    state === "new" && (moved.has(id) || moved.has(placeId(name, location))) ? "regressed" : state,
  );
}

/** The result with the state of each finding as returned by `stateOf`. */
export function withStates<Ran extends { readonly report: ScanReport; readonly hits: readonly ScanHit[] }>(
  ran: Ran,
  stateOf: (finding: Finding) => FindingState,
): Ran {
  const marked = (finding: Finding): Finding => {
    const state = stateOf(finding);
    return state === finding.state ? finding : { ...finding, state };
  };
  return {
    ...ran,
    report: withFindings(ran.report, ran.report.findings.map(marked)),
    hits: ran.hits.map((hit) => ({ ...hit, finding: marked(hit.finding) })),
  };
}
