/*
 * The tabs of the evidence: where a secret is, what was done with it, who can see it. Pure functions of the selected
 * secret.
 */
import { keptText } from "../../../core/kept-copies.ts";
import { rotationKey } from "../../../model/secret-service.ts";
import type { SecretGroup } from "../../groups.ts";
import { selectedItem, type ListItem } from "../../items.ts";
import { last } from "../../last.ts";
import { TABS, type TuiState, type Tab } from "../../state.ts";
import { SEVERITY } from "../../theme.ts";
import { countText } from "../../widgets/bar.ts";
import { BLANK, line, wrapped, type SpanLine, type StyledSpan } from "../../widgets/text.ts";
import { evidence } from "../evidence.ts";
import { exposure } from "./exposure.ts";
import { fields } from "./fields.ts";
import { journal } from "./journal.ts";
import { places } from "./places.ts";
import { planTab, type DetailState } from "./plan.ts";

const TITLES: { readonly [tab in Tab]: string } = {
  evidence: "Evidence",
  places: "Places",
  exposure: "Exposure",
  plan: "Plan",
  journal: "Journal",
};

/** For a heading, no more secrets than this are listed: the list beside does that. */
const MOST = 100;

/** The selected row's content, made once for drawing it and for scrolling in it. */
export function selectedDetail(state: TuiState): readonly SpanLine[] {
  const { tab, scan, history, previews, stores } = state;
  return made(selectedItem(state), tab, scan, history, previews, stores);
}

const made = last(
  (
    item: ListItem | undefined,
    tab: Tab,
    scan: DetailState["scan"],
    history: DetailState["history"],
    previews: DetailState["previews"],
    stores: DetailState["stores"],
  ) => detail(item, { tab, scan, history, previews, stores }),
);

/** The content of the selected tab for the selected row. */
export function detail(item: ListItem | undefined, state: DetailState): SpanLine[] {
  if (!item) return [line({ text: state.scan.status === "done" ? "" : "…", dimColor: true })];
  if (item.kind === "unread") {
    const { source, subject, message, hint } = item.error;
    return [
      wrapped(0, { text: `${source} ${subject}`, bold: true }),
      BLANK,
      ...fields("why", [message]),
      ...fields("next", [hint]),
    ];
  }
  if (item.kind === "section") return heading(item);
  if (item.kind === "kept")
    return [
      wrapped(0, { text: keptText(item.copies), bold: true }),
      BLANK,
      ...fields("why", ["runs keep what was there before, so that they can be undone; it still has the values"]),
      ...fields("next", ["L lists the runs; there S scrubs what a run keeps, u undoes the run"]),
    ];
  // A row under the heading of a container is about one of its places; what is said is about all of them.
  const group = wholeOf(state.scan.groups).get(item.group.fingerprint) ?? item.group;
  if (state.tab === "plan") return [nameLine(group), ...planTab(item.group, state)];
  if (state.tab === "evidence")
    return evidence(group, state.scan.report?.rotation[rotationKey(group.lead)], state.history);
  if (state.tab === "places") return [nameLine(group), ...places(group)];
  return [nameLine(group), ...(state.tab === "exposure" ? exposure(group) : journal(group, state.history))];
}

const nameLine = ({ name }: SecretGroup): SpanLine => wrapped(0, { text: name, bold: true });

const wholeOf = last(
  (groups: readonly SecretGroup[]): ReadonlyMap<string, SecretGroup> =>
    new Map(groups.map((group) => [group.fingerprint, group])),
);

/** The tabs by name, and how much is below if there is room for that too; on the narrowest terminals by number. */
export function detailTitle(state: TuiState, columns: number, below: number): (StyledSpan | string)[] {
  const room = columns - TABS.reduce((sum, tab) => sum + TITLES[tab].length + 4, 0);
  const open = state.where === "detail";
  const mores = below > 0 ? [` ↓ ${below} more${open ? "" : " (enter)"}`, ` ↓ ${below}`] : [];
  const more = mores.find(({ length }) => length <= Math.max(room, NUMBERED)) ?? "";
  return [
    ...TABS.map((tab, at): StyledSpan => {
      const here = tab === state.tab;
      const text = here || room >= 0 ? `${at + 1} ${TITLES[tab]}` : `${at + 1}`;
      return { text: here ? `[${text}]` : ` ${text} `, bold: here, dimColor: !here };
    }),
    { text: more, dimColor: true },
  ];
}

/** What tabs by number leave on the narrowest terminal. */
const NUMBERED = 8;

function heading({ section: { title, groups } }: Extract<ListItem, { kind: "section" }>): SpanLine[] {
  const found = groups.reduce((sum, { findings }) => sum + findings.length, 0);
  const shown = groups.slice(0, MOST);
  return [
    wrapped(0, { text: title, bold: true }),
    wrapped(0, `${countText(groups.length, "secret")} in ${countText(found, "place")}`),
    BLANK,
    ...shown.map(({ severity, name, findings }) => {
      const { glyph, word, style } = SEVERITY[severity];
      return wrapped(
        11,
        { text: `${glyph} ${word.padEnd(8)} `, ...style },
        `${name}  ${countText(findings.length, "place")}`,
      );
    }),
    ...(groups.length > MOST ? [line({ text: `and ${groups.length - MOST} more`, dimColor: true })] : []),
    BLANK,
    ...fields("next", ["m migrates all of them from all their places"]),
  ];
}
