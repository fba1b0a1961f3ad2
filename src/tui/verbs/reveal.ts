import { recordReveal } from "../../core/reveal-log.ts";
import type { Hit } from "../../core/scan.ts";
import { itemsOf, selectedAt } from "../items.ts";
import { said } from "../said.ts";
import type { Session } from "../session.ts";
import type { State } from "../state.ts";

/** So long a value stays on the screen. */
export const REVEAL_MS = 10_000;

/** Shows the chosen secret's value for ten seconds or until a key is pressed. That it was shown is recorded first. */
export function reveal({ store, assembly }: Session): void {
  const hit = chosenHit(store.get());
  if (hit === undefined) return store.set(() => ({ status: { text: "no secret is chosen", tone: "warn" } }));
  const { finding, part: value } = hit;
  try {
    recordReveal(assembly.state(), finding.fingerprint, new Date(), assembly.env);
  } catch (error) {
    return store.set(() => ({
      status: { text: `not shown, as it cannot be recorded: ${said(error, assembly.redactor).text}`, tone: "bad" },
    }));
  }
  const revealed = { name: finding.name, value };
  const hide = (): void => {
    if (store.get().revealed === revealed) store.set(() => ({ revealed: null }));
  };
  setTimeout(hide, REVEAL_MS).unref();
  store.set(() => ({ revealed, status: null }));
}

/** The secret itself, of the finding that says most. */
function chosenHit(state: State): Hit | undefined {
  const items = itemsOf(state);
  const item = items[selectedAt(state, items)];
  if (item?.kind !== "group") return undefined;
  const { lead } = item.group;
  return state.scan.hits.find(({ finding }) => finding === lead || finding.id === lead.id);
}
