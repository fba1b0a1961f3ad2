import type { Provider } from "../contract/provider.ts";
import type { Mapping } from "../core/config/mapping.ts";
import type { RunSummary } from "../core/journal/runs.ts";
import type { Change } from "../model/change.ts";
import type { ScanReport, SubjectError } from "../core/scan.ts";
import type { Rotation } from "../model/finding.ts";
import type { NotRotated } from "../rotate/plan.ts";
import type { Plan } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { SecretGroup } from "./groups.ts";
import { NO_HISTORY, type RunHistory } from "./history.ts";
import type { PlanForm } from "./form.ts";
import type { KeyScope } from "./keymap.ts";
import type { ListSort } from "./sorting.ts";
import { NO_OVERVIEW, type OverviewState } from "./overview.ts";
import type { STEP, TONE } from "./theme.ts";
import type { Grouping } from "./where.ts";
import type { RunResult } from "../core/run-end.ts";
import type { ShownMessage, HelpState, TerminalLook, Prompt } from "./state-parts.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** What is scanned: sources, of the engines of these configured hosts; all hosts if none is named, null for this engine. */
export type ScanTarget = { readonly sources: readonly string[]; readonly hosts: readonly string[] | null };

export type ScanState = {
  readonly status: "waiting" | "running" | "done" | "failed";
  readonly source: string;
  readonly done: number;
  readonly total: number | null;
  readonly started: number;
  readonly error: ShownMessage | null;
  readonly hits: readonly ScanHit[];
  readonly groups: readonly SecretGroup[];
  readonly unread: readonly (SubjectError & { readonly source: string })[];
  readonly report: ScanReport | null;
  /** What has changed since the newest recorded scan; null if there is none. */
  readonly changes: readonly Change[] | null;
};

/** When a unit of a run began, when its newest step did, and when it ended. */
export type UnitTiming = { readonly started: number; readonly step: number; readonly ended: number | null };

export type StepState = {
  readonly id: string;
  readonly unit: string;
  readonly text: string;
  readonly state: keyof typeof STEP;
  /** What the step does or waits for now, since when, and for how long at most. */
  readonly phase?: { readonly text: string; readonly since: number; readonly limitMs?: number };
};

export type RunState = {
  readonly kind: "apply" | "rollback" | "scrub";
  readonly plan: Plan;
  readonly steps: readonly StepState[];
  readonly done: number;
  readonly total: number;
  readonly started: number;
  readonly ended: number | null;
  readonly aborting: boolean;
  readonly timing: ReadonlyMap<string, UnitTiming>;
  /** Whether each step is shown instead of a line for each unit. */
  readonly detailed: boolean;
  /** Rows above the running step that the person scrolled to; null follows the running step. */
  readonly scroll: number | null;
};

export type ResultState = {
  readonly kind: RunState["kind"];
  readonly run: string;
  readonly result: RunResult | null;
  /** What a scrub purged, left and still found, one line each. */
  readonly told: readonly string[];
  /** What a rotation proved, by secret. */
  readonly proven?: readonly { readonly unit: string; readonly text: string }[];
  /** How to rotate what was moved, as far as it is known. */
  readonly rotate?: readonly RotationAdvice[];
  readonly error: ShownMessage | null;
  readonly scroll: number;
};

/** How to rotate secrets of one kind, by name. */
export type RotationAdvice = Rotation & { readonly names: readonly string[] };

export type StoreChoice = { readonly name: string; readonly text: string };

export const WAITING_FOR_SCAN = "waiting for the scan to end";

/** What the details show of the selected row, in the order of its tabs. */
export const TABS = ["evidence", "places", "exposure", "plan", "journal"] as const;
export type Tab = (typeof TABS)[number];

/** What a store would do with one secret: nothing yet while both are null. */
export type StorePreview = { readonly store: string; readonly plan: Plan | null; readonly error: ShownMessage | null };

/** The form on the screen: its answers, the selected field, and where it was opened from. */
export type ShownForm = PlanForm & { readonly at: number; readonly cursor: number; readonly from: "stores" | "plan" };

