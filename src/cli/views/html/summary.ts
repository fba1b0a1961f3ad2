import type { ScanReport } from "../../../core/scan.ts";
import { bare, cmd } from "../../../kit/shell.ts";
import type { TrendPoint } from "../../../model/trend.ts";
import { audiences, type PageSecret } from "./facts.ts";
import { counted, day, markup, NOTHING, number, type Markup } from "./markup.ts";
import { GLYPHS, inOrder, LEVELS, STATES } from "./page/data.ts";

/** How many audiences the summary names; the table below it has all. */
const WHO = 3;

/**
 * The answers in the order of the questions: how many, who can see them, what next, how bad. Secrets and places are
 * counted apart, and each number says which of the two it counts.
 */
export function summary(report: ScanReport, secrets: readonly PageSecret[], trend: readonly TrendPoint[]): Markup {
  const { findings, summary } = report;
  const states = new Map<string, number>();
  for (const { state } of findings) states.set(state, (states.get(state) ?? 0) + 1);
  const tiles = LEVELS.map((level) =>
    tile(level, secrets.filter(({ worst }) => worst.severity === level).length, summary.bySeverity[level]),
  );
  const confidence = LEVELS.filter((level) => level !== "critical").map(
    (level) => [level, summary.byConfidence[level]] as const,
  );
  const byState = [...states].sort(([a], [b]) => inOrder(STATES)(a, b));
  return markup`<section aria-labelledby="summary-title"><h2 id="summary-title">Summary</h2>
${back(states.get("regressed") ?? 0)}<div class="answers">
${answer("How many", howMany(report, secrets.length, trend))}
${answer("Who can see them", whoSees(secrets))}
${answer("What next", nextSteps(report))}</div>
<h3>How bad: secrets by severity</h3>
<ul class="tiles" aria-label="Secrets by severity">${tiles}</ul>
<div class="pair">${bars("Places by confidence", confidence, summary.findings)}${bars("Places by state", byState, summary.findings)}</div></section>`;
}

function answer(question: string, body: Markup): Markup {
  return markup`<div class="answer"><h3>${question}</h3>${body}</div>`;
}

function howMany({ summary }: ScanReport, secrets: number, trend: readonly TrendPoint[]): Markup {
  const [first, last] = [trend[0], trend.at(-1)];
  const change =
    first === undefined || last === undefined || first === last
      ? NOTHING
      : markup`<p class="quiet">${number(last.findings)} at the last saved scan, ${number(first.findings)} on ${day(Date.parse(first.at))}: <a href="#trend">trend</a></p>`;
  return markup`<p class="figure"><b>${number(secrets)}</b> ${secrets === 1 ? "secret" : "secrets"}</p>
<p>in <b>${number(summary.findings)}</b> ${summary.findings === 1 ? "place" : "places"}: fields of containers, images and files</p>${change}`;
}

function whoSees(secrets: readonly PageSecret[]): Markup {
  const all = audiences(secrets);
  if (all.length === 0) return markup`<p>Not known: nothing that was scanned shows who else can see them.</p>`;
  const items = all
    .slice(0, WHO)
    .map(({ who, count }) => markup`<li><b>${number(count)} of ${number(secrets.length)}</b>: <bdi>${who}</bdi></li>`);
  const more = all.length > WHO ? markup` and ${counted(all.length - WHO, "more group")}` : NOTHING;
  return markup`<ul>${items}</ul><p><a href="#exposure">Who can see what</a>${more}</p>`;
}

function nextSteps(report: ScanReport): Markup {
  if (report.findings.length === 0)
    return markup`<p>Nothing to move. <code>unsprawl watch</code> reports new ones.</p>`;
  const sources = plannable(report);
  const move =
    sources.length === 0
      ? markup`Saved documents are only read. Where these run, plan the move into a store; nothing is changed yet:<br><code>unsprawl plan docker: --to STORE</code>`
      : markup`Plan the move into a store; nothing is changed yet:<br><code>${cmd`${bare(["unsprawl plan", ...sources].join(" "))} --to STORE`}</code>`;
  return markup`<ol><li>${move}</li>
<li>Rotate every secret that could be read: <a href="${Object.keys(report.rotation).length > 0 ? "#rotation" : "#findings"}">how</a></li></ol>`;
}

/** What was scanned and can be planned, as words of a shell: documents that are only read (saved inspect output, archives) have no plan. */
function plannable({ findings, sources }: ScanReport): readonly string[] {
  const found = new Set(findings.map(({ location }) => location.source));
  const all = sources.map(({ source }) => source).filter((one) => found.has(one) && !/^(?:inspect|archive):/.test(one));
  return [...new Set(all)].slice(0, 3).map((source) => cmd`${source}`);
}

/** Secrets whose gravest place is of this level, and places of it, which the link lists. */
function tile(level: string, secrets: number, places: number): Markup {
  const said = markup`<b>${number(secrets)}</b> <span><i aria-hidden="true">${GLYPHS[level] ?? ""}</i> ${level}</span> <small>${counted(places, "place")}</small>`;
  if (places === 0) return markup`<li class="tile ${level}"><div>${said}</div></li>`;
  return markup`<li class="tile ${level}"><a href="#findings" data-facet="severity" data-value="${level}">${said}</a></li>`;
}

/** More prominent than everything else: moved once, found again. */
function back(count: number): Markup {
  if (count === 0) return NOTHING;
  const link = markup`<a href="#findings" data-facet="state" data-value="regressed">${counted(count, "finding")}</a>`;
  return markup`<p class="back"><b>Regressed:</b> ${link} of secrets that had been migrated before.</p>`;
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
