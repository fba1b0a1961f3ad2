import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Stored } from "../contract/provider.ts";
import { atomicWrite, hasTemps, sweepTemps } from "../kit/io/atomic.ts";
import { mustBeKnownForm } from "../kit/io/form.ts";
import { withFileLock } from "../kit/io/lock.ts";
import { bare, cmd } from "../kit/shell.ts";
import { jsonText } from "../kit/text/escape.ts";
import { UnsprawlError } from "../model/error.ts";
import { fingerprint, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import { lastPut, type GivenValue, type KnownRuns } from "./journal/taken-over.ts";
import { serverOf, type UnitOwner } from "./journal/uses.ts";

/** A value about to be handed out, with what its store says of the time of the write. */
export type DatedValue = GivenValue & Pick<Stored, "written">;

/** What this host has handed out last, by store entry: `handed-out.json` in the state folder, 0600, without values. */
export type HandedOut = {
  /**
   * Throws `conflict` for another value than the one before that the store wrote earlier: a backup was restored, or the
   * entry replaced by other means than a write. `accept` is what to type if that is meant.
   */
  mustBeNewer(given: DatedValue, owners: readonly UnitOwner[], known: KnownRuns, accept: string): void;
  record(given: readonly DatedValue[]): Promise<void>;
};

/** The word of `--accept` for values that are older than the ones before. */
export const OLDER_VALUE = "older-value";

/** Clocks of several machines: what is older by less than this may have been written later. */
const SKEW_MS = 60_000;
const WAIT_MS = 20_000;

type Entry = { readonly print: Fingerprint; readonly at: number };
type Entries = { [entry: string]: Entry };

/**
 * Compares with what this host handed out before or, for the first time, with what its runs moved. `isAccepted`: older
 * values are handed out too. A missing or damaged file counts as empty; one of a newer version is refused.
 */
export function openHandedOut(state: string, key: FingerprintKey, isAccepted = false): HandedOut {
  const file = join(state, "handed-out.json");
  return {
    mustBeNewer(given, owners, known, accept) {
      const { written, store, value } = given;
      if (isAccepted || written === undefined || store === null) return;
      const before = read(file)[entryOf(given)];
      if (before?.print === fingerprint(value, key)) return;
      const put = lastPut(given, owners, known);
      // What a run of this host has put there needs no other explanation.
      if (put?.isThis === true) return;
      const since = before?.at ?? (put === null ? null : Date.parse(put.at) - SKEW_MS);
      const skew = before !== undefined && written.clock === "writer" ? SKEW_MS : 0;
      if (since === null || written.at >= since - skew) return;
      throw new UnsprawlError(
        "conflict",
        `${given.name}: ${given.reference} holds another value, which the store wrote at ${timeText(written.at)}: before the one that was handed out (${timeText(before?.at ?? Date.parse(put?.at ?? ""))})`,
        cmd`was the store restored from a backup? ${bare(accept)} hands it out anyway`,
      );
    },
    async record(given) {
      const fresh = given.flatMap((one): [string, Entry][] =>
        one.written === undefined || one.store === null
          ? []
          : [[entryOf(one), { print: fingerprint(one.value, key), at: one.written.at }]],
      );
      const isKnown = (all: Entries): boolean =>
        fresh.every(([entry, { print, at }]) => all[entry]?.print === print && all[entry].at === at);
      if (isKnown(read(file)) && !(await hasTemps(file))) return;
      await withFileLock(
        file,
        async () => {
          await sweepTemps(file);
          const before = read(file);
          if (isKnown(before)) return;
          const entries = { ...before, ...Object.fromEntries(fresh) };
          await atomicWrite(file, jsonText({ version: 1, entries }), { mode: 0o600 });
        },
        WAIT_MS,
        state,
      );
    },
  };
}

/** A store's entry, whatever the store is called. */
function entryOf({ store, reference }: DatedValue): string {
  return JSON.stringify([store?.provider, store === null ? null : serverOf(store), reference]);
}

const FILE = v.object({
  version: v.literal(1),
  entries: v.record(v.string(), v.object({ print: v.string(), at: v.number() })),
});

const VERSIONED = v.object({ version: v.number() });

function read(file: string): Entries {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (v.is(VERSIONED, parsed)) mustBeKnownForm(parsed.version, 1, file);
    return v.is(FILE, parsed) ? { ...parsed.entries } : {};
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    return {};
  }
}

const timeText = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
