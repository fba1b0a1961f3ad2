import type { Case } from "./measure.ts";

/** How many moved, and each refusal with its count and an example. */
export function report(cases: readonly Case[]): string {
  const measured = cases.filter(({ outcome }) => outcome !== "skipped");
  const share = (of: Case["outcome"]): string => {
    const count = measured.filter(({ outcome }) => outcome === of).length;
    return `${of} ${count} (${((100 * count) / Math.max(1, measured.length)).toFixed(1)} %)`;
  };
  const lines = [`${measured.length} measured: ${[share("full"), share("partly"), share("none")].join(", ")}`];
  const looping = measured.filter((one) => one.looping.length > 0);
  const whole = looping.filter(({ outcome }) => outcome === "full");
  lines.push(`${looping.length} with a service that does not stay up, ${whole.length} of them full`);
  lines.push("", "not moved, by reason: findings / projects, an example");
  const refusals = measured.flatMap((one) =>
    one.notMoved.map(({ name, place, reason }) => ({
      key: shape(reason),
      text: `${one.project}: ${place} ${name}: ${reason}`,
      project: one.project,
    })),
  );
  lines.push(...grouped(refusals));
  lines.push("", "failed, by what was printed last");
  lines.push(
    ...grouped(
      measured
        .filter(({ why }) => why.startsWith("exit"))
        .map((one) => ({ key: shape(lastLine(one)), text: `${one.project}: ${lastLine(one)}`, project: one.project })),
    ),
  );
  lines.push("", "wrong after a migration or a rollback");
  lines.push(
    ...grouped(
      measured.flatMap((one) =>
        one.wrong.map((text) => ({ key: shape(text), text: `${one.project}: ${text}`, project: one.project })),
      ),
    ),
  );
  lines.push("", "not measured");
  lines.push(
    ...grouped(
      cases
        .filter(({ outcome }) => outcome === "skipped")
        .map((one) => ({ key: shape(one.why), text: `${one.project}: ${one.why}`, project: one.project })),
    ),
  );
  return lines.join("\n");
}

function grouped(all: readonly { readonly key: string; readonly text: string; readonly project: string }[]): string[] {
  const groups = Map.groupBy(all, ({ key }) => key);
  return [...groups.values()]
    .toSorted((a, b) => b.length - a.length)
    .map(
      (group) =>
        `${String(group.length).padStart(5)} / ${new Set(group.map(({ project }) => project)).size}  ${group[0]?.text ?? ""}`,
    );
}

/** A sentence without the names that differ from project to project. */
const shape = (text: string): string =>
  text
    .replace(/\/[^\s:,;]+/g, "/…")
    .replace(/\b[A-Z][A-Z0-9_]{2,}\b/g, "NAME")
    .replace(/\d+/g, "0")
    .slice(0, 60);

const lastLine = (one: Case): string =>
  one.printed
    .split("--- stderr\n")[1]
    ?.split("\n")
    .find((line) => /^(error|✗)/.test(line)) ??
  one.printed.trim().split("\n").at(-2) ??
  "";
