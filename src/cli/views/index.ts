/*
 * What commands print, one file per view. An output format of `scan` is one file here and its line in `FORMATS`: the
 * flag's choices, completion, the manual and the leak test's list are made from it.
 */
import type { ScanReport } from "../../core/scan.ts";
import type { Finding } from "../../model/finding.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { nearestWord } from "../../kit/text/nearest.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Ci } from "./ci.ts";
import type { PageFacts } from "./html/facts.ts";

/**
 * How a report is shown. `terminal` is false if it goes to a file: then it has no colours. `fails` says whether a
 * finding makes the process exit 3, and `cwd` is where the search for the checkout's root begins. `facts` is what the page
 * of `html` shows besides: whose report it is, and what earlier scans found.
 */
export type Showing = {
  readonly terminal: boolean;
  readonly cwd: string;
  readonly fails: (finding: Finding) => boolean;
  readonly facts?: PageFacts;
};

type ReportView = (report: ScanReport, showing: Showing) => string | Promise<string>;

/** The output formats, each loaded when it is asked for. */
const FORMATS = {
  table: async (report, { terminal }) =>
    (await import("./scan-table.ts")).scanTable(report, terminal ? process.stdout : null),
  json: (report, { terminal }) => jsonText(report, process.stdout.isTTY && terminal ? 2 : 0),
  ndjson: ({ findings }) => findings.map((finding) => jsonText(finding)).join("\n"),
  sarif: forCi(async (report, ci) => (await import("./sarif.ts")).sarif(report, ci)),
  html: async (report, { facts }) => (await import("./html/index.ts")).html(report, facts),
  markdown: async (report) => (await import("./markdown.ts")).markdown(report),
  junit: forCi(async (report, ci) => (await import("./junit.ts")).junit(report, ci)),
  github: forCi(async (report, ci) => (await import("./github.ts")).github(report, ci)),
  gitlab: forCi(async (report, ci) => (await import("./gitlab.ts")).gitlab(report, ci)),
  baseline: async ({ findings }) => (await import("../../core/baseline.ts")).baselineText(findings),
} satisfies { readonly [format: string]: ReportView };

type OutputFormat = keyof typeof FORMATS;

/** The values of `--format`, in the order in which help lists them. */
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly OutputFormat[];

/** A scan report in an output format. Throws `usage` for a format that does not exist. */
export async function render(report: ScanReport, format: string, showing: Showing): Promise<string> {
  if (Object.hasOwn(FORMATS, format)) return FORMATS[format as OutputFormat](report, showing);
  const near = nearestWord(format, FORMAT_NAMES);
  throw new UnsprawlError(
    "usage",
    `unknown output format ${JSON.stringify(format)}`,
    near ? cmd`did you mean --format ${near}?` : cmd`--format takes ${bare(FORMAT_NAMES.join(", "))}`,
  );
}

/** For views that name files as CI systems do, from the checkout's root, and show each of their lines once. */
function forCi(view: (report: ScanReport, ci: Ci) => string | Promise<string>): ReportView {
  return async (report, { cwd, fails }) => {
    const [{ checkoutRoot }, { withLinesOnce }] = await Promise.all([import("./place.ts"), import("./ci.ts")]);
    const ci = { root: checkoutRoot(cwd), fails };
    return view(withLinesOnce(report, ci), ci);
  };
}
