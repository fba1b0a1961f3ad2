import { UnsprawlError } from "../model/error.ts";
import { parseDuration } from "../kit/text/duration.ts";

/** When scans are due. */
export type Schedule = {
  /** The first time after `now`. */
  next(now: Date): Date;
  /** For people: `every 15m`. */
  readonly text: string;
};

/** The longest time that a timer can wait for: setTimeout uses 32 bits. */
const LONGEST_MS = 2 ** 31 - 1;
const SHORTEST_MS = 1000;

/** `--every 15m`: this long after a scan began. Throws `usage`. */
export function everySchedule(text: string): Schedule {
  const ms = parseDuration(text, "--every");
  if (ms < SHORTEST_MS || ms > LONGEST_MS)
    throw new UnsprawlError("usage", `--every: ${text} is not between 1s and 24 days`, "such as --every 15m");
  return { next: (now) => new Date(now.getTime() + ms), text: `every ${text}` };
}

/** `--cron "0 3 * * *"`, in local time, as in crontab(5). Throws `usage`. */
export async function cronSchedule(text: string): Promise<Schedule> {
  const { Cron } = await import("croner");
  const wrong = (): UnsprawlError =>
    new UnsprawlError("usage", `--cron: ${JSON.stringify(text)} is not a schedule`, 'such as --cron "*/15 * * * *"');
  let cron: InstanceType<typeof Cron>;
  try {
    cron = new Cron(text, { paused: true });
  } catch {
    throw wrong();
  }
  if (cron.nextRun(new Date()) === null) throw wrong(); // a day that never comes, such as February 30
  return { next: (now) => cron.nextRun(now) ?? new Date(now.getTime() + LONGEST_MS), text: `cron ${text}` };
}

/** Waits until that time, however far away it is and even if the clock is set meanwhile. Throws if cancelled. */
export async function waitUntil(then: Date, signal: AbortSignal): Promise<void> {
  const { setTimeout: sleep } = await import("node:timers/promises");
  for (let left = then.getTime() - Date.now(); left > 0; left = then.getTime() - Date.now())
    await sleep(Math.min(left, MINUTE_MS), undefined, { signal });
}

/** After a suspend, timers resume where they were: the clock is checked each minute, so that the right time is met. */
const MINUTE_MS = 60_000;
