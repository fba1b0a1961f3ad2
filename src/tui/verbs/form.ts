import { RUN_CONFIGURATIONS } from "../../assembly/plug-ins.ts";
import { mappingOf, type Mapping } from "../../core/config/mapping.ts";
import { UnsprawlError } from "../../model/error.ts";
import { atField, formOf, mappingIn, wrongIn } from "../form.ts";
import { shownError } from "../shown-error.ts";
import { startJob, type TerminalSession } from "../session.ts";
import { WAITING_FOR_SCAN, type TuiState, type ShownForm } from "../state.ts";
import { startPlan } from "./plan.ts";

/**
 * Opens the form of where each wanted secret goes, with answers filled in: those of the plan on screen, or the defaults
 * of the selected store. Changes nothing.
 */
export function openForm(session: TerminalSession): void {
  const { where, planned, stores } = session.store.get();
  const from = where === "plan" && planned !== null ? "plan" : "stores";
  const name = from === "plan" ? planned?.plan.store.name : stores.choices[stores.at]?.name;
  if (name === undefined || stores.busy !== null) return;
  session.store.set(() => ({ status: null, form: null }));
  fill(session, name, from, () => (from === "plan" ? planned?.mapping : null) ?? null);
}

/** Another store: its places are filled in, the choice of delivery stays. A store that cannot be opened is reported. */
export function changeStore(session: TerminalSession, name: string): void {
  const { form } = session.store.get();
  if (form === null) return;
  fill(session, name, form.from, () => {
    const now = session.store.get().form;
    return now && withoutPlaces(mappingIn(now));
  });
}

/** Plans by the form. An invalid answer is reported under its field, and nothing else happens. */
export async function acceptForm(session: TerminalSession): Promise<void> {
  const { store, jobs, assembly } = session;
  // Waits for a store that is being opened, so that a key pressed early is not lost.
  await jobs.get("plan")?.done;
  const { form, stores } = store.get();
  if (form === null) return;
  const named = form.fields[0]?.value ?? form.store;
  if (named !== form.store) return changeStore(session, named);
  const wrong = wrongIn(form, (text) => assembly.redactor.foreign(text));
  if (wrong) return store.set(() => ({ form: atField(wrong.form, wrong.at) }));
  const at = stores.choices.findIndex(({ name }) => name === form.store);
  store.set((state) => ({ form: null, stores: { ...state.stores, at: Math.max(0, at) } }));
  startPlan(session, form.store, mappingIn(form));
}

/** Goes back to where the form was opened, as if it had not been. */
export function leaveForm({ store, jobs }: TerminalSession): void {
  jobs.get("plan")?.abort.abort();
  store.set(({ form, stores }) => ({
    where: form?.from ?? "stores",
    form: null,
    status: null,
    stores: { ...stores, busy: null },
  }));
}

/** Fills in the form for a store; while that is opened, the screen stays. */
function fill(session: TerminalSession, name: string, from: ShownForm["from"], was: () => Mapping | null): void {
  const { store, assembly } = session;
  const { choices } = store.get().stores;
  const names = choices.map((choice) => choice.name);
  startJob(session, "plan", async (signal) => {
    const show = (change: Partial<TuiState> | ((state: TuiState) => Partial<TuiState>)): void => {
      if (!signal.aborted) store.set((state) => (typeof change === "function" ? change(state) : change));
    };
    const busy = (text: string | null): void => show(({ stores }) => ({ stores: { ...stores, busy: text } }));
    busy(`opening ${name}`);
    try {
      const provider = await assembly.store(name, store.get().target.sources);
      // A marked secret moves from all its places, so all must be known.
      const scanning = session.jobs.get("scan");
      if (scanning) busy(WAITING_FOR_SCAN);
      await scanning?.done;
      const { scan, wanted, decided } = store.get();
      if (scan.status === "failed")
        throw new UnsprawlError("failed", "the scan failed, so the places are not known", "esc, then r scans again");
      const hits = scan.hits.filter(({ finding }) => wanted.has(finding.fingerprint));
      const kept = decided?.store === name ? decided.mapping : null;
      const tools = { migration: assembly.migration(RUN_CONFIGURATIONS), provider };
      const known = await mappingOf(hits, tools, was() ?? kept);
      const form = formOf(name, names, provider, known);
      show(({ form: before, stores, where }) => ({
        stores: { ...stores, busy: null },
        // The person may have moved on: to the run, or back.
        ...([from, "form"].includes(where) && {
          where: "form",
          form: atField({ ...form, from }, Math.min(before?.at ?? 0, form.fields.length - 1)),
        }),
      }));
    } catch (error) {
      const { text, hint } = shownError(error, assembly.redactor);
      const told = hint === null ? text : `${text}; ${hint}`;
      show(({ form, stores }) => ({
        stores: { ...stores, busy: null },
        ...(form === null
          ? { status: { text: told, tone: "bad" } }
          : { form: { ...form, fields: form.fields.map((one, at) => (at === 0 ? { ...one, error: told } : one)) } }),
      }));
    }
  });
}

/** A mapping's places belong to one store; the rest of it to any. */
function withoutPlaces({ overwrite, units }: Mapping): Mapping {
  return { overwrite, units: new Map([...units].map(([unit, of]) => [unit, { ...of, keys: new Map() }])) };
}
