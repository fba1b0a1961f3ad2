import pMap from "p-map";
import type { Host } from "../contract/host.ts";
import { isReplaced, unexpectedError, UnsprawlError } from "../model/error.ts";
import { compareFindings, withFindings, type ScanReport } from "./report.ts";
import { ANY_SUBJECT } from "../model/subject-ref.ts";

/** Hosts scanned in parallel: an engine answers many requests, and each SSH connection is a process. */
const AT_ONCE = 8;

/**
 * Scans hosts in parallel with `scanOne` and merges the reports. A host that fails is an error in the report and the
 * others continue; only if all hosts fail does it throw the first error.
 */
export async function scanHosts(
  names: readonly string[],
  sources: readonly string[],
  scanOne: (name: string, host: Host) => Promise<ScanReport>,
  host: Host,
): Promise<ScanReport> {
  const started = Date.now();
  const failures: unknown[] = [];
  const reports = await pMap(
    names,
    async (name) => {
      try {
        return await scanOne(name, named(name, host));
      } catch (error) {
        host.signal.throwIfAborted();
        failures.push(error);
        return failed(name, sources, error);
      }
    },
    { concurrency: AT_ONCE, signal: host.signal },
  );
  if (failures.length === names.length) throw failures[0];
  return together(reports, started);
}

/** Merges several reports. */
function together(reports: readonly ScanReport[], started: number): ScanReport {
  const findings = reports.flatMap((one) => one.findings).sort(compareFindings);
  const ignored = new Map<string, number>();
  for (const { by, count } of reports.flatMap((one) => one.ignored)) ignored.set(by, (ignored.get(by) ?? 0) + count);
  const sum = (of: keyof (typeof NOTHING)["summary"]): number =>
    reports.reduce((total, { summary }) => total + summary[of], 0);
  return withFindings(
    {
      version: 1,
      scannedAt: new Date(started).toISOString(),
      durationMs: Date.now() - started,
      sources: reports.flatMap((one) => one.sources),
      rotation: Object.fromEntries(reports.flatMap((one) => Object.entries(one.rotation))),
      ignored: [...ignored].map(([by, count]) => ({ by, count })).sort((a, b) => b.count - a.count),
      advice: reports.flatMap((one) => one.advice),
      notes: [...new Set(reports.flatMap((one) => one.notes))],
      summary: {
        ...{ subjects: sum("subjects"), values: sum("values") },
        ...{ hidden: sum("hidden"), kept: sum("kept"), ignored: sum("ignored") },
      },
    },
    findings,
  );
}

const NOTHING = {
  version: 1,
  scannedAt: "",
  durationMs: 0,
  rotation: {},
  ignored: [],
  advice: [],
  notes: [],
  summary: { subjects: 0, values: 0, hidden: 0, kept: 0, ignored: 0 },
} as const;

/** The report of a host that could not be scanned. */
function failed(host: string, sources: readonly string[], error: unknown): ScanReport {
  if (isReplaced(error)) throw error;
  // An unexpected error on one host must not hide the results of the others.
  const { message, hint } = error instanceof UnsprawlError ? error : unexpectedError(error);
  const errors = [{ subject: host, about: ANY_SUBJECT, message, hint: hint ?? "unsprawl doctor" }];
  return withFindings({ ...NOTHING, sources: [{ source: sources.join(" "), host, subjects: 0, errors }] }, []);
}

/** Adds the host's name to scan events. */
function named(name: string, host: Host): Host {
  return {
    ...host,
    emit: (event) => host.emit(event.type === "scan" ? { ...event, source: `${name} ${event.source}` } : event),
    ask: (question) => host.ask(question),
  };
}