/** Everything that the screens show. They are functions of this and the terminal's size, and hold no state. */
export type TuiState = {
  readonly where: KeyScope;
  /** Null while it is closed. */
  readonly help: HelpState | null;
  readonly question: { readonly text: string; readonly answer: (yes: boolean) => void } | null;
  /** A line being typed; it takes keys before the screen does. */
  readonly prompt: Prompt | null;
  readonly status: { readonly text: string; readonly tone: keyof typeof TONE } | null;
  /** The one value that is shown, for a short time. */
  readonly revealed: { readonly name: string; readonly value: Secret; readonly until: number } | null;
  /** Nothing may be changed: no apply, undo, scrub, ignore or reveal. */
  readonly readOnly: boolean;
  /** Secrets ignored in this session, by fingerprint; a scan that began earlier still finds them. */
  readonly suppressed: ReadonlySet<string>;
  /** Whether something was ignored in this session that can be undone. */
  readonly canUndoIgnore: boolean;
  /** Something has changed since the scan began: the list is scanned again when it is gone back to. */
  readonly stale: boolean;
  readonly now: number;
  readonly target: ScanTarget;
  readonly look: TerminalLook;
  readonly scan: ScanState;
  /** The selected item's key; null is the first, so that findings that are added above do not move the view. */
  readonly selected: string | null;
  readonly marked: ReadonlySet<string>;
  readonly filter: string;
  readonly filtering: boolean;
  readonly grouping: Grouping;
  readonly sort: ListSort;
  /** The headings whose secrets are not shown, by key. */
  readonly folded: ReadonlySet<string>;
  /** Selected values of facets, as `severity:high`; a facet without selected values excludes nothing. */
  readonly facets: ReadonlySet<string>;
  readonly facetAt: number;
  /** The key of the item where a range of marks began; null if there is none. */
  readonly range: string | null;
  readonly tab: Tab;
  readonly history: RunHistory;
  /** By fingerprint; made with `stores.last`, for the findings of the newest scan. */
  readonly previews: ReadonlyMap<string, StorePreview>;
  readonly detailScroll: number;
  readonly wanted: ReadonlySet<string>;
  readonly stores: {
    readonly choices: readonly StoreChoice[];
    readonly at: number;
    /** What it is doing, as `opening vault`; `WAITING_FOR_SCAN` while the scan has not ended. */
    readonly busy: string | null;
    readonly error: ShownMessage | null;
    /** A store is chosen for the plans and previews that follow, not to plan now. */
    readonly picking: boolean;
    /** The store of the last plan; `d` uses it again. */
    readonly last: string | null;
  };
  readonly planned: {
    readonly plan: Plan;
    readonly provider: Provider;
    readonly scroll: number;
    /** Whether each line that changes is shown. */
    readonly diff?: boolean;
    /** Whether the commands that do the same by hand are shown. */
    readonly byHand?: boolean;
    /** What was decided for single secrets; absent if nothing was. */
    readonly mapping?: Mapping;
    /** An edited mapping that could not be read, as it was left. */
    readonly draft?: string | null;
  } | null;
  /** A rotation that is planned or shown as a plan: where from, what it leaves out, and what is being done; else null. */
  readonly rotating: {
    readonly from: KeyScope;
    readonly left: readonly NotRotated[];
    readonly busy: string | null;
  } | null;
  /** The form while it is filled in: the selected field, and the cursor in its text. */
  readonly form: ShownForm | null;
  /** What was decided for single secrets of a store; kept when the person goes back and forth. */
  readonly decided: { readonly store: string; readonly mapping: Mapping } | null;
  readonly run: RunState | null;
  readonly result: ResultState | null;
  /** Every run of this session, for the summary. */
  readonly ended: readonly ResultState[];
  readonly overview: OverviewState;
  readonly runs: { readonly list: readonly RunSummary[]; readonly at: number };
  /** The run that was opened from the list. */
  readonly opened: {
    readonly summary: RunSummary;
    readonly plan: Plan;
    readonly steps: readonly StepState[];
    readonly records: readonly { readonly at: string; readonly text: string }[];
    readonly scroll: number;
  } | null;
};

export const NO_SCAN: ScanState = {
  status: "waiting",
  source: "",
  done: 0,
  total: null,
  started: 0,
  error: null,
  hits: [],
  groups: [],
  unread: [],
  report: null,
  changes: null,
};

export const START: TuiState = {
  where: "browse",
  help: null,
  question: null,
  prompt: null,
  revealed: null,
  readOnly: false,
  status: null,
  suppressed: new Set(),
  canUndoIgnore: false,
  stale: false,
  now: 0,
  target: { sources: [], hosts: null },
  look: { theme: "none", links: false, mouse: false },
  scan: NO_SCAN,
  selected: null,
  marked: new Set(),
  filter: "",
  filtering: false,
  grouping: "container",
  sort: "severity",
  folded: new Set(),
  facets: new Set(),
  facetAt: 0,
  range: null,
  tab: "evidence",
  history: NO_HISTORY,
  previews: new Map(),
  detailScroll: 0,
  wanted: new Set(),
  stores: { choices: [], at: 0, busy: null, error: null, picking: false, last: null },
  planned: null,
  rotating: null,
  form: null,
  decided: null,
  run: null,
  result: null,
  ended: [],
  overview: NO_OVERVIEW,
  runs: { list: [], at: 0 },
  opened: null,
};

export type Store = {
  readonly get: () => TuiState;
  set(change: (state: TuiState) => Partial<TuiState>): void;
  /** As `set`, but drawn together with others a moment later: for events that come by the thousand. */
  later(change: (state: TuiState) => Partial<TuiState>): void;
  readonly subscribe: (listener: () => void) => () => void;
};

const LATER_MS = 60;

export function createStore(state: TuiState = START): Store {
  let now = state;
  let timer: NodeJS.Timeout | null = null;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    for (const listener of listeners) listener();
  };
  return {
    get: () => now,
    set(change) {
      now = { ...now, ...change(now) };
      tell();
    },
    later(change) {
      now = { ...now, ...change(now) };
      timer ??= setTimeout(tell, LATER_MS);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
