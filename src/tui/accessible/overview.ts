import { press } from "../actions.ts";
import { VIEWS } from "../overview.ts";
import { overviewLines } from "../screens/overview/index.ts";
import { choose, NO_ROOM, pageOf, say, word, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { NOT_A_WORD } from "./list.ts";
import { rotating } from "./rotate.ts";

/** One tab of the overview at a time; a number reads another. */
export async function overview(face: Face): Promise<void> {
  const { session } = face;
  await follow(face);
  const { overview: shown, scan } = session.store.get();
  const all = overviewLines(shown, scan, Date.now()).filter(({ spans }) => spans.length > 0);
  const { from, to, more } = pageOf(shown.scroll, all.length, (scroll) =>
    session.store.set((state) => ({ overview: { ...state.overview, scroll } })),
  );
  say(face, `Overview: ${shown.tab}.`, ...all.slice(from, to));
  await choose(
    face,
    `What next? ${VIEWS.map((tab, at) => `${at + 1} ${tab}`).join(", ")},`,
    [
      ...more,
      ...rotating(face, "overview"),
      word("overview", "readAgain", () => press(session, "r", NO_ROOM)),
      word("overview", "back", () => press(session, "esc", NO_ROOM)),
    ],
    (text) => {
      if (!/^[1-4]$/.test(text)) return NOT_A_WORD;
      press(session, text, NO_ROOM);
      return null;
    },
  );
}
