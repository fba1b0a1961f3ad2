import type { Host } from "../contract/host.ts";
import type { Work } from "../contract/migration.ts";

/** Reports the phases of one step, each once. */
export function phasesOf(host: Host, step: string, unit: string): Work["phase"] {
  let shown = "";
  return (text, limitMs) => {
    if (text === shown) return;
    shown = text;
    host.emit({ type: "phase", step, unit, text, ...(limitMs !== undefined && { limitMs }) });
  };
}
