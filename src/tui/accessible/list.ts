import { keptText } from "../../core/kept-copies.ts";
import { press } from "../actions.ts";
import { itemsOf, secretsOf, selectedItem, type ListItem } from "../items.ts";
import { header } from "../screens/header.ts";
import { detail as told } from "../screens/tabs/index.ts";
import { TABS, type TuiState } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { countText } from "../widgets/bar.ts";
import { pickStore } from "../verbs/plan.ts";
import { changeSources } from "../verbs/sources.ts";
import { undoLastIgnore } from "../verbs/ignore.ts";
import { choose, NO_ROOM, pageOf, say, word, type Face, type TypedCommand } from "./face.ts";
import { follow } from "./follow.ts";
import { hear } from "./hear.ts";
import { narrowed, narrowing } from "./narrow.ts";
import { numbers } from "./numbers.ts";
import { revealing } from "./reveal.ts";
import { rotating } from "./rotate.ts";
import { listCommands, wordsFor } from "./these.ts";

/** The secrets, numbered; a number reads the evidence, `m` and numbers start a migration. */
export async function list(face: Face): Promise<void> {
  const { session } = face;
  const state = session.store.get();
  const items = itemsOf(state);
  const { from, to, more } = pageOf(face.from, items.length, (at) => void (face.from = at));
  face.from = from;
  face.listed = items;
  say(face, header(state, 0), ...narrowed(state));
  for (const [at, item] of items.slice(from, to).entries()) say(face, `${from + at + 1}. ${itemText(item, state)}`);
  if (state.scan.status === "failed" && state.scan.error)
    say(face, `failed: ${state.scan.error.text}`, `next: ${state.scan.error.hint ?? "r scans again"}`);
  const [migrate, ...others] = items.length > 0 ? listCommands(face) : [];
  const chosen = (rest: string): ListItem | undefined => {
    const [at, ...rests] = numbers(rest || (items.length === 1 ? "1" : ""), items.length) ?? [];
    return at === undefined || rests.length > 0 ? undefined : items[at];
  };
  await choose(
    face,
    "What next?",
    [
      ...(migrate ? [migrate] : []),
      ...more,
      ...others,
      ...(items.length > 0 ? [revealing(face, "browse", chosen), allOf(face)] : []),
      ...(session.ignores.length > 0
        ? [{ ...word("browse", "undo", () => follow(face, undoLastIgnore(session))), short: "undo the ignore" }]
        : []),
      ...narrowing(face),
      { ...word("browse", "sources", () => changed(face)), typed: "sources" },
      { ...word("browse", "store", () => follow(face, pickStore(session))), short: null },
      word("browse", "overview", () => press(session, "o", NO_ROOM)),
      word("browse", "runs", () => press(session, "L", NO_ROOM)),
      { ...word("browse", "rescan", () => rescan(face)), short: "scan again" },
    ],
    (text) => {
      // Built again: it includes what came in since.
      if (text === "") return null;
      const item = chosen(text);
      if (item === undefined) return notUnderstood(items.length);
      session.store.set(() => ({ selected: item.key, where: "detail", tab: "evidence", detailScroll: 0 }));
      return null;
    },
  );
}

/**
 * Why something is a secret, where it is, who can read it, what would be and was done: one tab of the screens at a
 * time.
 */
export async function detail(face: Face): Promise<void> {
  const { session } = face;
  const state = session.store.get();
  const item = selectedItem(state);
  say(face, ...told(item, state).filter(({ spans }) => spans.length > 0));
  const tabs = TABS.filter((tab) => tab !== state.tab);
  await choose(
    face,
    "What next?",
    [
      ...wordsFor(face, new Set(secretsOf(item))),
      ...rotating(face, "detail"),
      ...(item?.kind === "group" ? [revealing(face, "detail", () => item)] : []),
      { ...word("detail", "tab", (rest) => tab(face, rest)), typed: "t", like: "t 2", short: tabs.join(" ") },
      word("detail", "back", () => press(session, "esc", NO_ROOM)),
    ],
    () => NOT_A_WORD,
  );
}

export const NOT_A_WORD = "not understood: ? lists what can be typed";

/** Scans again and reports progress; findings can be used while it is still running. */
export function rescan(face: Face): Promise<void> {
  press(face.session, "r", NO_ROOM);
  return hear(face);
}

const notUnderstood = (count: number): string =>
  count === 0 ? NOT_A_WORD : `not understood: a number from 1 to ${count} reads why; ? lists what else can be typed`;

/** Asks what to scan; the list is read out again while it is scanned. */
async function changed(face: Face): Promise<void> {
  const { session } = face;
  const before = session.store.get().target;
  await follow(face, changeSources(session));
  if (session.store.get().target !== before) await hear(face);
}

function allOf(face: Face): TypedCommand {
  const made = word("browse", "markAll", () => {
    press(face.session, "a", NO_ROOM);
    const { size } = face.session.store.get().marked;
    return size === 0 ? "none is marked" : `${size} marked: m migrates them, i ignores them`;
  });
  return { ...made, short: null };
}

function tab(face: Face, text: string): Promise<void> | string {
  const { session } = face;
  const at = TABS.findIndex((one, index) => one === text || String(index + 1) === text);
  if (at < 0) return `which? ${TABS.map((one, index) => `t ${index + 1} ${one}`).join(", ")}`;
  press(session, String(at + 1), NO_ROOM);
  return follow(face);
}

function itemText(item: ListItem, state: TuiState): string {
  if (item.kind === "section") return `${item.section.title}, ${countText(item.section.groups.length, "secret")}`;
  if (item.kind === "unread") return `not read: ${item.error.source} ${item.error.subject}`;
  if (item.kind === "kept") return keptText(item.copies);
  const { severity, name, findings, state: is, fingerprint } = item.group;
  const marked = state.marked.has(fingerprint) ? ", marked" : "";
  const places = countText(findings.length, "place");
  return `${SEVERITY[severity].word}, ${name}, ${places}, ${STATE[is].word}${marked}`;
}
