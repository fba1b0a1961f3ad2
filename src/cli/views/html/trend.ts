import type { TrendPoint } from "../../../model/trend.ts";
import { day, markup, NOTHING, number, when, type Markup } from "./markup.ts";
import { LEVELS } from "./page/data.ts";

/** At most this many points make a line; of more, each n-th is drawn, and the last. */
const DRAWN = 400;
const TOLD = 100;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 240, 46, 92, 12, 28];

/** How many findings each scan had, as lines and as a table beside them. */
export function trendSection(trend: readonly TrendPoint[]): Markup {
  const points = trend.filter(({ at }) => !Number.isNaN(Date.parse(at)));
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return NOTHING;
  const summary = `${number(points.length)} scans from ${when(first.at)} to ${when(last.at)}: ${number(first.findings)} places at first, ${number(last.findings)} at last.`;
  return markup`<section id="trend" aria-labelledby="trend-title"><h2 id="trend-title">Trend</h2><p>${summary} <span class="quiet">Places, without those that were ignored or migrated.</span></p>
<div class="trend"><div class="scroll">${chart(points, summary)}${legend(points)}</div>${table(points)}</div></section>`;
}

type TrendLine = { readonly word: string; readonly of: (point: TrendPoint) => number };

const LINES: readonly TrendLine[] = [
  { word: "all", of: ({ findings }) => findings },
  ...LEVELS.map((word): TrendLine => ({ word, of: ({ bySeverity }) => bySeverity[word] })),
];

function chart(all: readonly TrendPoint[], summary: string): Markup {
  const step = Math.ceil(all.length / DRAWN);
  const points = all.filter((_, at) => at % step === 0 || at === all.length - 1);
  const times = points.map(({ at }) => Date.parse(at));
  const [begin, end] = [Math.min(...times), Math.max(...times)];
  const top = roundUp(Math.max(1, ...points.map(({ findings }) => findings)));
  const x = (time: number): number =>
    LEFT + (WIDTH - LEFT - RIGHT) * (end === begin ? 0.5 : (time - begin) / (end - begin));
  const y = (count: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (count / top);
  const lines = LINES.filter(({ of }) => points.some((point) => of(point) > 0));
  const drawn = lines.map(({ word, of }) => {
    const path = points.map((point, at) => `${x(times[at] ?? begin).toFixed(1)},${y(of(point)).toFixed(1)}`).join(" ");
    const dots = points.length > 30 ? [] : path.split(" ").map((pair) => dot(pair));
    return markup`<g class="line ${word}"><polyline points="${path}"></polyline>${dots}</g>`;
  });
  const steps = [...new Set([0, top / 2, top].map(Math.round))];
  const grid = steps.map(
    (count) => markup`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(count)}" y2="${y(count)}"></line>
<text x="${LEFT - 6}" y="${y(count) + 4}" text-anchor="end">${number(count)}</text>`,
  );
  return markup`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${summary}"><g class="grid">${grid}
<text x="${x(begin)}" y="${HEIGHT - 8}" text-anchor="${end === begin ? "middle" : "start"}">${day(begin)}</text>
${end === begin ? NOTHING : markup`<text x="${x(end)}" y="${HEIGHT - 8}" text-anchor="end">${day(end)}</text>`}</g>
${drawn}${labels(lines, points.at(-1), x(end) + 8, y)}</svg>`;
}

/** For narrow windows, where there is no room for names beside the lines. */
function legend(points: readonly TrendPoint[]): Markup {
  const last = points.at(-1);
  const items = LINES.filter(({ of }) => points.some((point) => of(point) > 0)).map(
    ({ word, of }) => markup`<li class="${word}">${word} ${number(last === undefined ? 0 : of(last))}</li>`,
  );
  return markup`<ul class="legend" aria-hidden="true">${items}</ul>`;
}

function dot(pair: string): Markup {
  const [cx = "", cy = ""] = pair.split(",");
  return markup`<circle cx="${cx}" cy="${cy}" r="2.5"></circle>`;
}

/** Each line's name at its end, pushed down where two would overlap. */
function labels(
  lines: readonly TrendLine[],
  last: TrendPoint | undefined,
  x: number,
  y: (count: number) => number,
): Markup[] {
  if (last === undefined) return [];
  const placed = lines.map(({ word, of }) => ({ word, count: of(last), y: y(of(last)) + 4 })).sort((a, b) => a.y - b.y);
  for (const [at, one] of placed.entries()) one.y = Math.max(one.y, (placed[at - 1]?.y ?? -Infinity) + 15);
  // Names pushed below the last grid line move up again.
  for (let at = placed.length - 1, floor = HEIGHT - BOTTOM + 6; at >= 0; at--, floor -= 15) {
    const one = placed[at];
    if (one) one.y = Math.min(one.y, floor);
  }
  return placed.map(
    (one) =>
      markup`<text class="label ${one.word}" x="${x}" y="${one.y.toFixed(1)}">${one.word} ${number(one.count)}</text>`,
  );
}

function table(points: readonly TrendPoint[]): Markup {
  const shown = points.slice(-TOLD).reverse();
  const rows = shown.map(
    (point) =>
      markup`<tr><th scope="row"><time datetime="${point.at}">${when(point.at)}</time></th><td class="number">${number(point.findings)}</td>${LEVELS.map(
        (level) => markup`<td class="number">${number(point.bySeverity[level])}</td>`,
      )}</tr>`,
  );
  const note = points.length > shown.length ? `the last ${number(shown.length)} scans` : "every scan";
  return markup`<div class="scroll dated" tabindex="0" role="region" aria-label="Findings of ${note}"><table class="dense"><caption>Findings of ${note}, newest first</caption>
<thead><tr><th scope="col">scan</th><th scope="col" class="number">all</th>${LEVELS.map(
    (level) => markup`<th scope="col" class="number">${level}</th>`,
  )}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** 1, 2, 4, 6, 8 or 10 of the highest power of ten: its half is a whole number from 2 on. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8].map((times) => times * power).find((one) => one >= value) ?? 10 * power;
}
