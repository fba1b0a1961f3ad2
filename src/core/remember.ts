import { randomUUID } from "node:crypto";
import type { FindingSelection, History } from "../contract/history.ts";
import type { Host } from "../contract/host.ts";
import type { Change } from "../model/change.ts";
import type { Confidence, Finding, FindingState } from "../model/finding.ts";
import type { Subject } from "../model/location.ts";
import { judge, subjectKey, type Judgement, type HostScan } from "./changes.ts";
import { placeId } from "./finding-id.ts";
import { runIds, type Installation } from "./journal/journal.ts";
import { movedByRuns } from "./moved.ts";
import { FORGOTTEN } from "./journal/trace.ts";
import { withFindings } from "./report.ts";
import { scan, type ScanHit, type ScanReport, type ScanTools } from "./scan.ts";

/** Where a scan is remembered, and as whose. */
export type Memory = {
  readonly history: History;
  /** Whose findings these are: a host of the fleet, or this machine. */
  readonly host: string;
  /** The channels on which changes are to be told. */
  readonly channels: readonly string[];
  /** Whose journals say what was moved. */
  readonly installation: Installation;
};

export type RememberedScan = {
  /** Its findings in the state that the history gives them; ignored ones only when they were asked for. */
  readonly report: ScanReport;
  readonly hits: readonly ScanHit[];
  /** What is to be told; empty when this scan was remembered before. */
  readonly changes: readonly Change[];
};

/** What is asked of a scan that is compared with those before it. */
export type RememberInput = {
  readonly sources: readonly string[];
  readonly minConfidence: Confidence;
  readonly showIgnored: boolean;
  readonly layers: boolean;
  /** As `scan` has them. */
  readonly again?: boolean;
  readonly onHit?: (hit: ScanHit) => void;
  /** Reads these subjects alone, by their full ids. */
  readonly only?: ReadonlySet<string>;
  /** Full ids of subjects that are known to be no more. */
  readonly removed?: ReadonlySet<string>;
  readonly id?: string;
};

/**
 * Scans, and remembers what was seen: see `judge` for the states. `id` names the scan: one that is done again under the
 * same id (a job that was given out twice) is remembered once. Throws as `scan` and the history do; then nothing is
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
      judgement = judge(past, scanned);
      return judgement.addition;
    },
    about,
  );
  // Remembered before: its findings are what they were judged to be then.
  const { findings } = judgement ?? judge(await memory.history.past(memory.host, about), scanned);
  return { ...shown(input, report, hits, findings), changes: added?.changes ?? [] };
}

/** Scans, and says what has changed since what is remembered, which stays as it is. */
export async function scanAndCompare(
  input: RememberInput,
  tools: ScanTools,
  memory: Memory,
  host: Host,
): Promise<RememberedScan> {
  const { report, hits, scanned, about } = await observe(input, tools, memory, host);
  const { addition, findings } = judge(await memory.history.past(memory.host, about), scanned);
  return { ...shown(input, report, hits, findings), changes: addition.changes };
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
  // Nothing of a scrubbed run can be undone any more: what the history knows of it holds, which is more than its journal.
  const scrubbed = new Set(moved.filter((one) => one.fingerprint === FORGOTTEN).map(({ run }) => run));
  const runs = { moved, runs: new Set(runIds(memory.installation.state).filter((run) => !scrubbed.has(run))) };
  // Of an event there is no need to know all that a large host has.
  const about: FindingSelection = {
    present: !partial,
    findings: findings.map((finding) => finding.id),
    names: partial ? [...subjects.values()].map(({ name }) => name) : [],
    subjects: [...removed, ...(partial ? [...subjects.values()].map((one) => one.id) : [])],
  };
  return { report, hits, about, scanned: { ...seen, ...runs, subjects: new Set(subjects.keys()) } };
}

/** The findings as they were judged, without those that nobody asked for. */
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

/** Marks what runs of this installation had moved from the very place in which it was found: no history is needed. */
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

/** The same with each finding in the state that is said of it. */
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
