import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UnsprawlError } from "../model/error.ts";
import { atomicWrite } from "../kit/io/atomic.ts";
import { shownError } from "./shown-error.ts";
import { GROUPINGS, type Grouping } from "./sections.ts";
import type { TerminalSession } from "./session.ts";
import { START, type TuiState } from "./state.ts";
import { countText } from "./widgets/bar.ts";

/** What was decided and not done yet. Marks are fingerprints: the file contains no name and no value. */
type SavedSelection = {
  readonly marked: readonly string[];
  readonly filter: string;
  readonly grouping: Grouping;
  readonly store: string | null;
};

const NOTHING: SavedSelection = { marked: [], filter: "", grouping: START.grouping, store: null };
const SAVE_MS = 500;

/** Restores the decisions of the last session, and reports it. */
export function takeUp({ store, assembly }: TerminalSession): void {
  try {
    const { marked, filter, grouping, store: last } = read(assembly.state()) ?? NOTHING;
    const parts = [
      ...(marked.length > 0 ? [countText(marked.length, "mark")] : []),
      ...(filter === "" ? [] : [`the filter ${JSON.stringify(filter)}`]),
      ...(grouping === START.grouping ? [] : [`by ${grouping}`]),
      ...(last === null ? [] : [`the store ${last}`]),
    ];
    if (parts.length === 0) return;
    store.set((state) => ({
      marked: new Set([...marked, ...state.marked]),
      filter,
      grouping,
      stores: { ...state.stores, last },
      status: { text: `as you left it: ${parts.join(", ")}`, tone: "plain" },
    }));
  } catch (error) {
    store.set(() => ({ status: { text: shownError(error, assembly.redactor).text, tone: "warn" } }));
  }
}

/**
 * Saves decisions from now on, shortly after each: even a killed process has saved them. The returned function stops
 * that and saves the rest. Never fails a session: a decision that cannot be saved is no reason to lose the run that
 * follows.
 */
export function keepDecisions({ store, assembly }: TerminalSession): () => Promise<void> {
  let saved = textOf(store.get(), assembly.redactor.foreign.bind(assembly.redactor));
  let seen = store.get();
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    if (timer) clearTimeout(timer);
    timer = null;
    const text = textOf(store.get(), (one) => assembly.redactor.foreign(one));
    if (text === saved) return writing;
    saved = text;
    const write = async (): Promise<void> => atomicWrite(join(assembly.state(), FILE), text, { mode: 0o600 });
    writing = writing.then(write).catch(() => undefined);
    return writing;
  };
  const stop = store.subscribe(() => {
    const now = store.get();
    const same =
      now.marked === seen.marked &&
      now.filter === seen.filter &&
      now.grouping === seen.grouping &&
      now.stores.last === seen.stores.last;
    seen = now;
    if (!same) timer ??= setTimeout(() => void save(), SAVE_MS).unref();
  });
  return async () => {
    stop();
    await save();
  };
}

const FILE = "decided.json";

/** A filter that contains a value is not saved. */
function textOf({ marked, filter, grouping, stores }: TuiState, redact: (text: string) => string): string {
  const harmless = redact(filter) === filter ? filter : "";
  const kept: SavedSelection = { marked: [...marked], filter: harmless, grouping, store: stores.last };
  return `${JSON.stringify({ version: 1, ...kept })}\n`;
}

/** Null if nothing was saved. Throws `malformed` for a file that is not ours. */
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
    const { version, marked, filter, store } = given;
    const grouping = GROUPINGS.find((one) => one === given["grouping"]);
    const prints = Array.isArray(marked) && marked.every((one) => typeof one === "string" && /^[0-9a-f]+$/.test(one));
    const texts = typeof filter === "string" && (store === null || typeof store === "string");
    if (version === 1 && prints && texts && grouping !== undefined)
      return { marked: marked as string[], filter, grouping, store };
  } catch {
    // Reported below, like any other untrusted text.
  }
  throw new UnsprawlError("malformed", `${file} cannot be read: what was marked is not known any more`);
}
