import { toggled } from "../browsing.ts";
import { secretsOf } from "../items.ts";
import { startIgnore } from "../verbs/ignore.ts";
import { chooseStore, startDiff } from "../verbs/plan.ts";
import { word, type Face, type TypedCommand } from "./face.ts";
import { follow } from "./follow.ts";
import { numbers } from "./numbers.ts";

type Act = (face: Face, these: ReadonlySet<string>) => Promise<void> | string;

/** The words that act on secrets of the list, by the numbers after them. */
export function listCommands(face: Face): readonly TypedCommand[] {
  const all = (letter: string, act: Act) => (rest: string) => by(face, rest, letter, act);
  const marking = word("browse", "mark", (rest) => mark(face, rest), "mark 1 3-5");
  const migrating = word("browse", "migrate", all("m", migrate), "m 1 3-5");
  return [
    { ...migrating, does: `${migrating.does}: by numbers, or m all` },
    word("browse", "ignore", all("i", ignore(false)), "i 1 3-5"),
    { ...word("browse", "ignoreAgain", all("I", ignore(true)), "I 1 3-5"), short: null },
    { ...word("browse", "diff", all("d", diff), "d 1 3-5"), short: null },
    {
      ...marking,
      short: null,
      does: "mark by numbers, in all their places, or remove the marks",
    },
  ];
}

/** The same for one row: its secret, or all under its heading. */
export function wordsFor(face: Face, these: ReadonlySet<string>): readonly TypedCommand[] {
  if (these.size === 0) return [];
  const one = (act: Act) => () => act(face, these);
  return [
    word("detail", "migrate", one(migrate)),
    word("detail", "ignore", one(ignore(false))),
    { ...word("detail", "ignoreAgain", one(ignore(true))), short: null },
    { ...word("detail", "diff", one(diff)), short: null },
  ];
}

const migrate: Act = (face, these) => {
  // What was put back after a failure can be tried again by its marks; marks made before stay.
  face.session.store.set(({ marked }) => (marked.size > 0 ? {} : { marked: these }));
  return follow(face, chooseStore(face.session, these));
};

const diff: Act = (face, these) => follow(face, startDiff(face.session, these));

const ignore =
  (again: boolean): Act =>
  (face, these) =>
    follow(face, startIgnore(face.session, again, these));

function mark(face: Face, rest: string): string {
  const { store } = face.session;
  const at = numbers(rest, face.listed.length);
  if (at === null) return `which? numbers from 1 to ${face.listed.length}, such as mark 1 3-5, or all`;
  const items = at.flatMap((one) => face.listed[one] ?? []);
  store.set((state) => toggled(state, items));
  const { size } = store.get().marked;
  return size === 0 ? "none is marked" : `${size} marked: m migrates them, i ignores them`;
}

/**
 * Acts on the secrets that numbers name; without a number on the marked ones, or the only one. Returns what is wrong,
 * as text.
 */
function by(face: Face, rest: string, letter: string, act: Act): Promise<void> | string {
  const { session, listed } = face;
  const { scan, marked } = session.store.get();
  if (rest === "" && marked.size > 0) return act(face, marked);
  if (rest === "" && scan.groups.length !== 1) return `which? such as ${letter} 1, ${letter} 1 3-5 or ${letter} all`;
  const at = numbers(rest || "all", listed.length);
  if (at === null) return `not understood: numbers from 1 to ${listed.length}, such as ${letter} 1 3-5, or all`;
  const these = new Set(at.flatMap((one) => secretsOf(listed[one])));
  return these.size > 0 ? act(face, these) : "this could not be read: nothing can be done with it";
}
