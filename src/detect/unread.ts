/*
 * What of a value or a text was not read because a limit was reached. One thread reads one of them at a time, and every
 * function that reads a part of it may reach a limit: the list is this module's, so that none has to hand it on.
 */
import type { Unread } from "../contract/detector.ts";

const INSTEAD = "look at it yourself, or scan it in parts";

/** Each completes "the file …" or "the value …". */
const LIMITS = {
  secrets: { message: "has more secrets than are listed: the rest is not read", hint: INSTEAD },
  packed: {
    message: "holds something packed that unpacks to more than 100 times its size, or more than 1 MiB: it is not read",
    hint: "unpack it, and scan what comes out",
  },
  length: { message: "is longer than 1 MiB: the rest is not read", hint: INSTEAD },
  settings: { message: "has more settings than are read of one value: the rest is not read", hint: INSTEAD },
  commands: { message: "has more than 200,000 commands: the rest is not read", hint: INSTEAD },
  own: { message: "takes your own rules too long: they do not read the rest", hint: INSTEAD },
} as const satisfies { readonly [limit: string]: Unread };

let reached = new Set<keyof typeof LIMITS>();
let times = 0;

/** A part of what is read now is left out. */
export function leaveOut(limit: keyof typeof LIMITS): void {
  reached.add(limit);
  times++;
}

/** How often something was left out so far: what was read since then was read whole if it is the same. */
export function timesLeftOut(): number {
  return times;
}

/** Reads a value or a text; `unread` is what was left out of it. */
export function reading<Result>(read: () => Result): { readonly result: Result; readonly unread: readonly Unread[] } {
  if (reached.size > 0) reached = new Set();
  const result = read();
  return { result, unread: reached.size === 0 ? WHOLE : [...reached].map((limit) => LIMITS[limit]) };
}

const WHOLE: readonly Unread[] = [];
