import { meantByScreen } from "../rotatable.ts";
import { shownError } from "../shown-error.ts";
import { startJob, type TerminalSession } from "../session.ts";
import type { TuiState } from "../state.ts";
import { DEFAULTS } from "./plan.ts";

/** Plans to rotate what the screen is about, and shows the plan. Servers and the store are asked; nothing is changed. */
export function startRotation(session: TerminalSession): void {
  const { store, assembly } = session;
  const before = store.get();
  const from = before.where;
  const meant = meantByScreen(before);
  if (before.target.hosts !== null || meant === null) {
    const text =
      before.target.hosts === null
        ? NOTHING
        : "hosts are only scanned here: set DOCKER_HOST to one of them, and start unsprawl without --hosts";
    return store.set(() => ({ status: { text, tone: "warn" } }));
  }
  startJob(session, "plan", async (signal) => {
    const show = (change: Partial<TuiState>): void => {
      if (!signal.aborted) store.set(() => change);
    };
    const busy = "asking the store, and where the secrets are checked";
    show({ where: "plan", planned: null, status: null, help: null, rotating: { from, left: [], busy } });
    try {
      const [{ planRotation }, { rotateTools }] = await Promise.all([
        import("../../rotate/plan.ts"),
        import("../../assembly/rotating.ts"),
      ]);
      const { graceMs, healthTimeoutMs } = DEFAULTS;
      const asked = { only: [], mayMiss: false, graceMs, healthTimeoutMs, signal, ...meant };
      const { plan, left } = await planRotation(asked, rotateTools(assembly));
      const provider = await assembly.storeOf(plan.store);
      show({ planned: { plan, provider, scroll: 0 }, rotating: { from, left, busy: null } });
    } catch (error) {
      const { text, hint } = shownError(error, assembly.redactor);
      show({ where: from, rotating: null, status: { text: hint ? `${text}; ${hint}` : text, tone: "bad" } });
    }
  });
}

const NOTHING = "nothing to rotate here: no run has moved it, or it is a rotation itself; m migrates first";

/** Leaves the plan of a rotation, made or not, for where it was asked for. */
export function leaveRotation({ store, jobs }: TerminalSession): void {
  jobs.get("plan")?.abort.abort();
  store.set(({ rotating }) => ({ where: rotating?.from ?? "browse", rotating: null, planned: null, status: null }));
}
