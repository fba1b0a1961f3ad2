import type { Assembly } from "../../assembly/index.ts";
import type { Host } from "../../contract/host.ts";
import type { RememberInput, Memory, RememberedScan } from "../../core/remember.ts";
import type { TerminalSession } from "../session.ts";
import type { ScanState, ScanTarget } from "../state.ts";
import type { ScanHit } from "../../core/scan-hit.ts";
import type { ScanTools } from "../../core/scan-tools.ts";

type ComparedScan = Omit<RememberedScan, "changes"> & Pick<ScanState, "changes">;

/**
 * A scan, compared with the history, which a read-only session does not change; without a history, with what the runs
 * say that they moved.
 */
export async function compared(
  { target, ...input }: Pick<RememberInput, "minConfidence" | "onHit"> & { readonly target: ScanTarget },
  tools: ScanTools,
  memory: Memory | null,
  { assembly }: TerminalSession,
  host: Host,
): Promise<ComparedScan> {
  const { markRegressed, scanAndCompare } = await import("../../core/remember.ts");
  const asked = { ...input, sources: target.sources, showIgnored: false, layers: false };
  if (target.hosts !== null) return { ...(await comparedOnHosts(asked, target.hosts, assembly, host)), changes: null };
  if (memory !== null) return scanAndCompare(asked, tools, memory, host);
  const { scan } = await import("../../core/scan.ts");
  return { ...markRegressed(await scan(asked, tools, host), assembly.installation()), changes: null };
}

/** The same on the engines of configured hosts. */
async function comparedOnHosts(
  asked: RememberInput,
  hosts: readonly string[],
  assembly: Assembly,
  host: Host,
): Promise<Omit<ComparedScan, "changes">> {
  const [{ onHosts }, { markRegressed }] = await Promise.all([
    import("../../assembly/on-hosts.ts"),
    import("../../core/remember.ts"),
  ]);
  const hits: ScanHit[] = [];
  const onHit = (hit: ScanHit): void => {
    hits.push(hit);
    asked.onHit?.(hit);
  };
  const report = await onHosts(assembly, hosts, { ...asked, onHit, verify: false, remember: false }, host);
  return markRegressed({ report, hits }, assembly.installation());
}
