import { EXIT } from "../model/error.ts";
import { listRuns } from "../core/journal/runs.ts";
import { canScrubResult, canUndoResult, CHANGES, MOVING, UNDOABLE } from "./available.ts";
import * as browsing from "./browsing.ts";
import { chosenRun } from "./chosen-run.ts";
import { pasteForm, typeForm } from "./form-keys.ts";
import { typeHelp } from "./help-keys.ts";
import { HELP_START } from "./help.ts";
import { selectedItem, wantedOf } from "./items.ts";
import { actionOf, type KeyAction } from "./keymap.ts";
import { VIEWS } from "./overview.ts";
import { typePrompt, typeText } from "./prompt.ts";
import { shownError } from "./shown-error.ts";
import { ask, type TerminalSession } from "./session.ts";
import type { TuiState } from "./state.ts";
import { openRun, startResume, startScrub } from "./verbs/journal.ts";
import { startIgnore, undoLastIgnore } from "./verbs/ignore.ts";
import { chooseStore, pickStore, savePlan, startDiff, startPlan, usePicked } from "./verbs/plan.ts";
import { openOverview, readAgain, showNextTab, showTab } from "./verbs/overview.ts";
import { startPreview } from "./verbs/preview.ts";
import { openForm } from "./verbs/form.ts";
import { editMapping } from "./verbs/mapping.ts";
import { reveal } from "./verbs/reveal.ts";
import { leaveRotation, startRotation } from "./verbs/rotate.ts";
import { callOff, startApply, startUndo } from "./verbs/run.ts";
import { startScan } from "./verbs/scan.ts";
import { changeSources } from "./verbs/sources.ts";
import { isMove, move, type ScreenLayout } from "./moves.ts";

/** Handles one key press. A question, the filter and the help take keys first. */
export function press(session: TerminalSession, key: string, room: ScreenLayout): void {
  const { store } = session;
  if (store.get().status) store.set(() => ({ status: null }));
  const state = store.get();
  if (key === "ctrl-c") return abort(session);
  if (state.revealed) return store.set(() => ({ revealed: null }));
  if (state.question) return answerQuestion(state.question, key, room.blind);
  if (state.prompt) return typePrompt(session, key, room.blind);
  if (state.filtering) return typeFilter(session, key);
  if (state.help !== null) return typeHelp(session, key, room.page, (chosen) => press(session, chosen, room));
  if (state.where === "form") return typeForm(session, key, room.blind);
  const action = actionOf(state.where, key);
  // Nothing is decided that cannot be seen.
  if (action === null || (room.blind && action !== "quit")) return;
  if (isMove(action)) move(session, action, room);
  else if (browsing.isBrowsing(action)) browsing.act(session, action, key, room.wide);
  else if (action === "view") showTab(session, VIEWS[Number(key) - 1] ?? "changes");
  else act(session, action);
  startPreview(session);
}

function answerQuestion({ answer }: NonNullable<TuiState["question"]>, key: string, isBlind: boolean): void {
  if (key === "y" && !isBlind) answer(true);
  else if (["n", "esc", "q"].includes(key)) answer(false);
}

/** Pasted text goes into a line being typed or nowhere: a `y` in it must not apply a plan. */
export function paste(session: TerminalSession, text: string): void {
  if (session.store.get().revealed) return session.store.set(() => ({ revealed: null }));
  if (session.store.get().prompt) return typeText(session, text);
  if (session.store.get().where === "form") return pasteForm(session, text);
  if (!session.store.get().filtering) return;
  session.store.set(({ filter }) => ({ filter: (filter + text.replace(/\s+/g, " ")).slice(0, 200), selected: null }));
}

/**
 * Whether a key changes something outside, or agrees to something, at this point: it must arrive alone. A burst of text
 * with a `y` in it is not an answer; where text is typed, this applies to Enter.
 */
export function answers({ filtering, prompt, where, help }: TuiState, key: string): boolean {
  return prompt || help || where === "form" ? key === "enter" : key === "y" && !filtering;
}

function act(session: TerminalSession, action: KeyAction): void {
  if (session.store.get().readOnly && CHANGES.has(action))
    return session.store.set(() => ({ status: { text: "--read-only: nothing is changed or revealed", tone: "warn" } }));
  const { where, rotating } = session.store.get();
  // The plan of a rotation has no places to choose, and no lines of a configuration.
  if (where === "plan" && rotating !== null && MOVING.has(action)) return;
  ACTIONS[action]?.(session);
}

const ACTIONS: { readonly [action in KeyAction]?: (session: TerminalSession) => void } = {
  help: ({ store }) => store.set(() => ({ help: HELP_START })),
  quit,
  back,
  filter: ({ store }) => store.set(() => ({ filtering: true, selected: null })),
  open: (session) => {
    const { store } = session;
    if (store.get().where === "runs") openChosen(session);
    else if (selectedItem(store.get())?.kind === "section") store.set(browsing.folded);
    else store.set(() => ({ where: "detail", detailScroll: 0 }));
  },
  migrate: (session) => wantPlan(session, "migrate"),
  diff: (session) => wantPlan(session, "diff"),
  choose,
  apply: (session) => void startApply(session),
  overview: openOverview,
  readAgain,
  nextView: (session) => showNextTab(session, 1),
  prevView: (session) => showNextTab(session, -1),
  sources: (session) => void changeSources(session),
  store: (session) => void pickStore(session),
  lines: ({ store }) =>
    store.set(({ planned }) => ({ planned: planned && { ...planned, diff: planned.diff !== true } })),
  byHand: ({ store }) =>
    store.set(({ planned }) => ({ planned: planned && { ...planned, byHand: planned.byHand !== true } })),
  steps: ({ store }) => store.set(({ run }) => ({ run: run && { ...run, detailed: !run.detailed, scroll: null } })),
  form: openForm,
  edit: (session) => void editMapping(session),
  save: (session) => void savePlan(session),
  runs: openRuns,
  ignore: (session) => void startIgnore(session, false),
  ignoreAgain: (session) => void startIgnore(session, true),
  reveal,
  undo,
  resume: (session) => goOn(session, "resume"),
  scrub: (session) => goOn(session, "scrub"),
  rotate: startRotation,
  rescan: (session) => {
    session.store.set(() => ({ where: "browse" }));
    startScan(session);
  },
};

