import { basename } from "node:path";
import {
  ignoreFile,
  ignoreItem,
  planIgnore,
  undoIgnore,
  writeIgnore,
  type IgnoredSecret,
} from "../../core/config/ignore-file.ts";
import { groupHits } from "../groups.ts";
import { itemsOf, type ListItem, selectedAt, wantedOf } from "../items.ts";
import { askLine } from "../prompt.ts";
import { shownError } from "../shown-error.ts";
import type { TerminalSession } from "../session.ts";
import type { TuiState } from "../state.ts";
import { countText } from "../widgets/bar.ts";
import type { ScanHit } from "../../core/scan-hit.ts";

/**
 * Ignores these secrets in all places: asks why and until when, shows the lines as they will be written, and takes them
 * off the list. `again` offers the previous answers.
 */
export async function startIgnore(
  session: TerminalSession,
  again: boolean,
  these: ReadonlySet<string> = wantedOf(session.store.get()),
): Promise<void> {
  const { store, assembly } = session;
  const wanted = [...these];
  if (wanted.length === 0) return tell(session, "nothing is marked", "warn");
  const file = ignoreFile(assembly.cwd);
  const name = basename(file);
  const entries = (reason: string, until: string | null): IgnoredSecret[] =>
    wanted.map((fingerprint) => ({ fingerprint, reason, until }));
  try {
    let first: number | null = null;
    // A file that cannot be edited is reported while the reason is typed; the question does not wait for it, so that no
    // early key press means something else.
    void planIgnore(file, entries("x", null)).then(
      (edit) => {
        first = edit.line;
        store.set(({ prompt }) => ({ prompt: prompt && { ...prompt } }));
      },
      (error: unknown) => {
        store.get().prompt?.answer(null);
        failed(session, error);
      },
    );
    const shown = (reason: string, until: string | null): string[] => linesToCome(name, first, entries(reason, until));
    const last = again ? session.ignores.at(-1)?.said : undefined;
    const reason = await askLine(session, {
      label: `Why may ${nameOf(store.get(), wanted)} stay?`,
      text: last?.reason ?? "",
      about: (text) => shown(text, last?.until ?? null),
      check: (text) =>
        text === ""
          ? "a reason is what the next person needs"
          : assembly.redactor.foreign(text) === text
            ? null
            : "this holds a value that was found: a reason is read by everybody",
    });
    if (reason === null) return;
    const day = last === undefined ? await askDay(session, (until) => shown(reason, until)) : (last.until ?? "");
    if (day === null) return;
    const until = dayOf(day, new Date()) ?? null;
    const edit = await planIgnore(file, entries(reason, until));
    await writeIgnore(edit);
    assembly.configChanged();
    const { hits } = store.get().scan;
    const gone = new Set(wanted);
    const called = nameOf(store.get(), wanted);
    session.ignores.push({
      edit,
      hits: hits.filter(({ finding }) => gone.has(finding.fingerprint)),
      said: { reason, until },
    });
    store.set((state) => ({ ...without(state, gone), canUndoIgnore: true }));
    tell(session, `ignored ${called} in ${name}:${edit.line}: u undoes it`);
  } catch (error) {
    failed(session, error);
  }
}

const MOST_SHOWN = 5;

/** The lines as they will be written, from line `first` on: laid out at every key press, only as many as people read. */
function linesToCome(name: string, first: number | null, entries: readonly IgnoredSecret[]): string[] {
  const left = entries.length - MOST_SHOWN;
  return [
    ...entries
      .slice(0, MOST_SHOWN)
      .map((one, at) => `+ ${name}${first === null ? "" : `:${first + at}`}  - ${ignoreItem(one)}`),
    ...(left > 0 ? [`+ ${countText(left, "line")} more like these`] : []),
  ];
}

function askDay(session: TerminalSession, about: (until: string | null) => string[]): Promise<string | null> {
  return askLine(session, {
    label: "Until which day? (YYYY-MM-DD or 90d; nothing: for good)",
    about: (text) => about(dayOf(text, new Date()) ?? null),
    check: (text) =>
      dayOf(text, new Date()) === undefined
        ? "a day to come, such as 2030-01-31, or a number of days, such as 90d"
        : null,
  });
}

/** Takes back the last ignore of this session: restores the file, and the secrets on the list. */
export async function undoLastIgnore(session: TerminalSession): Promise<void> {
  const last = session.ignores.at(-1);
  if (last === undefined) return tell(session, "nothing was ignored in this session; L lists what was done", "warn");
  try {
    await undoIgnore(last.edit);
    session.ignores.pop();
    session.assembly.configChanged();
    const back = new Set(last.hits.map(({ finding }) => finding.fingerprint));
    session.store.set((state): Partial<TuiState> => {
      const known = new Set(state.scan.hits.map(({ finding }) => finding.id));
      const suppressed = new Set([...state.suppressed].filter((print) => !back.has(print)));
      const missing = last.hits.filter(({ finding }) => !known.has(finding.id));
      const whole = { ...state, ...withHits(state, [...state.scan.hits, ...missing]), suppressed };
      const item = itemsOf(whole).find((one) => one.kind === "group" && back.has(one.group.fingerprint));
      const canUndoIgnore = session.ignores.length > 0;
      return { scan: whole.scan, suppressed, canUndoIgnore, selected: item?.key ?? state.selected };
    });
    tell(session, "undone: it is on the list again");
  } catch (error) {
    failed(session, error);
  }
}

/** The state without these secrets; the one after them is selected. */
function without(state: TuiState, gone: ReadonlySet<string>): Partial<TuiState> {
  const items = itemsOf(state);
  const at = selectedAt(state, items);
  const stays = (item: ListItem): boolean => item.kind === "group" && !gone.has(item.group.fingerprint);
  const next = items.slice(at).find(stays) ?? items.findLast(stays);
  return {
    ...withHits(
      state,
      state.scan.hits.filter(({ finding }) => !gone.has(finding.fingerprint)),
    ),
    where: "browse",
    detailScroll: 0,
    selected: next?.key ?? null,
    marked: new Set([...state.marked].filter((print) => !gone.has(print))),
    suppressed: new Set([...state.suppressed, ...gone]),
  };
}

function withHits({ scan }: TuiState, hits: readonly ScanHit[]): Pick<TuiState, "scan"> {
  return { scan: { ...scan, hits, groups: groupHits(hits) } };
}

/** The day as `YYYY-MM-DD`; null for none, undefined for text that names no future day. */
function dayOf(text: string, now: Date): string | null | undefined {
  if (text === "") return null;
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return new Date(now.getTime() + Number(days) * 86_400_000).toISOString().slice(0, 10);
  const day = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : Number.NaN);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(text)) return undefined;
  return text >= now.toISOString().slice(0, 10) ? text : undefined;
}

function nameOf({ scan }: TuiState, wanted: readonly string[]): string {
  const [first] = wanted;
  return wanted.length === 1
    ? (scan.groups.find(({ fingerprint }) => fingerprint === first)?.name ?? "it")
    : countText(wanted.length, "secret");
}

function tell({ store }: TerminalSession, text: string, tone: "good" | "warn" = "good"): void {
  store.set(() => ({ status: { text, tone } }));
}

function failed({ store, assembly }: TerminalSession, error: unknown): void {
  const { text, hint } = shownError(error, assembly.redactor);
  store.set(() => ({ status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" } }));
}
