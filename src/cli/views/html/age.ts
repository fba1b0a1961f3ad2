import type { MovedAge } from "../../../core/moved.ts";
import { counted, day } from "./markup.ts";

/** `rotated 2026-02-01`, or `moved 2026-01-01` of what unsprawl has not rotated. */
export const movedText = ({ movedAt, rotatedAt }: MovedAge): string =>
  rotatedAt === null ? `moved ${day(Date.parse(movedAt))}` : `rotated ${day(Date.parse(rotatedAt))}`;

/** `, 9 days before this scan`. */
export function agoText(since: string, scannedAt: string): string {
  const days = Math.floor((Date.parse(scannedAt) - Date.parse(since)) / 86_400_000);
  return days > 0 ? `, ${counted(days, "day")} before this scan` : "";
}
