import type { ScanReport } from "../../core/scan.ts";
import type { Finding } from "../../model/finding.ts";
import { printable } from "../../kit/text/escape.ts";
import { detailLines, headline, type Ci } from "./ci.ts";
import { fileOf } from "./place.ts";
import { subjectIn } from "./subject.ts";

/**
 * A scan as JUnit XML, as Jenkins and GitLab read it: a test suite per source; a finding that fails is a failure, an
 * ignored one is skipped, every other passes; what could not be read is an error.
 */
export function junit(report: ScanReport, ci: Ci): string {
  const own = Map.groupBy(report.findings, ({ location }) => suiteOf(location));
  const suites = report.sources.map(({ errors, ...read }) => {
    const source = suiteOf(read);
    const cases = [
      // So that a suite is never empty: some readers take that for a broken report.
      testcase(source, "read"),
      ...errors.map(({ subject, message, hint }) =>
        testcase(source, `read ${subject}`, outcome("error", message, [message, `next: ${hint}`])),
      ),
      ...(own.get(source) ?? []).map((finding) => caseOf(finding, report, ci)),
    ];
    return { source, cases };
  });
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = (report.durationMs / 1000).toFixed(3);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="unsprawl" ${counts(all)} time="${seconds}">`,
    ...suites.flatMap(({ source, cases }) => [
      `<testsuite name="${xml(source)}" ${counts(cases)} skipped="${count(cases, "skipped")}" timestamp="${report.scannedAt.slice(0, 19)}">`,
      ...cases,
      "</testsuite>",
    ]),
    "</testsuites>",
  ].join("\n");
}

function caseOf(finding: Finding, report: ScanReport, ci: Ci): string {
  const place = fileOf(finding, ci.root);
  const line = place?.line == null ? "" : `:${place.line}`;
  const where = place === null ? finding.location.path : `${place.file}${line}`;
  const name = `${finding.name} ${where}`;
  const lines = detailLines(finding, report);
  const said = ci.fails(finding)
    ? outcome("failure", `${headline(finding)} is a secret`, lines, finding.rule)
    : finding.state === "ignored"
      ? outcome("skipped", finding.ignoredBy ?? "ignored", [])
      : `<system-out>${lines.map(xml).join("\n")}</system-out>`;
  return testcase(subjectIn(finding.location), name, said);
}

/** A source is one suite on each host. */
const suiteOf = ({ source, host }: { readonly source: string; readonly host?: string }): string =>
  host === undefined ? source : `${host}: ${source}`;

function testcase(classname: string, name: string, inner = ""): string {
  const start = `<testcase classname="${xml(classname)}" name="${xml(name)}"`;
  return inner === "" ? `${start}/>` : `${start}>${inner}</testcase>`;
}

function outcome(
  element: "failure" | "error" | "skipped",
  message: string,
  lines: readonly string[],
  type?: string,
): string {
  const typed = type === undefined ? "" : ` type="${xml(type)}"`;
  return `<${element}${typed} message="${xml(message)}">${lines.map(xml).join("\n")}</${element}>`;
}

const count = (cases: readonly string[], element: string): number =>
  cases.filter((one) => one.includes(`<${element} `)).length;

const counts = (cases: readonly string[]): string =>
  `tests="${cases.length}" failures="${count(cases, "failure")}" errors="${count(cases, "error")}"`;

/**
 * For text and attributes: characters that XML 1.0 does not allow (section 2.2) are shown as an escape, markup is text.
 */
function xml(text: string): string {
  return printable(text).replace(
    /[&<>"'\ufffe\uffff]/g,
    (char) => NAMED[char] ?? `\\u{${char.charCodeAt(0).toString(16)}}`,
  );
}

const NAMED: { readonly [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
