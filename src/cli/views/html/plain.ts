import type { ScanReport } from "../../../core/scan.ts";
import { subjectIn } from "../subject.ts";
import { markup, NOTHING, number, type Markup } from "./markup.ts";
import { GLYPHS } from "./page/data.ts";

const ROWS = 1000;

/** The worst findings as a plain table, for browsers without scripts. */
export function plainTable({ findings }: ScanReport): Markup {
  const rows = findings.slice(0, ROWS).map(
    ({ severity, name, masked, location, confidence, score, state, why }) =>
      markup`<tr><td class="${severity}"><i aria-hidden="true">${GLYPHS[severity] ?? ""}</i> ${severity}</td><th scope="row">${name}</th>
<td><code>${masked}</code></td><td>${subjectIn(location)} <span class="quiet">${location.path}</span></td>
<td>${confidence} ${score.toFixed(2)}</td><td>${state}</td><td>${why.join("; ")}</td></tr>`,
  );
  const more = findings.length - rows.length;
  return markup`${more > 0 ? markup`<p>The first ${number(rows.length)}; ${number(more)} more with the page's script, or by <code>unsprawl scan --json</code>.</p>` : NOTHING}
<div class="scroll"><table><thead><tr><th scope="col">severity</th><th scope="col">name</th><th scope="col">value</th><th scope="col">place</th>
<th scope="col">confidence</th><th scope="col">state</th><th scope="col">why</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
