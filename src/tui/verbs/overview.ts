import { VIEWS, type OverviewData, type OverviewState, type OverviewTab } from "../overview.ts";
import { shownError } from "../shown-error.ts";
import { startJob, type TerminalSession } from "../session.ts";
import { residueTools } from "../tools.ts";

/** The newest changes and scans that are shown; older ones are in the report. */
const [CHANGES, SCANS] = [200, 10];

/** Opens the overview at the tab that was open last. */
export function openOverview(session: TerminalSession): void {
  session.store.set(() => ({ where: "overview", status: null }));
  readTab(session, session.store.get().overview.tab);
}

/** Shows another tab. Its data are read the first time; a search for copies only when it is asked for. */
export function showTab(session: TerminalSession, tab: OverviewTab): void {
  change(session, () => ({ tab, scroll: 0 }));
  readTab(session, tab);
}

/** The tab beside the open one. */
export function showNextTab(session: TerminalSession, by: 1 | -1): void {
  const at = VIEWS.indexOf(session.store.get().overview.tab);
  const tab = VIEWS[(at + by + VIEWS.length) % VIEWS.length];
  if (tab !== undefined) showTab(session, tab);
}

/** Reads the open tab again; for residue, searches. */
export function readAgain(session: TerminalSession): void {
  const { tab } = session.store.get().overview;
  change(session, ({ data, errors }) => ({
    data: { ...data, [tab]: undefined },
    errors: { ...errors, [tab]: undefined },
  }));
  read(session, tab);
}

function readTab(session: TerminalSession, tab: OverviewTab): void {
  const { data, busy } = session.store.get().overview;
  if (data[tab] === undefined && tab !== "residue" && busy?.tab !== tab) read(session, tab);
}

function read(session: TerminalSession, tab: OverviewTab): void {
  startJob(session, "overview", async (signal) => {
    const show = (made: (state: OverviewState) => Partial<OverviewState>): void => {
      if (!signal.aborted) change(session, made);
    };
    const busy = (text: string): void => show(() => ({ busy: { tab, text } }));
    busy(BUSY[tab]);
    try {
      const found = await READERS[tab](session, signal, busy);
      show(({ data }) => ({ data: { ...data, ...found }, busy: null }));
    } catch (error) {
      const shown = shownError(error, session.assembly.redactor);
      show(({ errors }) => ({ errors: { ...errors, [tab]: shown }, busy: null }));
    }
  });
}

const BUSY: { readonly [tab in OverviewTab]: string } = {
  changes: "reading saved scans",
  age: "asking the stores",
  residue: "searching for copies",
  agent: "looking at the applications of this host",
};

type ReadTab = (session: TerminalSession, signal: AbortSignal, busy: (text: string) => void) => Promise<OverviewData>;

const READERS: { readonly [tab in OverviewTab]: ReadTab } = {
  async changes({ assembly }) {
    const memory = await assembly.remembered();
    if (memory === null) return { changes: { changes: [], trend: [] } };
    const { history, host } = memory;
    const [changes, trend] = await Promise.all([history.changes(CHANGES), history.trend(host, SCANS)]);
    return { changes: { changes: changes.filter((one) => one.host === host), trend } };
  },
  async age({ assembly }) {
    const { rotations } = await import("../../core/rotation.ts");
    const { state, key, storeOf, detector, config } = assembly;
    const tools = { state: state(), key: key(), storeOf, detector, schedule: async () => (await config()).rotate };
    const moved = await rotations(tools);
    const rules = [...new Set(moved.flatMap(({ rule }) => rule ?? []))];
    if (rules.length === 0) return { age: { moved, advice: {} } };
    const adviceOf = await (await assembly.scanTools(false)).rotation();
    return { age: { moved, advice: Object.fromEntries(rules.map((rule) => [rule, adviceOf(rule)])) } };
  },
  async residue(session, signal, busy) {
    const [{ residue }, { listRuns }] = await Promise.all([
      import("../../core/residue.ts"),
      import("../../core/journal/runs.ts"),
    ]);
    const runs = listRuns(session.assembly.installation()).filter(({ state }) => ["done", "scrubbed"].includes(state));
    const emit = (event: { readonly type: string; readonly source?: string; readonly done?: number }): void => {
      if (event.type === "scan") busy(`searching ${event.source ?? ""}, ${event.done ?? 0} so far`);
    };
    return {
      residue: await residue(
        runs.map(({ run }) => run),
        residueTools(session),
        { signal, emit },
      ),
    };
  },
  async agent({ assembly }) {
    const [{ hostConsumers }, { agentCheck, consumerChecks }, { agentState }, supplies] = await Promise.all([
      import("../../assembly/host-consumers.ts"),
      import("../../core/consumer-checks.ts"),
      import("../../core/agent-state.ts"),
      assembly.supplies(),
    ]);
    const { consumers, notes, unindexed, unserved } = await hostConsumers(assembly);
    const { running, installed } = agentState(assembly.state(), assembly.env);
    const presence = running ? "is running" : installed ? "is installed, and not running now" : null;
    return {
      agent: [
        presence === null
          ? agentCheck(consumers, false)
          : {
              name: "agent",
              state: running ? "ok" : "warn",
              text: `the agent ${presence}`,
              hint: running ? null : "systemctl start unsprawl-agent",
            },
        ...consumerChecks(consumers, (folder, name) => supplies.read(folder, name) !== null, { unindexed, unserved }),
        ...notes,
      ],
    };
  },
};

function change({ store }: TerminalSession, made: (state: OverviewState) => Partial<OverviewState>): void {
  store.set(({ overview }) => ({ overview: { ...overview, ...made(overview) } }));
}
