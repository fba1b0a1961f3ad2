import { recordReveal } from "../../core/reveal-log.ts";
import { selectedItem, type ListItem } from "../items.ts";
import { shownError } from "../shown-error.ts";
import type { TerminalSession } from "../session.ts";
import type { TuiState } from "../state.ts";

/** How long a value stays on the screen. */
export const REVEAL_MS = 10_000;

/** Shows the selected secret's value for ten seconds or until a key is pressed, after recording that it is shown. */
export function reveal(session: TerminalSession): void {
  const { store } = session;
  const revealed = disclose(session, selectedItem(store.get()));
  if ("why" in revealed) return store.set(() => ({ status: { text: revealed.why, tone: revealed.tone } }));
  const hide = (): void => {
    if (store.get().revealed === revealed) store.set(() => ({ revealed: null }));
  };
  // The screen counts down.
  const clock = setInterval(() => {
    if (store.get().revealed === revealed) store.set(() => ({ now: Date.now() }));
    else clearInterval(clock);
  }, 1000).unref();
  setTimeout(hide, REVEAL_MS).unref();
  store.set(() => ({ revealed, status: null, now: Date.now() }));
}

/**
 * The value of a row, from the finding with the most information, after recording that it was requested; or why it is
 * not shown.
 */
export function disclose(
  { store, assembly }: TerminalSession,
  item: ListItem | undefined,
): NonNullable<TuiState["revealed"]> | { readonly why: string; readonly tone: "warn" | "bad" } {
  const lead = item?.kind === "group" ? item.group.lead : null;
  const hit = store.get().scan.hits.find(({ finding }) => finding === lead || finding.id === lead?.id);
  if (hit === undefined) return { why: "no secret is chosen", tone: "warn" };
  const { finding, part: value } = hit;
  try {
    recordReveal(assembly.state(), finding.fingerprint, new Date(), assembly.env);
  } catch (error) {
    const { text } = shownError(error, assembly.redactor);
    return { why: `not shown, as it cannot be recorded: ${text}`, tone: "bad" };
  }
  return { name: finding.name, value, until: Date.now() + REVEAL_MS };
}
