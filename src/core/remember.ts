import { randomUUID } from "node:crypto";
import type { About, History } from "../contract/history.ts";
import type { Host } from "../contract/host.ts";
import type { Change } from "../model/change.ts";
import type { Confidence, Finding } from "../model/finding.ts";
import { judge, subjectKey, type Judgement } from "./changes.ts";
import { movedByRuns } from "./moved.ts";
import { withFindings } from "./report.ts";
import { scan, type Hit, type ScanReport, type ScanTools } from "./scan.ts";

/** Where a scan is remembered, and as whose. */
export type Memory = {
  readonly history: History;
  /** Whose findings these are: a host of the fleet, or this machine. */
  readonly host: string;
  /** The channels on which changes are to be told. */
  readonly channels: readonly string[];
  /** The state folder, whose journals say what was moved. */
  readonly state: string;
};

export type RememberedScan = {
  /** Its findings in the state that the history gives them; ignored ones only when they were asked for. */
  readonly report: ScanReport;
  readonly hits: readonly Hit[];
  /** What is to be told; empty when this scan was remembered before. */
  readonly changes: readonly Change[];
};

/**
 * Scans, and remembers what was seen: see `judge` for the states. `id` names the scan: one that is done again under the
 * same id (a job that was given out twice) is remembered once. Throws as `scan` and the history do; then nothing is
 * remembered.
 */
export async function scanAndRemember(
  input: {
    readonly sources: readonly string[];
    readonly minConfidence: Confidence;
    readonly showIgnored: boolean;
    readonly layers: boolean;
    /** As `scan` has it. */
    readonly again?: boolean;
    /** Reads these subjects alone, by their full ids. */
    readonly only?: ReadonlySet<string>;
    /** Full ids of subjects that are known to be no more. */
    readonly removed?: ReadonlySet<string>;
    readonly id?: string;
  },
  tools: ScanTools,
  memory: Memory,
  host: Host,
): Promise<RememberedScan> {
  const { sources, minConfidence, layers, only, again = false, removed = new Set<string>(), id = randomUUID() } = input;
  const subjects = new Set<string>();
  const onSubject = ({ kind, name }: { kind: string; name: string }): void =>
    void subjects.add(subjectKey({ subject: kind, subjectName: name }));
  const { report, hits } = await scan(
    { sources, minConfidence, layers, again, showIgnored: true, onSubject, ...(only && { only }) },
    tools,
    host,
  );
  const { scannedAt: at, durationMs } = report;
  const moved = movedByRuns(memory.state);
  const partial = only !== undefined;
  const facts = { id, host: memory.host, at, durationMs, sources: report.sources, findings: report.findings };
  const scanned = { ...facts, subjects, removed, floor: minConfidence, layers, partial, moved };
  // Of an event there is no need to know all that a large host has.
  const about: About = {
    findings: report.findings.map((finding) => finding.id),
    names: [...subjects].map((key) => key.slice(key.indexOf("\0") + 1)),
    subjects: [...removed],
  };
  let judgement: Judgement | null = null;
  const added = await memory.history.remember(
    memory.host,
    id,
    memory.channels,
    (past) => {
      judgement = judge(past, scanned);
      return judgement.addition;
    },
    ...(partial ? [about] : []),
  );
  // Remembered before: its findings are what they were judged to be then.
  const { findings } = judgement ?? judge(await memory.history.past(memory.host), scanned);
  const wanted = (finding: Finding): boolean => input.showIgnored || finding.state !== "ignored";
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  return {
    report: withFindings(report, findings.filter(wanted)),
    hits: hits
      .map((hit) => ({ ...hit, finding: byId.get(hit.finding.id) ?? hit.finding }))
      .filter(({ finding }) => wanted(finding)),
    changes: added?.changes ?? [],
  };
}

/** Marks what runs of this installation had moved from the very place in which it was found: no history is needed. */
export function markRegressed(findings: readonly Finding[], state: string, scannedAt: string): readonly Finding[] {
  if (findings.length === 0) return findings;
  const moved = new Set(movedByRuns(state).flatMap(({ finding, at }) => (at < scannedAt ? [finding] : [])));
  if (moved.size === 0) return findings;
  return findings.map((finding) =>
    finding.state === "new" && moved.has(finding.id) ? { ...finding, state: "regressed" } : finding,
  );
}
