import type { Host } from "../contract/host.ts";
import type { Liveness } from "../model/finding.ts";
import type { Secret } from "../model/secret.ts";
import type { ScanHit } from "./scan-hit.ts";

/** A found secret to verify. */
export type LivenessCandidate = {
  readonly rule: string;
  readonly name: string;
  readonly part: Secret;
  readonly value: Secret;
  /** Another variable of the same subject whose name matches, or null. */
  readonly beside: (names: RegExp) => Secret | null;
};

/** Asks the issuers whether secrets are live. Returns results in the order of `items`; never rejects. */
export type Verify = (
  items: readonly LivenessCandidate[],
  signal: AbortSignal,
  told: (done: number, total: number) => void,
) => Promise<readonly Liveness[]>;

/** The hits with their liveness; ignored findings are not verified. */
export async function withLiveness(hits: readonly ScanHit[], verify: Verify, host: Host): Promise<ScanHit[]> {
  const asked = hits.filter(({ finding }) => finding.state !== "ignored");
  const items = asked.map(({ finding, candidate, part, beside }) => ({
    rule: finding.rule,
    name: finding.name,
    part,
    value: candidate.value,
    beside: beside ?? (() => null),
  }));
  const told = await verify(items, host.signal, (done, total) =>
    host.emit({ type: "scan", source: "secrets asked about", done, total }),
  );
  const learnt = new Map(asked.map((hit, at) => [hit, told[at] ?? null]));
  return hits.map((hit) => ({ ...hit, finding: { ...hit.finding, liveness: learnt.get(hit) ?? null } }));
}
