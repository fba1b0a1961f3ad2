import { secretsLeft } from "./plan-secrets.ts";
import { keyFileText } from "./key-files.ts";
import type { NotMoved, Plan, RecreateStep } from "../model/plan.ts";

/** What a plan leaves: the findings of its units, and those that no unit gets. */
export function planLeft({ notMoved }: Pick<Plan, "notMoved">): {
  readonly stay: readonly NotMoved[];
  readonly elsewhere: readonly NotMoved[];
} {
  return {
    stay: notMoved.filter((one) => one.elsewhere !== true),
    elsewhere: notMoved.filter((one) => one.elsewhere === true),
  };
}

/** How many secrets a plan leaves: `2 not moved, 3 elsewhere`. */
export function leftCount(plan: Pick<Plan, "notMoved">): string {
  const { stay, elsewhere } = planLeft(plan);
  return `${secretsLeft(stay)} not moved${elsewhere.length > 0 ? `, ${secretsLeft(elsewhere)} elsewhere` : ""}`;
}

/** Which containers a recreate step stops, for how long at most, and which ports close meanwhile. */
export function outageText({ subject, outage, sharers = [] }: RecreateStep): string {
  const also = sharers.length === 0 ? "" : `; then ${sharers.map(({ name }) => name).join(", ")}, which depend on it`;
  if (outage === undefined) return `${subject.name} is replaced${also}`;
  const { isRunning, stopMs, startMs, isChecked, ports, update } = outage;
  if (!isRunning) return `${subject.name} is replaced; it is not running, so nothing is started${also}`;
  if (update !== undefined) return updateText(subject.name, outage, update);
  const up = isChecked ? `healthy within ${startMs / 1000} s` : `watched for ${startMs / 1000} s`;
  const closed = ports.length === 0 ? "" : `; published ports closed meanwhile: ${ports.join(", ")}`;
  return `${subject.name} is stopped and replaced: up to ${stopMs / 1000} s to stop, then ${up}${closed}${also}`;
}

/** How a swarm replaces the tasks of a service: what is away at a time, and for how long the whole update lasts at most. */
function updateText(name: string, { stopMs, startMs, isChecked, ports }: Outage, update: ServiceUpdate): string {
  const { order, tasks, atOnce, delayMs, monitorMs } = update;
  const isAll = atOnce === tasks;
  const which = tasks === 1 ? "its task is" : isAll ? `all ${tasks} tasks are` : `${tasks} tasks are`;
  const pace = isAll ? (tasks === 1 ? "" : " at once") : `, ${atOnce} at a time`;
  const [stop, start] = [
    `up to ${span(stopMs)} to stop`,
    `${isChecked ? "healthy" : "running"} within ${span(startMs)}`,
  ];
  const how =
    order === "start-first"
      ? `the new one starts first (start-first), ${start}; then the old one has ${stop}, so none is missing`
      : `the old one stops first (stop-first), ${stop}, then the new one must be ${start}`;
  const batches = Math.ceil(tasks / atOnce);
  const between = batches > 1 && delayMs > 0 ? `; ${span(delayMs)} between` : "";
  const total = batches * (stopMs + startMs) + (batches - 1) * delayMs + monitorMs;
  const closed = ports.length === 0 ? "" : `; published ports closed meanwhile: ${ports.join(", ")}`;
  return `${name}: ${which} replaced${pace}: ${how}${between}; watched for ${span(monitorMs)}; ${span(total)} in all at most${closed}`;
}

type Outage = NonNullable<RecreateStep["outage"]>;
type ServiceUpdate = NonNullable<Outage["update"]>;

/** `90 s`, or `12 min` for what takes longer. */
function span(ms: number): string {
  return ms < 180_000 ? `${ms / 1000} s` : `${Math.ceil(ms / 60_000)} min`;
}

/** How many containers, and tasks of a swarm's services, a plan restarts: those that run, and those that depend on them. */
export function restartCounts({ steps }: Pick<Plan, "steps">): { readonly containers: number; readonly tasks: number } {
  const running = steps.flatMap((step) => (step.kind === "recreate" && step.outage?.isRunning !== false ? step : []));
  return {
    containers: running
      .filter(({ outage }) => outage?.update === undefined)
      .reduce((sum, { sharers = [] }) => sum + 1 + sharers.length, 0),
    tasks: running.reduce((sum, { outage }) => sum + (outage?.update?.tasks ?? 0), 0),
  };
}

/** What is true of the whole plan: restarts, their order, what a reboot needs, and which keys must be kept. */
export function planTotals({ steps, keyFiles = [] }: Plan): string[] {
  const all = steps.filter((step): step is RecreateStep => step.kind === "recreate" && step.outage?.isRunning === true);
  const services = all.flatMap(({ outage }) => outage?.update ?? []);
  const tasks = services.reduce((sum, { tasks: own }) => sum + own, 0);
  const restarts = all
    .filter(({ outage }) => outage?.update === undefined)
    .reduce((sum, { sharers = [] }) => sum + 1 + sharers.length, 0);
  const order = restarts > 1 ? ", one after another in this order" : "";
  // A swarm keeps what it mounts itself.
  const onTmpfs = steps.some(
    (step) =>
      step.kind === "recreate" && !["runtime", "volume"].includes(step.delivery) && step.outage?.update === undefined,
  );
  return [
    ...(restarts > 0 ? [`${restarts} ${restarts === 1 ? "container restarts" : "containers restart"}${order}`] : []),
    ...(services.length > 0
      ? [
          `${tasks} ${tasks === 1 ? "task" : "tasks"} of ${services.length} ${services.length === 1 ? "service" : "services"} ${tasks === 1 ? "is" : "are"} replaced${services.length > 1 ? ", one service after another in this order" : ""}`,
        ]
      : []),
    ...(onTmpfs
      ? ["after a reboot the files are gone until unsprawl agent, or unsprawl render, writes them again"]
      : []),
    ...keyFiles.map(keyFileText),
  ];
}

/**
 * How long the restarts of a plan take at most, one after another; null where that is not known of each, or where
 * nothing restarts.
 */
export function longestRestarts({ steps }: Plan): string | null {
  const all = steps.filter((step) => step.kind === "recreate");
  const known = all.flatMap(({ outage, sharers = [] }) =>
    outage === undefined || outage.update !== undefined || sharers.length > 0 ? [] : [outage],
  );
  const ms = known.reduce((sum, one) => sum + (one.isRunning ? one.stopMs + one.startMs : 0), 0);
  return known.length === all.length && ms > 0 ? span(ms) : null;
}
