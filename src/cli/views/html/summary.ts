import { keptText } from "../../../core/kept-copies.ts";
import type { ScanReport } from "../../../core/scan.ts";
import { counted, markup, NOTHING, number, type Markup } from "./markup.ts";
import { GLYPHS, inOrder, LEVELS, STATES } from "./page/data.ts";

/** What was scanned, when, and the result. */
export function header(report: ScanReport, title: string): Markup {
  const { summary, sources, scannedAt, durationMs } = report;
  const named = [...new Set(sources.map(({ source }) => source))].map((source) => markup`<code>${source}</code> `);
  const rest = named.length > SHOWN_SOURCES ? markup`and ${number(named.length - SHOWN_SOURCES)} more ` : NOTHING;
  const hosts = new Set(sources.flatMap(({ host }) => host ?? [])).size;
  const where = hosts === 0 ? NOTHING : markup`on ${counted(hosts, "host")} `;
  return markup`<header><p class="product">unsprawl</p><h1>${summary.findings === 0 ? "No secrets found" : title}</h1>
<p>${named.slice(0, SHOWN_SOURCES)}${rest}${where}<span class="quiet">${counted(summary.values, "value")} in ${counted(summary.subjects, "subject")},
<time datetime="${scannedAt}">${when(scannedAt)}</time>, in ${(durationMs / 1000).toFixed(1)} s</span></p></header>`;
}

const SHOWN_SOURCES = 5;

/** Counts by severity, confidence and state, each as a number, a word and a bar. */
export function summary({ findings, summary }: ScanReport): Markup {
  const states = new Map<string, number>();
  for (const { state } of findings) states.set(state, (states.get(state) ?? 0) + 1);
  const tiles = LEVELS.map((level) => tile(level, summary.bySeverity[level]));
  const confidence = LEVELS.filter((level) => level !== "critical").map(
    (level) => [level, summary.byConfidence[level]] as const,
  );
  const byState = [...states].sort(([a], [b]) => inOrder(STATES)(a, b));
  const left = [
    ...(summary.kept > 0 ? [markup`<li>${keptText(summary.kept)}</li>`] : []),
    ...(summary.hidden > 0
      ? [
          markup`<li>${number(summary.hidden)} below the confidence that was asked for: <code>--min-confidence low</code> lists them</li>`,
        ]
      : []),
    ...(summary.ignored > 0 ? [markup`<li>${number(summary.ignored)} ignored: <a href="#ignored">why</a></li>`] : []),
  ];
  return markup`<section aria-labelledby="summary-title"><h2 id="summary-title">Summary</h2>
${back(states.get("regressed") ?? 0)}<ul class="tiles" aria-label="By severity">${tiles}</ul>
<div class="pair">${bars("By confidence", confidence, summary.findings)}${bars("By state", byState, summary.findings)}</div>
${left.length > 0 ? markup`<p>Not in these numbers:</p><ul>${left}</ul>` : NOTHING}</section>`;
}

/** A count that leads to the findings it counts. */
function tile(level: string, count: number): Markup {
  const told = markup`<b>${number(count)}</b> <span><i aria-hidden="true">${GLYPHS[level] ?? ""}</i> ${level}</span>`;
  if (count === 0) return markup`<li class="tile ${level}"><div>${told}</div></li>`;
  return markup`<li class="tile ${level}"><a href="#findings" data-facet="severity" data-value="${level}">${told}</a></li>`;
}

/** More prominent than everything else: moved once, found again. */
function back(count: number): Markup {
  if (count === 0) return NOTHING;
  const link = markup`<a href="#findings" data-facet="state" data-value="regressed">${counted(count, "finding")}</a>`;
  return markup`<p class="back"><b>Back again:</b> ${link} of secrets that had been migrated.</p>`;
}

/** A small table whose rows have a bar each. */
function bars(caption: string, rows: readonly (readonly [string, number])[], all: number): Markup {
  if (all === 0) return NOTHING;
  const lines = rows.map(([word, count]) => {
    const width = (count / all) * 100;
    return markup`<tr><th scope="row">${word}</th><td class="number">${number(count)}</td><td class="bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${width.toFixed(2)}" height="8"></rect></svg></td></tr>`;
  });
  return markup`<table class="bars"><caption>${caption}</caption><tbody>${lines}</tbody></table>`;
}

/** `2026-01-31 18:25 UTC`; text that is not a time is shown as it is. */
export function when(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
