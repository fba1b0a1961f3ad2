import { press } from "../actions.ts";
import { itemsOf, selectedItem, type Item } from "../items.ts";
import { header } from "../screens/header.ts";
import { detail as told } from "../screens/tabs/index.ts";
import { TABS, type State } from "../state.ts";
import { SEVERITY, STATE } from "../theme.ts";
import { some } from "../widgets/bar.ts";
import { startIgnore, undoLastIgnore } from "../verbs/ignore.ts";
import { chooseStore } from "../verbs/plan.ts";
import { choose, NO_ROOM, say, word, type Face, type Word } from "./face.ts";
import { follow } from "./follow.ts";
import { numbers } from "./numbers.ts";

/** How many are read out at once. */
const PAGE = 20;

/** The secrets, numbered; a number reads the evidence, `m` and numbers go on. */
export async function list(face: Face): Promise<void> {
  const { session } = face;
  const state = session.store.get();
  const items = itemsOf(state);
  face.from = face.from < items.length ? face.from : 0;
  const to = Math.min(items.length, face.from + PAGE);
  face.listed = items.map(({ key }) => key);
  say(face, header(state, 0));
  if (state.filter !== "") say(face, `filter: ${state.filter}; ${some(items.length, "line")} of it`);
  for (let at = face.from; at < to; at++) say(face, `${at + 1}. ${itemText(items[at] as Item, state)}`);
  if (state.scan.status === "failed" && state.scan.error)
    say(face, `failed: ${state.scan.error.text}`, `next: ${state.scan.error.hint ?? "r scans again"}`);
  const more: Word = {
    harmless: true,
    typed: "n",
    like: null,
    short: `next of ${items.length}`,
    does: "read on in the list; after its end from the start",
    act: () => void (face.from = to < items.length ? to : 0),
  };
  const migrate = word("browse", "migrate", (rest) => migrateThese(face, rest), "m 1 3-5");
  await choose(
    face,
    "What next?",
    [
      ...(items.length > 0 ? [{ ...migrate, does: `${migrate.does}: by numbers, or m all` }] : []),
      ...(items.length > PAGE ? [more] : []),
      ...(items.length > 0 ? [word("browse", "ignore", (rest) => ignoreThese(face, rest), "i 1 3-5")] : []),
      ...(session.ignores.length > 0
        ? [{ ...word("browse", "undo", () => follow(face, undoLastIgnore(session))), short: "take back the ignore" }]
        : []),
      word("browse", "filter", (text) => filter(face, text), "/text"),
      word("browse", "runs", () => press(session, "L", NO_ROOM)),
      { ...word("browse", "rescan", () => rescan(face)), short: "scan again" },
    ],
    (text) => {
      const [at, ...others] = numbers(text, items.length) ?? [];
      if (at === undefined || others.length > 0) return notUnderstood(items.length);
      session.store.set(() => ({
        selected: face.listed[at] ?? null,
        where: "detail",
        tab: "evidence",
        detailScroll: 0,
      }));
      return null;
    },
  );
}

/** Why one is a secret, where it is, who can read it, what would be and was done: a tab of the screens at a time. */
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
      ...(item?.kind === "group"
        ? [word("detail", "migrate", () => follow(face, chooseStore(session, new Set([item.group.fingerprint]))))]
        : []),
      ...(item?.kind === "group"
        ? [word("detail", "ignore", () => ignore(face, new Set([item.group.fingerprint])))]
        : []),
      { ...word("detail", "tab", (rest) => tab(face, rest)), typed: "t", like: "t 2", short: tabs.join(" ") },
      word("detail", "back", () => press(session, "esc", NO_ROOM)),
    ],
    () => NOT_A_WORD,
  );
}

export const NOT_A_WORD = "not understood: ? tells what can be typed";

const notUnderstood = (count: number): string =>
  count === 0 ? NOT_A_WORD : `not understood: a number from 1 to ${count} reads why; ? tells what else can be typed`;

function migrateThese(face: Face, rest: string): Promise<void> | string {
  const chosen = chosenBy(face, rest, "m");
  if (typeof chosen === "string") return chosen;
  face.session.store.set(() => ({ marked: chosen }));
  return follow(face, chooseStore(face.session, chosen));
}

function ignoreThese(face: Face, rest: string): Promise<void> | string {
  const chosen = chosenBy(face, rest, "i");
  return typeof chosen === "string" ? chosen : ignore(face, chosen);
}

function ignore(face: Face, these: ReadonlySet<string>): Promise<void> {
  face.session.store.set(() => ({ marked: these }));
  return follow(face, startIgnore(face.session, false));
}

/** The secrets that numbers name; without a number what is marked, or the only one. What is wrong, as text. */
function chosenBy({ session, listed }: Face, rest: string, letter: string): ReadonlySet<string> | string {
  const { scan, marked } = session.store.get();
  const secrets = new Set(scan.groups.map(({ fingerprint }) => fingerprint));
  if (rest === "" && marked.size > 0) return marked;
  if (rest === "" && secrets.size !== 1) return `which? such as ${letter} 1, ${letter} 1 3-5 or ${letter} all`;
  const chosen = pick(rest || "all", listed, secrets);
  if (chosen === null) return `not understood: numbers from 1 to ${listed.length}, such as ${letter} 1 3-5, or all`;
  return chosen.size > 0 ? chosen : "this could not be read: nothing can be done with it";
}

function pick(text: string, listed: readonly string[], secrets: ReadonlySet<string>): ReadonlySet<string> | null {
  const at = numbers(text, listed.length);
  return at && new Set(at.map((one) => listed[one] ?? "").filter((key) => secrets.has(key)));
}

function tab(face: Face, text: string): Promise<void> | string {
  const { session } = face;
  const at = TABS.findIndex((one, index) => one === text || String(index + 1) === text);
  if (at < 0) return `which? ${TABS.map((one, index) => `t ${index + 1} ${one}`).join(", ")}`;
  press(session, String(at + 1), NO_ROOM);
  return follow(face);
}

function filter(face: Face, text: string): void {
  face.from = 0;
  face.session.store.set(() => ({ filter: text.slice(0, 200), selected: null }));
}

function rescan(face: Face): Promise<void> {
  press(face.session, "r", NO_ROOM);
  return follow(face);
}

function itemText(item: Item, state: State): string {
  if (item.kind === "section") return item.section.title;
  if (item.kind === "unread") return `not read: ${item.error.source} ${item.error.subject}`;
  const { severity, name, findings, state: is } = item.group;
  const marked = state.marked.has(item.key) ? ", marked" : "";
  const places = some(findings.length, "place");
  return `${SEVERITY[severity].word}, ${name}, ${places}, ${STATE[is].word}${marked}`;
}
