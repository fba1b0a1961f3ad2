import { createHash } from "node:crypto";
import type { Change } from "../model/change.ts";
import { commandFor } from "../model/change-words.ts";
import type { AgentNotice, Notice } from "../model/notice.ts";

/** The batch's id: the same for the same changes in any order. 32 hex digits. */
export function batchId(batch: readonly Notice[]): string {
  const ids = batch.map(({ id }) => id).sort();
  return createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 32);
}

/** What programs receive, by webhook and on stdin. What the agent did is separate, under `agent`. */
export function batchJson(batch: readonly Notice[]): string {
  const changes = batch
    .filter((one) => one.kind !== "agent")
    .map((one): Change & { readonly next: string | null } => ({ ...one, next: commandFor(one) }));
  const agent = batch.filter((one): one is AgentNotice => one.kind === "agent");
  return JSON.stringify({ version: 1, batch: batchId(batch), changes, ...(agent.length > 0 && { agent }) });
}