function wantPlan(session: TerminalSession, action: "migrate" | "diff"): void {
  const { store } = session;
  const state = store.get();
  const wanted = wantedOf(state);
  if (state.target.hosts !== null) {
    const text = "hosts are only scanned here: set DOCKER_HOST to one of them, and start unsprawl without --hosts";
    return store.set(() => ({ status: { text, tone: "warn" } }));
  }
  if (wanted.size === 0) {
    store.set(() => ({ status: { text: "nothing is marked", tone: "warn" } }));
    return;
  }
  void (action === "diff" ? startDiff : chooseStore)(session, wanted);
}

function choose(session: TerminalSession): void {
  const { choices, at, busy, picking } = session.store.get().stores;
  const choice = choices[at];
  if (!choice || busy !== null) return;
  if (picking) usePicked(session, choice.name);
  else startPlan(session, choice.name);
}

function back(session: TerminalSession): void {
  const { store, jobs } = session;
  const { where, rotating } = store.get();
  if (where === "plan" && rotating !== null) leaveRotation(session);
  else if (where === "browse") browsing.clear(session);
  else if (where === "receipts") openRuns(session);
  else if (where === "plan") store.set(() => ({ where: "stores", planned: null, status: null }));
  else if (where === "proof") {
    store.set(() => ({ where: "browse" }));
    startScan(session);
  } else {
    // A plan or a search that is still being made is no longer wanted; it changes nothing.
    jobs.get("plan")?.abort.abort();
    jobs.get("overview")?.abort.abort();
    store.set((state) => ({
      where: "browse",
      status: null,
      stores: { ...state.stores, busy: null, error: null },
      overview: { ...state.overview, busy: null },
    }));
    if (store.get().stale) startScan(session, { quiet: true });
  }
}

function quit(session: TerminalSession): void {
  if (!session.jobs.has("run")) return void session.leave();
  const kind = session.store.get().run?.kind ?? "apply";
  void ask(session, QUIT[kind]).then((yes) => {
    if (!yes) return;
    if (kind !== "rollback") callOff(session);
    void session.leave();
  });
}

const QUIT = {
  apply: "A run is at work. Stop it, put back what was begun, and quit?",
  rollback: "An undo is at work. Quit when it has ended?",
  scrub: "A scrub is at work. Stop it after this container, and quit?",
} as const;

function abort(session: TerminalSession): void {
  const { store, jobs } = session;
  if (jobs.has("run")) return callOff(session);
  const { result } = store.get().result ?? {};
  void session.leave(result?.state === "partly" ? EXIT.partly : EXIT.interrupted);
}

function typeFilter(session: TerminalSession, key: string): void {
  const { store } = session;
  if (key === "enter") store.set(() => ({ filtering: false }));
  else if (key === "esc") store.set(() => ({ filtering: false, filter: "", selected: null }));
  else if (key === "backspace")
    store.set(({ filter }) => ({ filter: Array.from(filter).slice(0, -1).join(""), selected: null }));
  else if (key === "space") store.set(({ filter }) => ({ filter: `${filter} `, selected: null }));
  else if (Array.from(key).length === 1) store.set(({ filter }) => ({ filter: filter + key, selected: null }));
}

function openRuns(session: TerminalSession): void {
  const { store, assembly } = session;
  try {
    const list = listRuns(assembly.installation()).toReversed();
    // The run that was opened stays selected.
    const id = store.get().opened?.summary.run;
    const at = Math.max(
      0,
      list.findIndex(({ run }) => run === id),
    );
    store.set(() => ({ where: "runs", status: null, opened: null, runs: { list, at } }));
  } catch (error) {
    store.set(() => ({ status: { text: shownError(error, assembly.redactor).text, tone: "bad" } }));
  }
}

function undo(session: TerminalSession): void {
  const { store } = session;
  const { where, result } = store.get();
  if (where === "browse") return void undoLastIgnore(session);
  if (where === "proof") {
    if (result !== null && canUndoResult(store.get())) void startUndo(session, result.run);
    return;
  }
  const run = chosenRun(store.get());
  if (!run) return;
  if (UNDOABLE.includes(run.state)) void startUndo(session, run.run);
  else store.set(() => ({ status: { text: `this run is ${run.state}: there is nothing to undo`, tone: "warn" } }));
}

function openChosen(session: TerminalSession): void {
  const run = chosenRun(session.store.get());
  if (run) void openRun(session, run);
}

function goOn(session: TerminalSession, action: "resume" | "scrub"): void {
  const { where, result } = session.store.get();
  if (where === "proof") {
    if (result !== null && canScrubResult(session.store.get()))
      void startScrub(session, { run: result.run, state: "done" });
    return;
  }
  const run = chosenRun(session.store.get());
  if (run) void (action === "resume" ? startResume(session, run) : startScrub(session, run));
}
