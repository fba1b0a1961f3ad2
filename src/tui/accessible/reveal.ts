import type { ListItem } from "../items.ts";
import { revealedText } from "../screens/reveal.ts";
import { ask } from "../session.ts";
import { disclose } from "../verbs/reveal.ts";
import { say, word, type Face, type TypedCommand } from "./face.ts";
import { follow } from "./follow.ts";

/** The word that shows one value: after a question, recorded, as one line, once. */
export function revealing(
  face: Face,
  where: "browse" | "detail",
  item: (rest: string) => ListItem | undefined,
): TypedCommand {
  const show = async (rest: string): Promise<string | void> => {
    const one = item(rest);
    return one?.kind === "group" ? reveal(face, one) : "which? one secret's value is shown, such as x 1";
  };
  const made = word(where, "reveal", show, where === "browse" ? "x 1" : null);
  return { ...made, short: null, does: "show this one value, after a question; recorded" };
}

async function reveal(face: Face, item: Extract<ListItem, { kind: "group" }>): Promise<string | void> {
  const { session, lines } = face;
  const { name } = item.group;
  let yes = false;
  const question = `Show the value of ${name}? It is written as one line: the scrollback, and whatever records or reads out this terminal, keeps it. That it was shown is recorded.`;
  await follow(
    face,
    ask(session, question).then((answer) => void (yes = answer)),
  );
  if (!yes) return;
  const shown = disclose(session, item);
  if ("why" in shown) return shown.why;
  say(face, `The value of ${name}:`);
  // Bypasses the guard that takes known values out of everything else.
  lines.say(revealedText(shown.value));
  // No time limit: hearing a value letter by letter takes a while.
  const typed = await lines.ask("Enter moves it out of sight.\n> ");
  lines.pushAway();
  say(face, `${name} was shown; clear the scrollback of this terminal if others can read it.`);
  if (typed !== null && /^\s*(?:q|quit)\s*$/i.test(typed)) await session.leave();
}
