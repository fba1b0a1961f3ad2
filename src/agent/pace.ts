import { projectOf } from "../model/consumer.ts";
import type { ServedConsumer } from "./tools.ts";

/** At most this many paths are queried per second, whatever the interval. */
const PATHS_PER_SECOND = 25;
/** Of one project in one round: one that asks for more is asked about less often, and slows down nobody else. */
const PATHS_PER_PROJECT = 50;

/** How often the stores are asked, and who is asked about in which round. */
export type Pace = {
  readonly everyMs: number;
  readonly isTurn: (served: ServedConsumer, round: number) => boolean;
};

export function paceOf(all: readonly ServedConsumer[], leastMs: number): Pace {
  const paths = new Map<string, Set<string>>();
  for (const served of all) {
    const own = paths.get(projectKey(served)) ?? new Set();
    for (const { reference } of served.consumer.values) own.add(reference.split("#")[0] ?? "");
    paths.set(projectKey(served), own);
  }
  const asked = [...paths.values()].reduce((sum, { size }) => sum + Math.min(size, PATHS_PER_PROJECT), 0);
  return {
    everyMs: Math.max(leastMs, (asked / PATHS_PER_SECOND) * 1000),
    isTurn: (served, round) =>
      round % Math.ceil((paths.get(projectKey(served))?.size ?? 0) / PATHS_PER_PROJECT || 1) === 0,
  };
}

const projectKey = ({ consumer, key }: ServedConsumer): string => projectOf(consumer) ?? key;
