import type { ScanReport } from "../../core/scan.ts";
import { printable } from "../../kit/text/escape.ts";

/** More names than these would hide what a line is about. */
const MOST = 3;

/** `docker:, compose:shop.yaml and 2 more`. */
export function sourcesText(sources: ScanReport["sources"]): string {
  const names = [...new Set(sources.map(({ source }) => printable(source)))];
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : "";
  return `${names.slice(0, MOST).join(", ")}${more}`;
}
