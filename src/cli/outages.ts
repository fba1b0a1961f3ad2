import type { WatchScan } from "../watch/loop.ts";
import { UnsprawlError } from "../model/error.ts";
import { unreadErrors, unreadLine } from "./views/watch-text.ts";

/** How the words go where something fails for this reason; all others fail. */
const STATES: { readonly [code: string]: { readonly still: string; readonly over: string } } = {
  unreachable: { still: "unreachable", over: "reachable again" },
};
const FAILING = { still: "failing", over: "works again" };
/** A watch that tries every few seconds repeats itself no more often than this. */
const QUIET_MS = 60_000;
/** An engine that words each answer differently fills neither the log nor the memory: after these, one a minute. */
const MOST_MESSAGES = 20;

type OpenOutage = { readonly since: Date; readonly code: string; readonly messages: Set<string>; said: number };

/**
 * What keeps failing while a watch runs: each message in full when it first comes, then a line that it is still so, then
 * one when it is over; all with the time, in UTC.
 */
export class Outages {
  readonly #open = new Map<string, OpenOutage>();
  /** What could not be read in a round, by host, source and subject. */
  readonly #unread = new Map<string, { readonly since: Date; readonly message: string }>();
  readonly #say: (text: string) => void;
  readonly #print: (error: unknown) => void;
  readonly #now: () => Date;

  constructor(say: (text: string) => void, print: (error: unknown) => void, now: () => Date = () => new Date()) {
    this.#say = say;
    this.#print = print;
    this.#now = now;
  }

  /** `host` is null for this machine. */
  failed(host: string | null, error: unknown): void {
    const now = this.#now();
    const { code, message } = error instanceof UnsprawlError ? error : { code: "failed", message: String(error) };
    const outage = this.#open.get(host ?? "") ?? { since: now, code, messages: new Set(), said: 0 };
    this.#open.set(host ?? "", outage);
    const isKnown = outage.messages.has(message);
    const isFull = outage.messages.size >= MOST_MESSAGES;
    if ((isKnown || isFull) && now.getTime() - outage.said < QUIET_MS) return;
    outage.said = now.getTime();
    if (!isFull) outage.messages.add(message);
    const at = `${timeText(now, now)}  ${host === null ? "" : `${host}: `}`;
    if (isKnown) this.#say(`${at}still ${wordsFor(outage).still} since ${timeText(outage.since, now)}`);
    else this.#print(error instanceof UnsprawlError ? withTime(error, at) : error);
  }

  /** Ends the host's outage, if there is one, and says what it could not read for the first time. */
  worked({ report, host, why }: WatchScan): void {
    const now = this.#now();
    const at = `${timeText(now, now)}  ${host === null ? "" : `${host}: `}`;
    const outage = this.#open.get(host ?? "");
    this.#open.delete(host ?? "");
    if (outage !== undefined)
      this.#say(`${at}${wordsFor(outage).over}; it was ${wordsFor(outage).still} since ${timeText(outage.since, now)}`);
    const errors = new Map(unreadErrors(report).map((one) => [`${host ?? ""}\0${one.what}`, one]));
    for (const [key, one] of errors) {
      const before = this.#unread.get(key);
      if (before?.message === one.message) continue;
      this.#unread.set(key, { since: before?.since ?? now, message: one.message });
      this.#say(at + unreadLine(one));
    }
    // A scan after events has looked at some containers only.
    if (why === "events") return;
    for (const [key, { since }] of this.#unread) {
      const [of = "", what = ""] = key.split("\0");
      if (of !== (host ?? "")) continue;
      if (errors.has(key)) continue;
      this.#unread.delete(key);
      this.#say(`${at}read again: ${what}, not read since ${timeText(since, now)}`);
    }
  }
}

function wordsFor({ code }: OpenOutage): { readonly still: string; readonly over: string } {
  return STATES[code] ?? FAILING;
}

function withTime({ code, message, hint }: UnsprawlError, at: string): UnsprawlError {
  return new UnsprawlError(code, `${at}${message}`, hint);
}

/** `02:14 UTC`; with its date if that is not the one of `now`, with seconds if it is less than two minutes ahead. */
export function timeText(time: Date, now: Date = new Date()): string {
  const [iso, today] = [time.toISOString(), now.toISOString()];
  const day = iso.slice(0, 10) === today.slice(0, 10) ? "" : `${iso.slice(0, 10)} `;
  const ahead = time.getTime() - now.getTime();
  return `${day}${iso.slice(11, ahead > 0 && ahead < 120_000 ? 19 : 16)} UTC`;
}
