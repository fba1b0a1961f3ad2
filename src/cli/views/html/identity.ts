import { keptText } from "../../../core/kept-copies.ts";
import type { ScanReport } from "../../../core/scan.ts";
import type { ReportOrigin } from "./facts.ts";
import { counted, markup, NOTHING, number, when, type Markup } from "./markup.ts";

const SHOWN_SOURCES = 5;

/** What was found, and below it whose report this is: host, engine, time, command, who ran it, what it does not cover. */
export function header(report: ScanReport, title: string, origin: ReportOrigin | null): Markup {
  const { summary, scannedAt, durationMs } = report;
  const took = `${when(scannedAt)}, in ${(durationMs / 1000).toFixed(1)} s`;
  const of = (name: string, value: string | Markup): Markup => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const code = (text: string): Markup => markup`<code>${text}</code>`;
  const whose =
    origin === null ? [] : [of("host", origin.host), ...(origin.engine === null ? [] : [of("engine", origin.engine)])];
  const made =
    origin === null
      ? []
      : [of("command", code(origin.command)), of("run by", `${origin.user}, with unsprawl ${origin.version}`)];
  return markup`<header><p class="product">unsprawl: secrets in the open</p><h1>${summary.findings === 0 ? "No secrets found" : title}</h1>
<dl class="identity">${[
    ...whose,
    of("scanned", markup`<time datetime="${scannedAt}">${took}</time>`),
    ...made,
    of("covers", covered(report)),
    of("does not cover", missing(report)),
  ]}</dl></header>`;
}

function covered({ sources, summary }: ScanReport): Markup {
  const named = [...new Set(sources.map(({ source }) => source))].map((source) => markup`<code>${source}</code> `);
  const rest = named.length > SHOWN_SOURCES ? markup`and ${number(named.length - SHOWN_SOURCES)} more ` : NOTHING;
  const hosts = new Set(sources.flatMap(({ host }) => host ?? [])).size;
  const where = hosts === 0 ? NOTHING : markup`on ${counted(hosts, "host")} `;
  return markup`${named.slice(0, SHOWN_SOURCES)}${rest}${where}(${counted(summary.values, "value")} in ${counted(summary.subjects, "container, image or file", "containers, images and files")})`;
}

/** What the numbers leave out, each with where to read more or what lists it. */
function missing({ sources, summary }: ScanReport): Markup {
  const unread = sources.reduce((sum, { errors }) => sum + errors.length, 0);
  const parts = [
    ...(unread === 0 ? [] : [markup`<a class="critical" href="#unread">${counted(unread, "place")} not read</a>`]),
    ...(summary.hidden === 0
      ? []
      : [markup`${number(summary.hidden)} below the requested confidence (<code>--min-confidence low</code>)`]),
    ...(summary.ignored === 0 ? [] : [markup`<a href="#ignored">${number(summary.ignored)} ignored</a>`]),
    ...(summary.kept === 0 ? [] : [markup`${keptText(summary.kept)}`]),
  ];
  if (parts.length === 0) return markup`nothing: everything named was read`;
  return markup`${parts.map((part, at) => markup`${at > 0 ? ", " : ""}${part}`)}`;
}
