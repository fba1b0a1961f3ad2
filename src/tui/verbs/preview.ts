import { setTimeout as sleep } from "node:timers/promises";
import { RUN_CONFIGURATIONS } from "../../assembly/plug-ins.ts";
import { selectedItem } from "../items.ts";
import { shownError } from "../shown-error.ts";
import { startJob, type TerminalSession } from "../session.ts";
import type { StorePreview } from "../state.ts";
import { DEFAULTS } from "./plan.ts";

/** A row that is only scrolled past is not planned. */
const REST_MS = 300;

/** The secret and the store that are planned for. */
const underWay = new WeakMap<TerminalSession, string>();

/**
 * Plans for the selected secret with the store of the last plan while the plan tab is visible. Reads the store and the
 * engine, once per secret; before a store was chosen, and before all places are known, nothing is read.
 */
export function startPreview(session: TerminalSession): void {
  const { store, jobs, assembly } = session;
  const state = store.get();
  const name = state.stores.last;
  const item = selectedItem(state);
  const wanted = ["browse", "detail"].includes(state.where) && state.tab === "plan" && state.scan.status === "done";
  if (!wanted || name === null || item?.kind !== "group") {
    jobs.get("preview")?.abort.abort();
    return;
  }
  const print = item.group.fingerprint;
  const what = `${print} ${name}`;
  if (state.previews.get(print)?.store === name || (jobs.has("preview") && underWay.get(session) === what)) return;
  underWay.set(session, what);
  startJob(session, "preview", async (signal) => {
    const show = (preview: Partial<StorePreview>): void => {
      const made = { store: name, plan: null, error: null, ...preview };
      if (!signal.aborted) store.set(({ previews }) => ({ previews: new Map(previews).set(print, made) }));
    };
    try {
      await sleep(REST_MS, undefined, { signal });
      const hits = state.scan.hits.filter(({ finding }) => finding.fingerprint === print);
      const [{ buildPlan }, provider] = await Promise.all([
        import("../../core/plan.ts"),
        assembly.store(name, state.target.sources),
      ]);
      // A preview asks nothing: the real plan does.
      const host = { signal, emit: () => undefined, ask: () => Promise.resolve(false) };
      const migration = assembly.migration(RUN_CONFIGURATIONS);
      const tools = {
        migration,
        provider,
        key: assembly.key(),
        redact: (text: string) => assembly.redactor.guard(text),
        usersOf: assembly.usersOf(provider, migration),
      };
      show({ plan: await buildPlan({ ...DEFAULTS, hits }, tools, host) });
    } catch (error) {
      show({ error: shownError(error, assembly.redactor) });
    }
  });
}
