import { RUN_CONFIGURATIONS } from "../../assembly/plug-ins.ts";
import { resolve } from "node:path";
import type { Assembly } from "../../assembly/index.ts";
import type { Mapping } from "../../core/config/mapping.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { shownError } from "../shown-error.ts";
import { startJob, tuiHost, type TerminalSession } from "../session.ts";
import { WAITING_FOR_SCAN, type TuiState } from "../state.ts";
import { likelyStore, storeChoices } from "../tools.ts";

/** As `unsprawl plan` without flags. */
export const DEFAULTS = {
  deliver: "auto",
  overwrite: false,
  accept: new Set<string>(),
  graceMs: 5_000,
  healthTimeoutMs: 90_000,
} as const;

/**
 * Asks for the store that these secrets go to. The question and its answers appear together: a key pressed early is not
 * lost.
 */
export async function chooseStore({ store, assembly }: TerminalSession, wanted: ReadonlySet<string>): Promise<void> {
  const show = (stores: Partial<TuiState["stores"]>): void =>
    store.set((state) => ({
      where: "stores",
      wanted,
      status: null,
      // Decisions are about these secrets; others are asked again.
      decided: [...wanted].every((print) => state.wanted.has(print)) ? state.decided : null,
      stores: { ...state.stores, busy: null, error: null, picking: false, ...stores },
    }));
  try {
    show(await offered(assembly, store.get()));
  } catch (error) {
    show({ choices: [], error: shownError(error, assembly.redactor) });
  }
}

/** Asks for the store that the plans and previews which follow use; nothing is planned. */
export async function pickStore({ store, assembly }: TerminalSession): Promise<void> {
  const show = (stores: Partial<TuiState["stores"]>): void =>
    store.set((state) => ({
      where: "stores",
      status: null,
      stores: { ...state.stores, busy: null, error: null, picking: true, ...stores },
    }));
  try {
    show(await offered(assembly, store.get()));
  } catch (error) {
    show({ choices: [], error: shownError(error, assembly.redactor) });
  }
}

/** The store that was picked: previews are made with it again. */
export function usePicked({ store }: TerminalSession, name: string): void {
  store.set(({ stores }) => ({
    where: "browse",
    previews: new Map(),
    stores: { ...stores, last: name, picking: false },
    status: { text: `plans and previews use ${name}`, tone: "good" },
  }));
}

/** The stores to choose from: the last one, the first configured one or the likely one is selected. */
async function offered(assembly: Assembly, { stores }: TuiState): Promise<Pick<TuiState["stores"], "choices" | "at">> {
  const choices = await storeChoices(assembly);
  const configured = (await assembly.storeNames()).length > 0;
  const last = choices.findIndex(({ name }) => name === stores.last);
  const likely = choices.findIndex(({ name }) => name === likelyStore(assembly.env));
  return { choices, at: last >= 0 ? last : configured ? 0 : Math.max(0, likely) };
}

/** Plans these with the store of the last plan; if there was none, asks for a store. */
export async function startDiff(session: TerminalSession, wanted: ReadonlySet<string>): Promise<void> {
  await chooseStore(session, wanted);
  const { last, choices } = session.store.get().stores;
  if (last !== null && choices.some(({ name }) => name === last)) startPlan(session, last);
}

/** Opens the store and plans, by a mapping if there is one; shows the plan, or the error instead. */
export function startPlan(session: TerminalSession, name: string, made?: Mapping): void {
  const { store, assembly } = session;
  if (made) store.set(() => ({ decided: { store: name, mapping: made } }));
  const { decided } = store.get();
  const mapping = decided?.store === name ? decided.mapping : undefined;
  const stores = (change: Partial<TuiState["stores"]>, signal: AbortSignal): void => {
    if (!signal.aborted) store.set((state) => ({ stores: { ...state.stores, ...change } }));
  };
  startJob(session, "plan", async (signal) => {
    store.set(() => ({ where: "stores", status: null }));
    stores({ busy: `opening ${name}`, error: null }, signal);
    try {
      const [{ buildPlan }, provider] = await Promise.all([
        import("../../core/plan.ts"),
        assembly.store(name, store.get().target.sources),
      ]);
      // A marked secret moves from all its places, so all must be known.
      const scanning = session.jobs.get("scan");
      if (scanning) stores({ busy: WAITING_FOR_SCAN }, signal);
      await scanning?.done;
      const { scan, wanted } = store.get();
      if (scan.status === "failed")
        throw new UnsprawlError("failed", "the scan failed, so the places are not known", "esc, then r scans again");
      const hits = scan.hits.filter(({ finding }) => wanted.has(finding.fingerprint));
      const host = tuiHost(session, signal, (event) => {
        if (event.type === "step") stores({ busy: `planning ${event.unit} ${event.done}/${event.total}` }, signal);
      });
      const migration = assembly.migration(RUN_CONFIGURATIONS);
      const input = { ...DEFAULTS, hits, ...(mapping ? { mapping } : {}) };
      const plan = await buildPlan(
        input,
        {
          migration,
          provider,
          key: assembly.key(),
          redact: (said) => assembly.redactor.guard(said),
          usersOf: assembly.usersOf(provider, migration),
        },
        host,
      );
      if (signal.aborted) return;
      stores({ busy: null, last: name }, signal);
      store.set(() => ({
        where: "plan",
        planned: { plan, provider, scroll: 0, ...(mapping ? { mapping } : {}) },
        status: null,
      }));
    } catch (error) {
      stores({ busy: null, error: shownError(error, assembly.redactor) }, signal);
    }
  });
}

/** Writes the plan where `unsprawl apply` finds it: 0600, atomically. */
export async function savePlan(session: TerminalSession): Promise<void> {
  const { store, assembly } = session;
  const { planned } = store.get();
  if (planned === null) return;
  const file = `plan-${planned.plan.id}.json`;
  try {
    const { atomicWrite } = await import("../../kit/io/atomic.ts");
    const text = assembly.redactor.guard(`${jsonText(planned.plan)}\n`);
    await atomicWrite(resolve(assembly.cwd, file), Buffer.from(text), { mode: 0o600 });
    store.set(() => ({ status: { text: cmd`saved: unsprawl apply ${file}`, tone: "good" } }));
  } catch (error) {
    const { text, hint } = shownError(error, assembly.redactor);
    store.set(() => ({ status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" } }));
  }
}
