/*
 * The report as one HTML page that loads nothing and holds no value. index.ts assembles it at run time; page/ is its
 * script, which is bundled for browsers at build time.
 */
import { createHash } from "node:crypto";
import type { ScanReport } from "../../../core/scan.ts";
import { reportPage } from "../../../kit/program.ts";
import type { TrendPoint } from "../../../model/trend.ts";
import { counted, island, Markup, markup } from "./markup.ts";
import { pack } from "./pack.ts";
import { plainTable } from "./plain.ts";
import { STYLE } from "./style.ts";
import { header, summary } from "./summary.ts";
import { adviceSection, ignoredSection, notesSection, rotationSection, unreadSection } from "./sections.ts";
import { trendSection } from "./trend.ts";

/**
 * A scan as one self-contained page: no network; its style and script are allowed only by their digests. Untrusted text
 * stays text. `trend` is what earlier scans found, oldest first; without any the page shows none.
 */
export function html(report: ScanReport, trend: readonly TrendPoint[] = []): string {
  const script = reportPage().trim();
  const policy = [
    "default-src 'none'",
    `script-src '${digest(script)}'`,
    `style-src '${digest(STYLE)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    // The script makes elements, never markup.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const title = `${counted(report.groups.length, "secret")} in ${counted(report.summary.findings, "place")}`;
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>unsprawl: ${title}</title>
<style>${new Markup(STYLE)}</style></head>
<body><a class="skip" href="#findings">Skip to the findings</a>
${header(report, title)}
<main>
${unreadSection(report)}
${summary(report)}
${trendSection(trend)}
<section id="findings" aria-labelledby="findings-title" tabindex="-1"><h2 id="findings-title">Findings</h2>
<p id="not-started">The list has not started. <code>unsprawl scan --json</code> has every finding.</p>
<div id="list"></div>
<noscript>${plainTable(report)}</noscript></section>
<section id="copies" aria-labelledby="copies-title" hidden><h2 id="copies-title">The same secret in several places</h2></section>
<section id="exposure" aria-labelledby="exposure-title" hidden><h2 id="exposure-title">Who can see what</h2></section>
${rotationSection(report)}
${adviceSection(report)}
${ignoredSection(report)}
${notesSection(report)}
</main>
<footer><p>Made by unsprawl. Values are masked; this page holds none, and loads nothing.</p></footer>
${island(pack(report))}
<script>${new Markup(script)}</script>
</body></html>`;
  return page.html;
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
