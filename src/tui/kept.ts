import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { shownError } from "./shown-error.ts";
import { GROUPINGS, type Grouping } from "./sections.ts";
import type { TerminalSession } from "./session.ts";
import { SORTS, type ListSort } from "./sorting.ts";
import { START, type TuiState } from "./state.ts";

/**
 * How the list was arranged, and the store of the last plan. Marks and the filter end with the session: nothing is
 * armed, and no finding hidden, when somebody begins.
 */
type SavedSelection = { readonly grouping: Grouping; readonly sort: ListSort; readonly store: string | null };

const SAVE_MS = 500;

/** Restores what was chosen in the last session, and reports it. */
export function takeUp({ store, assembly }: TerminalSession): void {
  try {
    const saved = read(assembly.state());
    if (saved === null) return;
    const { grouping, sort, store: last } = saved;
    const parts = [
      ...(grouping === START.grouping ? [] : [`grouped by ${grouping}`]),
      ...(sort === START.sort ? [] : [`sorted by ${sort}`]),
      ...(last === null ? [] : [`store ${last}`]),
    ];
    store.set((state) => ({
      grouping,
      sort,
      stores: { ...state.stores, last },
      ...(parts.length === 0 ? {} : { status: { text: `Restored: ${parts.join(", ")}`, tone: "plain" } }),
    }));
  } catch (error) {
    store.set(() => ({ status: { text: shownError(error, assembly.redactor).text, tone: "warn" } }));
  }
}

/**
 * Saves what is chosen from now on, shortly after each choice: even a killed process has saved it. The returned
 * function stops that and saves the rest. Never fails a session: what cannot be saved is no reason to lose the run that
 * follows.
 */
export function keepDecisions({ store, assembly }: TerminalSession): () => Promise<void> {
  let saved = textOf(store.get());
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    const text = textOf(store.get());
    if (text === saved) return writing;
    saved = text;
    const write = async (): Promise<void> => atomicWrite(join(assembly.state(), FILE), text, { mode: 0o600 });
    writing = writing.then(write).catch(() => undefined);
    return writing;
  };
  const stop = store.subscribe(() => {
    if (timer === null && textOf(store.get()) !== saved) timer = setTimeout(() => void save(), SAVE_MS).unref();
  });
  return async () => {
    stop();
    await save();
  };
}

const FILE = "decided.json";

function textOf({ grouping, sort, stores }: TuiState): string {
  const kept: SavedSelection = { grouping, sort, store: stores.last };
  return `${JSON.stringify({ version: 2, ...kept })}\n`;
}

/** Null if nothing was saved. Version 1 has marks and a filter, which are left. Throws `malformed` for other files. */
function read(state: string): SavedSelection | null {
  const file = join(state, FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  try {
    const given = JSON.parse(text) as { [key: string]: unknown };
    const { version, store } = given;
    const grouping = GROUPINGS.find((one) => one === given["grouping"]);
    const sort = SORTS.find((one) => one === given["sort"]) ?? (version === 1 ? START.sort : undefined);
    if ((version === 1 || version === 2) && (store === null || typeof store === "string") && grouping && sort)
      return { grouping, sort, store };
  } catch {
    // Reported below, like any other untrusted text.
  }
  throw new UnsprawlError("malformed", `${file} cannot be read: the list starts in its default arrangement`);
}
