/*
 * The overview: what has changed since the last saved scan, how old each moved secret is, which copies of it are left,
 * and whether the host's applications are served. Pure functions of the state.
 */
import { last } from "../../last.ts";
import { VIEWS, type OverviewData, type OverviewState, type OverviewTab } from "../../overview.ts";
import type { TuiState } from "../../state.ts";
import { line, wrapped, type SpanLine, type StyledSpan } from "../../widgets/text.ts";
import type { ScreenText } from "../frame.ts";
import { ageLines } from "./age.ts";
import { changeLines } from "./changes.ts";
import { checkLines } from "./checks.ts";
import { residueTabLines } from "./residue.ts";

const TITLES: { readonly [tab in OverviewTab]: string } = {
  changes: "Changes",
  age: "Age",
  residue: "Residue",
  agent: "Agent",
};

/** The open tab of the overview. */
export function overviewText(state: TuiState): ScreenText {
  const { overview, scan, now } = state;
  return {
    lines: overviewLines(overview, scan, dayOf(now)),
    scroll: overview.scroll,
    title: (below) =>
      line(" ", ...VIEWS.map((tab, at) => titleOf(tab, at, overview.tab)), {
        text: overview.busy?.tab === overview.tab ? `  ▸ ${overview.busy.text}` : below > 0 ? `  ↓ ${below} more` : "",
        color: "cyan",
      }),
  };
}

/** What the open tab says; made again only when its data change, or the day. */
export const overviewLines = last((overview: OverviewState, scan: TuiState["scan"], today: number): SpanLine[] => {
  const { tab, data, errors, busy } = overview;
  const error = errors[tab];
  const failed: SpanLine[] =
    error === undefined
      ? []
      : [
          wrapped(3, { text: " ✗ ", color: "red", bold: true }, error.text),
          ...(error.hint === null ? [] : [wrapped(9, { text: "   next: ", bold: true }, error.hint)]),
        ];
  if (failed.length > 0) return failed;
  const lines = LINES[tab](data, scan, new Date(today));
  if (lines !== null) return lines;
  return [line({ text: ` ${busy?.tab === tab ? `${busy.text}…` : "…"}`, dimColor: true })];
});

const LINES: {
  readonly [tab in OverviewTab]: (data: OverviewData, scan: TuiState["scan"], now: Date) => SpanLine[] | null;
} = {
  changes: ({ changes }, scan) => (changes === undefined ? null : changeLines(changes, scan)),
  age: ({ age }, _scan, now) => (age === undefined ? null : ageLines(age, now)),
  residue: ({ residue }) => residueTabLines(residue),
  agent: ({ agent }) => (agent === undefined ? null : checkLines(agent)),
};

function titleOf(tab: OverviewTab, at: number, open: OverviewTab): StyledSpan {
  const text = `${at + 1} ${TITLES[tab]}`;
  return tab === open ? { text: `[${text}]`, bold: true } : { text: ` ${text} `, dimColor: true };
}

/** Ages are in days: they do not change with each tick of the clock. */
const dayOf = (now: number): number => (now > 0 ? now : Date.now()) - ((now > 0 ? now : Date.now()) % 60_000);
