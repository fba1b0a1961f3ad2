import { HELP_START, helpSections, keysIn, selectedKey, works } from "./help.ts";
import { actionOf, type KeyAction } from "./keymap.ts";
import { isMove } from "./moves.ts";
import { scrolled, type ScrollMove } from "./scroll.ts";
import type { TerminalSession } from "./session.ts";
import type { HelpState } from "./state-parts.ts";

/** Their own key is the confirmation, which Enter must never be. */
const BY_THEIR_KEY: ReadonlySet<KeyAction> = new Set(["apply", "abort"]);

/** A key while the help is open: moves, filters, closes it, or runs the selected key, which `run` is given. */
export function typeHelp(session: TerminalSession, key: string, page: number, run: (key: string) => void): void {
  const { help, where } = session.store.get();
  if (help === null) return;
  if (key === "enter") return runSelected(session, run);
  if (help.typing) return typeWord(session, help, key);
  const action = actionOf(where === "form" ? "browse" : where, key);
  if (key === "esc" && help.filter !== "") return show(session, HELP_START);
  if (key === "esc" || action === "help" || action === "quit") return show(session, null);
  if (key === "/") return show(session, { ...help, typing: true });
  if (action !== null && isMove(action)) move(session, help, action, page);
}

/** Moves the selection, as the arrow keys do while a word is typed too. */
function move(session: TerminalSession, help: HelpState, action: ScrollMove, page: number): void {
  const count = keysIn(helpSections(session.store.get().where, help.filter)).length;
  show(session, { ...help, at: scrolled(help.at, action, page, Math.max(0, count - 1)) });
}

function typeWord(session: TerminalSession, help: HelpState, key: string): void {
  if (key === "up" || key === "down") return move(session, help, key, 1);
  if (key === "esc") return show(session, HELP_START);
  const typed = key === "space" ? " " : Array.from(key).length === 1 ? key : "";
  const filter = key === "backspace" ? Array.from(help.filter).slice(0, -1).join("") : help.filter + typed;
  show(session, { ...help, filter, at: 0 });
}

function runSelected(session: TerminalSession, run: (key: string) => void): void {
  const state = session.store.get();
  const chosen = selectedKey(state);
  const [key] = chosen?.keys ?? [];
  if (chosen === undefined || key === undefined) return;
  const say = (text: string): void =>
    session.store.set(() => ({ help: null, status: { text: `${chosen.show} ${text}`, tone: "warn" } }));
  if (BY_THEIR_KEY.has(chosen.action))
    return say(`is pressed itself: enter never ${VERBS[chosen.action] ?? "does it"}`);
  if (!works(chosen, state)) return say(`does nothing here now: ${chosen.long}`);
  show(session, null);
  if (chosen.action !== "help") run(key);
}

const VERBS: { readonly [action in KeyAction]?: string } = { apply: "applies a plan", abort: "cancels or leaves" };

function show({ store }: TerminalSession, help: HelpState | null): void {
  store.set(() => ({ help }));
}
