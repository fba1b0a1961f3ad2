import { atField, changed, checked } from "./form.ts";
import { actionOf } from "./keymap.ts";
import { edited, inserted } from "./line-edit.ts";
import type { TerminalSession } from "./session.ts";
import type { ShownForm } from "./state.ts";
import { acceptForm, changeStore, leaveForm } from "./verbs/form.ts";

/** A key in the form: moves to another field or answer, or is text. Nothing is confirmed that cannot be seen. */
export function typeForm(session: TerminalSession, key: string, blind: boolean): void {
  const { form } = session.store.get();
  const action = actionOf("form", key);
  if (action === "back") return leaveForm(session);
  if (form === null || blind) return;
  if (action === "accept") return void acceptForm(session);
  if (action === "nextField") return move(session, form, form.at + 1);
  if (action === "prevField") return move(session, form, form.at - 1);
  const field = form.fields[form.at];
  if (field === undefined) return;
  if (field.options === null) {
    const typed = edited({ text: field.value, at: form.cursor }, key);
    if (typed !== null)
      session.store.set(() => ({ form: { ...changed(form, form.at, typed.text), cursor: typed.at } }));
    return;
  }
  if (action !== "option" || field.options.length < 2) return;
  const by = key === "right" ? 1 : field.options.length - 1;
  const value = field.options[(field.options.indexOf(field.value) + by) % field.options.length] ?? field.value;
  session.store.set(() => ({ form: changed(form, form.at, value) }));
  if (field.of === "store") changeStore(session, value);
}

/** Pasted text, inserted at the cursor of a text field. */
export function pasteForm({ store }: TerminalSession, text: string): void {
  const { form } = store.get();
  const field = form?.fields[form.at];
  if (!form || field?.options !== null) return;
  const typed = inserted({ text: field.value, at: form.cursor }, text);
  store.set(() => ({ form: { ...changed(form, form.at, typed.text), cursor: typed.at } }));
}

/** Moves to the next field, wrapping around; the field that is left shows what is wrong with it. */
function move({ store, assembly }: TerminalSession, form: ShownForm, to: number): void {
  const count = form.fields.length;
  // The error of a store that could not be opened stays visible.
  const looked = form.at === 0 ? form : checked(form, form.at, (text) => assembly.redactor.foreign(text));
  store.set(() => ({ form: atField(looked, (to + count) % count) }));
}
