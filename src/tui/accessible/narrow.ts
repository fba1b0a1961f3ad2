import { grouped, toggledFacet } from "../browsing.ts";
import { press } from "../actions.ts";
import { facetsOf } from "../facets.ts";
import { shownSecrets } from "../items.ts";
import type { TuiState } from "../state.ts";
import { countText } from "../widgets/bar.ts";
import { choose, NO_ROOM, pageOf, say, word, type Face, type TypedCommand } from "./face.ts";
import { numbers } from "./numbers.ts";
import { GROUPINGS } from "../where.ts";

/** The words that narrow the list or arrange it. */
export function narrowing(face: Face): readonly TypedCommand[] {
  const { session } = face;
  const { filter, facets: chosen } = session.store.get();
  const grouping = word("browse", "group", (rest) => group(face, rest), "g");
  return [
    {
      ...word("browse", "filter", (text) => words(face, text), "/text"),
      does: "show those with these words in name, rule, severity, state or container; ! before a word wants those without; / alone shows all again",
    },
    ...(filter === "" && chosen.size === 0 ? [] : [clear(face)]),
    word("browse", "facets", () => press(session, "f", NO_ROOM)),
    // `b` goes back at every question.
    { ...grouping, typed: "g" },
  ];
}

/** What narrows the list now, said before it; empty if all of it is shown. */
export function narrowed(state: TuiState): readonly string[] {
  const { filter, facets: chosen, grouping, scan } = state;
  const parts = [
    ...(filter === "" ? [] : [`filter: ${filter}`]),
    ...(chosen.size === 0 ? [] : [`only ${[...chosen].join(", ")}`]),
  ];
  return [
    ...(parts.length === 0
      ? []
      : [`${parts.join("; ")}; ${shownSecrets(state)} of ${countText(scan.groups.length, "secret")}`]),
    ...(grouping === "secret" ? [] : [`by ${grouping}; a heading's number is all under it`]),
  ];
}

/** Every facet's values, numbered, with how many secrets have each; numbers select or deselect them. */
export async function facets(face: Face): Promise<void> {
  const { session } = face;
  const state = session.store.get();
  const values = facetsOf(state);
  const { from, to, more } = pageOf(state.facetAt, values.length, (facetAt) => session.store.set(() => ({ facetAt })));
  say(face, `Facets. ${shownSecrets(state)} of ${countText(state.scan.groups.length, "secret")}.`);
  for (const [at, { facet, value, key, count }] of values.slice(from, to).entries())
    say(
      face,
      `${from + at + 1}. ${facet} ${value}, ${countText(count, "secret")}${state.facets.has(key) ? ", chosen" : ""}`,
    );
  await choose(
    face,
    "Which? Numbers choose, and take away;",
    [
      ...more,
      ...(state.facets.size > 0 ? [clear(face)] : []),
      word("facets", "back", () => press(session, "esc", NO_ROOM)),
    ],
    (text) => {
      const at = numbers(text, values.length);
      if (at === null) return `not understood: numbers from 1 to ${values.length}, such as 1 3`;
      for (const one of at) session.store.set((now) => toggledFacet(now, values[one]?.key));
      const now = session.store.get();
      const only = now.facets.size === 0 ? "all again" : `only ${[...now.facets].join(", ")}`;
      return `${only}; ${shownSecrets(now)} of ${countText(now.scan.groups.length, "secret")}; b reads them`;
    },
  );
}

function clear({ session }: Face): TypedCommand {
  const act = (): void => session.store.set(() => ({ filter: "", facets: new Set(), selected: null }));
  return {
    typed: "c",
    like: null,
    short: "all again",
    does: "show all again: no filter, no facets",
    harmless: true,
    act,
  };
}

function words(face: Face, text: string): void {
  face.from = 0;
  face.session.store.set(() => ({ filter: text.slice(0, 200), selected: null }));
}

function group(face: Face, text: string): string | void {
  const wanted = GROUPINGS.find((one) => one === text);
  if (wanted === undefined) return `by what? ${GROUPINGS.map((one) => `g ${one}`).join(", ")}`;
  face.from = 0;
  face.session.store.set((state) => grouped(state, wanted));
}
