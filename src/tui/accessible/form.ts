import type { TuiState } from "../state.ts";
import { changed, checked, type Field } from "../form.ts";
import { wantedText } from "../items.ts";
import { press } from "../actions.ts";
import { line } from "../widgets/text.ts";
import { acceptForm, changeStore, leaveForm } from "../verbs/form.ts";
import { choose, NO_ROOM, pageOf, say, word, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { numbers } from "./numbers.ts";
import { spoken } from "./spoken.ts";

/** Where each secret goes: the current answers, numbered; those that a person names are asked for in turn. */
export async function form(face: Face): Promise<void> {
  const { session } = face;
  const { form: shown } = session.store.get();
  if (shown === null) return leaveForm(session);
  const { fields } = shown;
  say(face, `Where it goes: ${wantedText(session.store.get())}. The answers are filled in; nothing is changed yet.`);
  const { from, to, more } = pageOf(shown.at, fields.length, (at) =>
    session.store.set((state) => ({ form: state.form && { ...state.form, at } })),
  );
  for (const [at, field] of fields.slice(from, to).entries()) {
    say(face, `${from + at + 1}. ${called(field)}: ${field.value || "nothing"}`);
    if (field.error !== null) say(face, `wrong: ${field.error}`);
  }
  await choose(
    face,
    "Which to change? Numbers, or all, are asked for in turn; enter plans with these,",
    [...more, word("form", "back", () => press(session, "esc", NO_ROOM))],
    async (text) => {
      if (text === "") {
        await follow(face, acceptForm(session));
        return null;
      }
      const which = numbers(text, fields.length);
      if (which === null) return `not understood: numbers from 1 to ${fields.length}, such as 1 3-5, or all`;
      for (const at of which) if (!(await answered(face, at))) break;
      return null;
    },
  );
}

const called = ({ head, label }: Field): string => (head === "" ? label : `${head}, ${label}`);

/** Asks for one field until it is valid; false if the person went back, or left. */
async function answered(face: Face, at: number): Promise<boolean> {
  const { session } = face;
  for (;;) {
    const now = session.store.get().form;
    const field = now?.fields[at];
    // Another store has fewer fields.
    if (!now || field === undefined) return true;
    const typed = await askField(face, field);
    if (typed === "b" || typed === "back") return false;
    if (typed === "q" || typed === "quit") {
      await session.leave();
      return false;
    }
    const wrong = typed === "?" ? field.about : await take(face, now, at, typed);
    if (wrong === null) return true;
    say(face, typed === "?" ? wrong : `wrong: ${wrong}`);
  }
}

async function askField({ lines, guard }: Face, field: Field): Promise<string> {
  const keeps = field.of === "accept" ? "enter keeps it, - is nothing" : "enter keeps it";
  const how = field.options === null ? "type another" : `one of ${field.options.join(", ")}`;
  const [put = ""] = spoken(
    [line(`${called(field)}: ${field.value || "nothing"}. ${how}; ${keeps}, b goes back`)],
    guard,
  );
  return (await lines.ask(`${put}\n> `))?.trim() ?? "q";
}

/** Puts what was typed into the form; returns what is wrong with it, else null. */
async function take(face: Face, now: NonNullable<TuiState["form"]>, at: number, typed: string): Promise<string | null> {
  const { session } = face;
  const field = now.fields[at];
  if (field === undefined) return null;
  const value = field.of === "accept" && typed === "-" ? "" : typed || field.value;
  const looked = checked(changed(now, at, value), at, (text) => session.assembly.redactor.foreign(text));
  const { error = null } = looked.fields[at] ?? {};
  if (error !== null) return error;
  session.store.set(() => ({ form: looked }));
  if (field.of !== "store" || value === now.store) return null;
  changeStore(session, value);
  await follow(face);
  return session.store.get().form?.fields[0]?.error ?? null;
}
