import type { ScanReport } from "../../core/scan.ts";
import { printable } from "../../text/escape.ts";
import { subjectIn, unreadIn } from "./subject.ts";

/** A scan as one self-contained page: no script, no network, untrusted text escaped. */
export function html(report: ScanReport): string {
  const rows = report.findings.map((finding) => {
    const cells = [
      finding.severity,
      finding.name,
      finding.masked,
      `${subjectIn(finding.location)} ${finding.location.path}`,
      `${finding.confidence} ${finding.score.toFixed(2)}`,
      finding.why.join("; "),
    ];
    return `<tr class="${finding.severity}">${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  });
  const errors = report.sources.flatMap((source) =>
    source.errors.map(
      (error) => `<li>${escape(`${unreadIn(source, error.subject)}: ${error.message}; ${error.hint}`)}</li>`,
    ),
  );
  const advice = report.advice.flatMap(({ subject, texts }) =>
    texts.map((text) => `<li>${escape(`${subject}: ${text}`)}</li>`),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>unsprawl</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui;margin:2rem}table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #8884}tr.critical td:first-child,tr.high td:first-child{font-weight:700}</style></head>
<body><h1>${report.groups.length} secrets in ${report.summary.findings} places</h1>
<p>${report.summary.values} values in ${report.summary.subjects} subjects, ${escape(report.scannedAt)}</p>
<table><thead><tr><th>severity<th>name<th>value<th>place<th>confidence<th>why</tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
${advice.length > 0 ? `<h2>Before you run it</h2><ul>${advice.join("")}</ul>` : ""}
${errors.length > 0 ? `<h2>Not read</h2><ul>${errors.join("")}</ul>` : ""}</body></html>`;
}

function escape(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
