import { press } from "../actions.ts";
import { wantedText } from "../items.ts";
import { planLines } from "../screens/plan.ts";
import { rotationLines } from "../screens/rotation.ts";
import { proofLines, titleOf } from "../screens/proof.ts";
import { startScrub } from "../verbs/journal.ts";
import { openForm } from "../verbs/form.ts";
import { editMapping } from "../verbs/mapping.ts";
import { savePlan, startPlan, usePicked } from "../verbs/plan.ts";
import { startApply, startUndo } from "../verbs/run.ts";
import { choose, NO_ROOM, say, word, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { NOT_A_WORD, rescan } from "./list.ts";
import { numbers } from "./numbers.ts";
import { rotating } from "./rotate.ts";

/** Where to: a number or a name; an empty line is the likely one, since a plan changes nothing. */
export async function stores(face: Face): Promise<void> {
  const { session } = face;
  const state = session.store.get();
  const { choices, at, error } = state.stores;
  const likely = choices[at]?.name;
  if (error) say(face, `failed: ${error.text}`, ...(error.hint === null ? [] : [`next: ${error.hint}`]));
  const { picking } = state.stores;
  say(face, picking ? "The store for plans and previews." : `Migrate ${wantedText(state)}. Step 1 of 4, store.`);
  for (const [index, { name, text }] of choices.entries()) say(face, `${index + 1}. ${name}: ${text}`);
  await choose(
    face,
    `Which store? A number${likely === undefined ? "" : `, or enter for ${likely}`},`,
    [
      ...(likely === undefined || picking ? [] : [word("stores", "form", (rest) => change(face, rest), "c 1")]),
      word("stores", "back", () => press(session, "esc", NO_ROOM)),
    ],
    async (text) => {
      const [index, ...others] = numbers(text, choices.length) ?? [];
      const one = text === "" ? choices[at] : (choices.find(({ name }) => name === text) ?? choices[index ?? -1]);
      if (!one || others.length > 0) return `not understood: a number from 1 to ${choices.length}, or a store's name`;
      session.store.set(({ stores: before }) => ({ stores: { ...before, at: choices.indexOf(one) } }));
      if (picking) {
        usePicked(session, one.name);
        return null;
      }
      startPlan(session, one.name);
      await follow(face);
      return null;
    },
  );
}

/** Every step with its masked diff; only `y` applies it. */
export async function plan(face: Face): Promise<void> {
  const { session } = face;
  const { planned, rotating: rotation } = session.store.get();
  if (planned === null) return press(session, "esc", NO_ROOM);
  const { steps } = planned.plan;
  if (rotation === null)
    say(face, `The plan. Step 2 of 4. Nothing is changed yet.`, ...planLines(planned.plan, { diff: true }));
  else say(face, "The plan. Nothing is changed yet.", ...rotationLines(planned.plan, rotation.left));
  await choose(
    face,
    "Apply it?",
    [
      ...(steps.length > 0 ? [word("plan", "apply", () => apply(face))] : []),
      ...(rotation === null
        ? [word("plan", "form", () => open(face)), word("plan", "edit", () => follow(face, editMapping(session)))]
        : []),
      word("plan", "save", () => follow(face, savePlan(session))),
      word("plan", "back", () => press(session, "esc", NO_ROOM)),
    ],
    (text) => (text === "" ? "enter applies nothing: y applies, b goes back" : NOT_A_WORD),
  );
}

/** How it ended and what was proven. */
export async function proof(face: Face): Promise<void> {
  const { session } = face;
  const { result } = session.store.get();
  if (result === null) return press(session, "r", NO_ROOM);
  const { run, kind } = result;
  const kept = kind === "apply" && result.result?.units.some(({ state }) => state === "migrated");
  const isMigration = kind === "apply" && result.result?.rotated !== true;
  say(face, `${titleOf(result)}${isMigration ? ", step 4 of 4" : ""}. Run ${run}.`);
  say(face, ...proofLines(result));
  await choose(
    face,
    "What next?",
    [
      word("proof", "rescan", () => rescan(face)),
      ...rotating(face, "proof"),
      ...(result.kind === "apply" && result.result && result.result.state !== "rolled back"
        ? [word("proof", "undo", () => follow(face, startUndo(session, result.run)))]
        : []),
      ...(kept ? [word("proof", "scrub", () => follow(face, startScrub(session, { run, state: "done" })))] : []),
      word("proof", "runs", () => press(session, "L", NO_ROOM)),
      word("proof", "back", () => rescan(face)),
    ],
    () => NOT_A_WORD,
  );
}

/** The form with the places of a store, before anything is planned; without a number the likely store. */
function change(face: Face, rest: string): Promise<void> | string {
  const { choices, at: likely } = face.session.store.get().stores;
  const [at, ...others] = rest === "" ? [likely] : (numbers(rest, choices.length) ?? []);
  if (at === undefined || others.length > 0) return `which? a number from 1 to ${choices.length}, such as c 1`;
  face.session.store.set(({ stores: before }) => ({ stores: { ...before, at } }));
  return open(face);
}

function open(face: Face): Promise<void> {
  openForm(face.session);
  return follow(face);
}

function apply(face: Face): Promise<void> {
  const step = face.session.store.get().rotating === null ? "Step 3 of 4, apply. " : "";
  say(face, `${step}ctrl-c cancels it and restores what it had begun.`);
  return follow(face, startApply(face.session));
}
