import { pMapIterable } from "p-map";
import type { Provider } from "../../src/contract/provider.ts";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { cmd } from "../../src/kit/shell.ts";
import { countText } from "../../src/kit/text/count.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { subjectFault, UnsprawlError } from "../../src/model/error.ts";
import { locationAt, NO_FACTS, type Subject } from "../../src/model/location.ts";
import { storeKeyText, type StoreKey } from "../../src/model/plan.ts";

const AT_ONCE = 8;

/**
 * A secret store as a source: `vault:apps/api`, `keywhiz:`, or a configured store by its name. Every value in it counts
 * as a secret, whatever it looks like; values of one subject are one subject here too, as far as the store's path
 * template distinguishes them.
 */
export function storeSource(kind: string, open: () => Promise<Provider>): Source {
  return {
    kind,
    async *read(what, signal) {
      const store = await open();
      const source = `${kind}:${what}`;
      const omitted: string[] = [];
      const keys = await store.list(what, (path) => void omitted.push(path));
      if (keys.length === 0 && omitted.length === 0 && what !== "")
        throw new UnsprawlError("absent", `nothing is stored below ${what}`, cmd`unsprawl scan ${kind}: lists all`);
      const subjects = Map.groupBy(keys, (key) => store.names(key).subject || key.path);
      yield { kind: "total", subjects: subjects.size };
      const all = [...subjects].flatMap(([name, own]) => own.map((key) => ({ name, key, isLast: key === own.at(-1) })));
      for (const [path, { length }] of Map.groupBy(omitted, (one) => one)) {
        const are = countText(length, "value is", "values are");
        yield problem(subjectOf(kind, path), `${are} disabled, not text, or without a name: not moved`);
      }
      // Across subjects: where each has one value, a subject at a time would be a value at a time.
      const values = pMapIterable(all, (one) => readEntry(store, source, subjectOf(kind, one.name), one), {
        concurrency: AT_ONCE,
        backpressure: 4 * AT_ONCE,
      });
      let own: EntryReading[] = [];
      for await (const entry of values) {
        signal.throwIfAborted();
        own.push(entry);
        if (!entry.isLast) continue;
        yield* readings(subjectOf(kind, entry.name), own);
        own = [];
      }
    },
  };
}

const subjectOf = (kind: string, name: string): Subject => ({ kind: "store", name, id: `${kind}:${name}` });

/** A value of a subject; null if it was deleted meanwhile. */
type EntryReading = {
  readonly name: string;
  readonly key: StoreKey;
  readonly isLast: boolean;
  readonly found: Candidate | null | UnsprawlError;
};

async function readEntry(
  store: Provider,
  source: string,
  subject: Subject,
  { name, key, isLast }: { readonly name: string; readonly key: StoreKey; readonly isLast: boolean },
): Promise<EntryReading> {
  const found = await candidate(store, source, subject, key).catch((error: unknown) => subjectFault(error));
  return { name, key, isLast, found };
}

function* readings(subject: Subject, own: readonly EntryReading[]): Iterable<SourceReading> {
  const found = own.map((one) => one.found);
  const fault = found.find((one) => one instanceof UnsprawlError);
  if (fault !== undefined) return void (yield problem(subject, fault.message, fault.hint ?? "unsprawl stores check"));
  const candidates = found.flatMap((one) => (one === null || one instanceof UnsprawlError ? [] : one));
  if (candidates.length > 0)
    yield { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: [], stored: true };
  const gone = own.flatMap((one) => (one.found === null ? [storeKeyText(one.key)] : []));
  // Deleted just now, without any version, or not there yet on the server that was asked.
  if (gone.length > 0) yield problem(subject, `listed, but without a value when read: ${gone.join(", ")}: not moved`);
}

const LOOK = "look at it in the store before you switch that off, then: unsprawl plan again";

function problem({ name, id }: Subject, message: string, hint = LOOK): SourceReading {
  return { kind: "error", subject: name, about: { kind: "subject", name, id }, message, hint };
}

/** Null for a value that has been deleted meanwhile. */
async function candidate(store: Provider, source: string, subject: Subject, key: StoreKey): Promise<Candidate | null> {
  const stored = await store.get(key);
  if (stored === null) return null;
  const name = store.names(key).name || storeKeyText(key);
  // The reference is the only way back to the value.
  const place = { kind: "reference", reference: store.reference(key) } as const;
  const beside = stored.beside === undefined ? {} : { beside: stored.beside };
  return { name, value: stored.value, ...beside, location: locationAt(source, subject, "store", place) };
}
