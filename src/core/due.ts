import { daysSince, isOverdue, patienceDays } from "./rotation-text.ts";
import type { MovedSecret } from "./rotation.ts";

/** The moved secrets for which the configuration names a time, by what is to be done with each. */
export type DueSecrets = {
  readonly due: readonly MovedSecret[];
  /** Those that nobody can say it of: the store does not answer, or has no value of them. */
  readonly unknown: readonly MovedSecret[];
  /** Somebody else wrote these. When is not known, so they are never due. */
  readonly undated: readonly MovedSecret[];
  /** Days until the next secret is due; null if none is scheduled. */
  readonly nextDays: number | null;
};

export function dueSecrets(secrets: readonly MovedSecret[], now: Date): DueSecrets {
  const scheduled = secrets.filter(({ everyDays }) => everyDays !== null);
  const isUnknown = ({ rotation }: MovedSecret): boolean => rotation === "unknown" || rotation === "gone";
  const left = scheduled.flatMap((one) => {
    const patience = patienceDays(one);
    return patience === null || isOverdue(one, now) ? [] : [patience - daysSince(one, now)];
  });
  return {
    due: scheduled.filter((one) => isOverdue(one, now)),
    unknown: scheduled.filter(isUnknown),
    undated: scheduled.filter((one) => patienceDays(one) === null && !isUnknown(one)),
    nextDays: left.length === 0 ? null : Math.min(...left),
  };
}
