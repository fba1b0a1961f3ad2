import pMap from "p-map";
import type { Provider } from "../../src/contract/provider.ts";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { cmd } from "../../src/kit/shell.ts";
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
      const keys = await store.list(what);
      if (keys.length === 0 && what !== "")
        throw new UnsprawlError("absent", `nothing is stored below ${what}`, cmd`unsprawl scan ${kind}: lists all`);
      const subjects = Map.groupBy(keys, (key) => store.names(key).subject || key.path);
      yield { kind: "total", subjects: subjects.size };
      for (const [name, own] of subjects) {
        signal.throwIfAborted();
        yield await reading(store, source, { kind: "store", name, id: `${kind}:${name}` }, own);
      }
    },
  };
}

async function reading(
  store: Provider,
  source: string,
  subject: Subject,
  keys: readonly StoreKey[],
): Promise<SourceReading> {
  try {
    const found = await pMap(keys, (key) => candidate(store, source, subject, key), { concurrency: AT_ONCE });
    const candidates = found.filter((one) => one !== null);
    return { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: [], stored: true };
  } catch (error) {
    const { message, hint } = subjectFault(error);
    return {
      kind: "error",
      subject: subject.name,
      about: { kind: "subject", name: subject.name, id: subject.id },
      message,
      hint: hint ?? "unsprawl stores check",
    };
  }
}

/** Null for a value that has been deleted meanwhile. */
async function candidate(store: Provider, source: string, subject: Subject, key: StoreKey): Promise<Candidate | null> {
  const stored = await store.get(key);
  if (stored === null) return null;
  const name = store.names(key).name || storeKeyText(key);
  // The reference is the only way back to the value.
  const place = { kind: "reference", reference: store.reference(key) } as const;
  return { name, value: stored.value, location: locationAt(source, subject, "store", place) };
}
