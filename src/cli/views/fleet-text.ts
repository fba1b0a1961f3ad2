import type { FleetStatus } from "../../fleet/status.ts";
import type { JobOutcome } from "../../fleet/worker.ts";
import type { FleetUnit } from "../../fleet/units.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint } from "../../kit/paint.ts";
import { table, tableRows, type Cell } from "./table.ts";

/** A line for each unit that a worker has finished. */
export function outcomeText({ name }: FleetUnit, outcome: JobOutcome): string {
  if ("error" in outcome) return `${name}: ${outcome.error}`;
  const { changes, findings, errors } = outcome;
  const unread = errors === 0 ? "" : `, ${countText(errors, "subject")} not read`;
  return `${name}: ${countText(findings, "finding")}, ${countText(changes, "change")}${unread}`;
}

/** Workers, the queue, and each unit: those with errors first. */
export function statusText(status: FleetStatus, stream: NodeJS.WriteStream | null): string {
  const title = (text: string): string => paint("bold", text, stream);
  const { processes, jobs, units, waiting } = status;
  const lines = [title("Processes")];
  if (!processes.some(({ role, alive }) => role === "worker" && alive))
    lines.push("  no worker is alive: unsprawl fleet worker");
  if (processes.length > 0)
    lines.push(
      table(
        processes.map(({ role, host, pid, alive, heard, active }): Cell[] => [
          { text: `  ${role}` },
          { text: `${host} ${pid}` },
          alive ? { text: "alive", colour: "blue" } : { text: `not seen since ${heard}`, colour: "red" },
          { text: role === "worker" ? countText(active, "job") : "" },
        ]),
        stream,
      ),
    );
  lines.push("", title("Queue"));
  const told = jobs.filter(({ state }) => state !== "completed");
  lines.push(
    told.length === 0 ? "  empty" : told.map(({ queue, state, count }) => `  ${count} ${queue} ${state}`).join("\n"),
  );
  for (const { channel, count, oldest } of waiting)
    if (count > 0) lines.push(`  ${countText(count, "change")} to be sent on ${channel}, since ${oldest ?? ""}`);
  lines.push("", title("Units"));
  const sorted = units.toSorted((a, b) => b.errors.length - a.errors.length);
  if (sorted.length === 0) lines.push("  none yet: unsprawl fleet serve");
  else {
    const rows = tableRows(sorted.map(unitRow), stream);
    for (const [at, unit] of sorted.entries()) lines.push(rows[at] ?? "", ...errorLines(unit));
  }
  return lines.join("\n");
}

type FleetUnitStatus = FleetStatus["units"][number];

function unitRow({ name, kind, last, subjects, findings, errors }: FleetUnitStatus): Cell[] {
  return [
    { text: `  ${name}`, colour: "bold" },
    { text: kind },
    { text: last ?? "never scanned" },
    { text: `${subjects} scanned` },
    { text: countText(findings, "finding") },
    errors.length === 0 ? { text: "" } : { text: countText(errors.length, "error"), colour: "red" },
  ];
}

function errorLines({ name, errors }: FleetUnitStatus): string[] {
  return errors
    .slice(0, 3)
    .map(({ subject, message, hint }) =>
      printable(`    ${subject === name ? "" : `${subject}: `}${message}; next: ${hint}`),
    );
}
