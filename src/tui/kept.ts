import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { shownError } from "./shown-error.ts";
import type { TerminalSession } from "./session.ts";
import { SORTS, type ListSort } from "./sorting.ts";
import { START, type TuiState } from "./state.ts";
import { type Grouping, GROUPINGS } from "./where.ts";

/**
 * How the list was arranged, and the store of the last plan in each folder: what one project uses is no choice for
 * another. Marks and the filter end with the session: nothing is armed, and no finding hidden, when somebody begins.
 */
type SavedSelection = { readonly grouping: Grouping; readonly sort: ListSort; readonly stores: FolderStores };
/** By folder, the one used last at the end. */
type FolderStores = { readonly [folder: string]: string };

const SAVE_MS = 500;
/** No more folders than this are remembered. */
const MOST_FOLDERS = 200;

/** Restores what was chosen in the last session, and the store of this folder's; reports what the list shows of it. */
export function takeUp({ store, assembly }: TerminalSession): void {
  try {
    const saved = read(assembly.state());
    if (saved === null) return;
    const { grouping, sort, stores } = saved;
    const last = Object.hasOwn(stores, assembly.cwd) ? (stores[assembly.cwd] ?? null) : null;
    const parts = [
      ...(grouping === START.grouping ? [] : [`grouped by ${grouping}`]),
      ...(sort === START.sort ? [] : [`sorted by ${sort}`]),
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
  const chosen = (): string => JSON.stringify(choiceOf(store.get()));
  let saved = chosen();
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    const now = chosen();
    if (now === saved) return writing;
    saved = now;
    const write = async (): Promise<void> => {
      const text = textOf(store.get(), assembly.cwd, storesIn(assembly.state()));
      await atomicWrite(join(assembly.state(), FILE), text, { mode: 0o600 });
    };
    writing = writing.then(write).catch(() => undefined);
    return writing;
  };
  const stop = store.subscribe(() => {
    if (timer === null && chosen() !== saved) timer = setTimeout(() => void save(), SAVE_MS).unref();
  });
  return async () => {
    stop();
    await save();
  };
}

const FILE = "decided.json";

const choiceOf = ({ grouping, sort, stores }: TuiState): readonly unknown[] => [grouping, sort, stores.last];

function textOf({ grouping, sort, stores: { last } }: TuiState, folder: string, before: FolderStores): string {
  const others = Object.entries(before).filter(([one]) => one !== folder);
  const all = last === null ? others : [...others, [folder, last] as const];
  const kept: SavedSelection = { grouping, sort, stores: Object.fromEntries(all.slice(-MOST_FOLDERS)) };
  return `${JSON.stringify({ version: 3, ...kept })}\n`;
}

/** What other sessions have saved meanwhile; nothing where that cannot be read. */
function storesIn(state: string): FolderStores {
  try {
    return read(state)?.stores ?? {};
  } catch {
    return {};
  }
}

/**
 * Null if nothing was saved. Version 1 has marks and a filter, which are left; it and version 2 have one store for all
 * folders, which is left too. Throws `malformed` for other files.
 */
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
    const { version } = given;
    const grouping = GROUPINGS.find((one) => one === given["grouping"]);
    const sort = SORTS.find((one) => one === given["sort"]) ?? (version === 1 ? START.sort : undefined);
    const stores = version === 3 ? given["stores"] : {};
    if ([1, 2, 3].includes(Number(version)) && grouping && sort && isFolderStores(stores))
      return { grouping, sort, stores };
  } catch {
    // Reported below, like any other untrusted text.
  }
  throw new UnsprawlError("malformed", `${file} cannot be read: the list starts in its default arrangement`);
}

function isFolderStores(given: unknown): given is FolderStores {
  return typeof given === "object" && given !== null && Object.values(given).every((name) => typeof name === "string");
}
