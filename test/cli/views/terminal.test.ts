import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { scanTable } from "../../../src/cli/views/scan-table.ts";
import { exposedText, type Advised } from "../../../src/cli/views/exposed-text.ts";
import { checkLines } from "../../../src/cli/views/checks.ts";
import { table } from "../../../src/cli/views/table.ts";
import { finding, reportWith } from "../../support/reports.ts";

/** A terminal of 80 columns. */
const terminal = (): NodeJS.WriteStream =>
  Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 80,
    getColorDepth: () => 1,
  }) as unknown as NodeJS.WriteStream;

const FINDINGS = [finding(0), finding(1), finding(2)];

it("a scan fits 80 columns of a terminal: headers, the reason below each finding, totals by severity", () => {
  const shown = scanTable(reportWith(FINDINGS), terminal()).split("\n");
  expect(shown[0]).toMatch(/^SEVERITY +NAME +WHERE$/);
  expect(shown.filter((line) => line.length > 80)).toEqual([]);
  expect(shown.join(" ")).toMatch(/secrets? in \d+ places? \(\d+ (?:critical|high|medium|low)/);
});

it("off a terminal a finding is one line, whatever its length", () => {
  const report = reportWith(FINDINGS);
  const lines = scanTable(report, null).split("\n");
  for (const [at, { name }] of report.findings.entries()) expect(lines[at]).toContain(name);
});

it("tables and checks wrap their last column at words, under itself", () => {
  const words = "a sentence of many words ".repeat(8).trim();
  const [first = "", second = ""] = table([[{ text: "name" }, { text: words }]], terminal()).split("\n");
  expect(first.length).toBeLessThanOrEqual(80);
  expect(second).toMatch(/^ {6}\S/);
  expect(table([[{ text: "name" }, { text: words }]], null)).toBe(`name  ${words}`);
  const check = { name: "engine", state: "ok", text: words, hint: null } as const;
  for (const line of checkLines([check], terminal() as typeof process.stdout).split("\n"))
    expect(line.length).toBeLessThanOrEqual(80);
});

it("what is left to rotate wraps at words, and is one line a secret off a terminal", () => {
  const advised = {
    secrets: [{ name: "DB_PASSWORD", subject: "web" }],
    rotate: { text: "a sentence of many words ".repeat(8).trim(), url: "https://vault.example/docs" },
  } as unknown as Advised;
  const shown = exposedText([advised], terminal());
  expect(shown.filter((line) => line.length > 80)).toEqual([]);
  expect(shown.slice(-2).every((line) => /^ {4}\S/.test(line))).toBe(true);
  expect(exposedText([advised], null).at(-1)).toBe(`    ${advised.rotate.text}  ${advised.rotate.url}`);
});
