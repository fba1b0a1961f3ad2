import { groupHits } from "../groups.ts";
import { prepare } from "../prepare.ts";
import { shownError } from "../shown-error.ts";
import { startJob, tuiHost, type TerminalSession } from "../session.ts";
import { NO_SCAN, type ScanState } from "../state.ts";
import { targetText } from "../target.ts";
import { scanTools } from "../tools.ts";
import { compared } from "./compared.ts";
import { startHistory } from "./history.ts";
import type { ScanHit } from "../../core/scan-hit.ts";

const REGROUP_MS = 100;
/**
 * Grouping takes at most this part of the time: with many thousands of findings the scan must not wait for the list.
 */
const REGROUP_PART = 20;

/**
 * Scans in the background; the list fills as findings arrive. A quiet scan leaves the list as it is until it has ended.
 */
export function startScan(session: TerminalSession, { quiet = false }: { readonly quiet?: boolean } = {}): void {
  const { store } = session;
  const { target } = store.get();
  const source = targetText(target);
  startJob(session, "scan", async (signal) => {
    const started = Date.now();
    if (quiet) store.set(() => ({ stale: false }));
    else
      store.set(() => ({
        scan: { ...NO_SCAN, status: "running", source, started },
        now: started,
        status: null,
        previews: new Map(),
        range: null,
        stale: false,
      }));
    startHistory(session);
    let later: NodeJS.Timeout | null = null;
    const update = (change: Partial<ScanState>, soon: boolean): void => {
      if (!signal.aborted)
        store[soon ? "later" : "set"](({ scan }) => ({ scan: { ...scan, ...change }, now: Date.now() }));
    };
    try {
      const { assembly } = session;
      const [{ tools, minConfidence }, memory] = await Promise.all([scanTools(assembly), assembly.remembered()]);
      const found: ScanHit[] = [];
      const shown = ({ finding }: ScanHit): boolean => !store.get().suppressed.has(finding.fingerprint);
      let due = 0;
      const regroup = (): void => {
        const now = Date.now();
        // Findings from just before a long wait are shown too.
        if (now < due) {
          later ??= setTimeout(() => {
            later = null;
            regroup();
          }, due - now);
          return;
        }
        if (later) clearTimeout(later);
        later = null;
        const hits = found.filter(shown);
        const groups = groupHits(hits);
        due = Date.now() + Math.max(REGROUP_MS, REGROUP_PART * (Date.now() - now));
        update({ hits, groups }, true);
      };
      const host = tuiHost(session, signal, (event) => {
        if (event.type !== "scan" || quiet) return;
        update({ source: event.source, done: event.done, total: event.total }, true);
        regroup();
      });
      const input = { target, minConfidence, onHit: (hit: ScanHit) => void found.push(hit) };
      const { report, hits: all, changes } = await compared(input, tools, memory, session, host);
      if (later) clearTimeout(later);
      const unread = report.sources.flatMap(({ source, errors }) => errors.map((error) => ({ ...error, source })));
      const hits = all.filter(shown);
      if (quiet && !signal.aborted) store.set(() => ({ previews: new Map() }));
      update(
        {
          status: "done",
          error: null,
          source,
          hits,
          groups: groupHits(hits),
          unread,
          report,
          changes,
        },
        false,
      );
      // Marks survive a new scan as far as their secrets are still there.
      const prints = new Set(report.findings.map(({ fingerprint }) => fingerprint));
      if (!signal.aborted)
        store.set(({ marked, suppressed }) => ({
          marked: new Set([...marked].filter((print) => prints.has(print))),
          // What the configuration hides by now is in the report's count.
          suppressed: new Set([...suppressed].filter((print) => prints.has(print))),
        }));
      if (!signal.aborted) prepare(store);
    } catch (error) {
      if (later) clearTimeout(later);
      update({ status: "failed", error: shownError(error, session.assembly.redactor) }, false);
    }
  });
}
