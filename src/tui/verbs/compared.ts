import type { Host } from "../../contract/host.ts";
import type { RememberInput, Memory, RememberedScan } from "../../core/remember.ts";
import type { ScanTools } from "../../core/scan.ts";
import type { TerminalSession } from "../session.ts";
import type { ScanState } from "../state.ts";

type ComparedScan = Omit<RememberedScan, "changes"> & Pick<ScanState, "changes">;

/**
 * A scan, compared with the history, which a read-only session does not change; without a history, with what the runs
 * say that they moved.
 */
export async function compared(
  input: Pick<RememberInput, "sources" | "minConfidence" | "onHit">,
  tools: ScanTools,
  memory: Memory | null,
  { assembly }: TerminalSession,
  host: Host,
): Promise<ComparedScan> {
  const { markRegressed, scanAndCompare } = await import("../../core/remember.ts");
  const asked = { ...input, showIgnored: false, layers: false };
  if (memory !== null) return scanAndCompare(asked, tools, memory, host);
  const { scan } = await import("../../core/scan.ts");
  return { ...markRegressed(await scan(asked, tools, host), assembly.installation()), changes: null };
}
