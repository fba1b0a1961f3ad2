import { keyFileText } from "./key-files.ts";
import type { Plan, RecreateStep } from "../model/plan.ts";

/** Which containers a recreate step stops, for how long at most, and which ports close meanwhile. */
export function outageText({ subject, outage, sharers = [] }: RecreateStep): string {
  const also = sharers.length === 0 ? "" : `; then ${sharers.map(({ name }) => name).join(", ")}, which depend on it`;
  if (outage === undefined) return `${subject.name} is replaced${also}`;
  const { isRunning, stopMs, startMs, isChecked, ports } = outage;
  if (!isRunning) return `${subject.name} is replaced; it is not running, so nothing is started${also}`;
  const up = isChecked ? `healthy within ${startMs / 1000} s` : `watched for ${startMs / 1000} s`;
  const closed = ports.length === 0 ? "" : `; published ports closed meanwhile: ${ports.join(", ")}`;
  return `${subject.name} is stopped and replaced: up to ${stopMs / 1000} s to stop, then ${up}${closed}${also}`;
}

/** What is true of the whole plan: restarts, their order, what a reboot needs, and which keys must be kept. */
export function planTotals({ steps, keyFiles = [] }: Plan): string[] {
  const restarts = steps
    .filter((step): step is RecreateStep => step.kind === "recreate" && step.outage?.isRunning === true)
    .reduce((sum, { sharers = [] }) => sum + 1 + sharers.length, 0);
  const order = restarts > 1 ? ", one after another in this order" : "";
  const onTmpfs = steps.some((step) => step.kind === "recreate" && step.delivery !== "runtime");
  return [
    ...(restarts > 0 ? [`${restarts} ${restarts === 1 ? "container restarts" : "containers restart"}${order}`] : []),
    ...(onTmpfs
      ? ["after a reboot the files are gone until unsprawl agent, or unsprawl render, writes them again"]
      : []),
    ...keyFiles.map(keyFileText),
  ];
}
