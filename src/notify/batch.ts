import { createHash } from "node:crypto";
import type { Change } from "../model/change.ts";

/** The batch's id: the same for the same changes, in whatever order. 32 hex digits. */
export function batchId(batch: readonly Change[]): string {
  const ids = batch.map(({ id }) => id).sort();
  return createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 32);
}

/** What programs are told, by webhook and on stdin. */
export function document(batch: readonly Change[]): string {
  return JSON.stringify({ version: 1, batch: batchId(batch), changes: batch });
}
