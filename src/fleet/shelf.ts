import type { SubjectCheckpoint, ScanProgress } from "../core/scan-progress.ts";
import type { LayerShelf, ShelvedLayer } from "../fast/index.ts";
import type { FleetStore } from "./store.ts";

/** What was judged of a subject, and what it was called there. */
type CachedCheckpoint = SubjectCheckpoint & { readonly name: string };

/** What one scan takes from the shelf that the whole fleet shares, and puts onto it. */
export type ShelfProgress = ScanProgress & {
  /** Puts onto the shelf what this scan has judged itself, whether or not it came to its end. */
  flush(): Promise<void>;
};

/**
 * The progress of a scan over the shared shelf: a subject is kept by its digest, so that whoever meets the same one,
 * wherever it is, need not read it. Where names matter to the settings (`named`), by its digest and its name.
 */
export function shelfProgress(store: FleetStore, settings: string, named: boolean): ShelfProgress {
  const asked = new Map<string, CachedCheckpoint>();
  const fresh = new Map<string, CachedCheckpoint>();
  const shelfKey = (key: string): string => (named ? key : digestIn(key));
  return {
    earlier: {
      has: (key) => asked.has(shelfKey(key)),
      get(key) {
        const shelved = asked.get(shelfKey(key));
        return shelved && calledNow(shelved, nameIn(key));
      },
    },
    left: null,
    get kept() {
      return fresh.size;
    },
    async ask(keys) {
      const wanted = [...new Set(keys.map(shelfKey))].filter((key) => !asked.has(key));
      for (const [key, judged] of await store.judged<CachedCheckpoint>(settings, wanted)) asked.set(key, judged);
    },
    add(key, judged) {
      fresh.set(shelfKey(key), { ...judged, name: nameIn(key) });
    },
    end: () => undefined,
    async flush() {
      await store.shelve(settings, fresh);
      fresh.clear();
    },
  };
}

/** The same for layers, which several images have in common. */
export function sharedLayers(store: FleetStore, settings: string): LayerShelf & Pick<ShelfProgress, "flush"> {
  const fresh = new Map<string, ShelvedLayer>();
  const under = `layers ${settings}`;
  return {
    ask: (ids) => store.judged<ShelvedLayer>(under, ids),
    put: (id, layer) => void fresh.set(id, layer),
    async flush() {
      await store.shelve(under, fresh);
      fresh.clear();
    },
  };
}

/** A key is a digest and what the subject is called: see the registry's walk. */
const digestIn = (key: string): string => key.slice(0, key.indexOf(" "));
const nameIn = (key: string): string => key.slice(key.indexOf(" ") + 1);

/** What comes after the name, such as what kind of manifest it is, stays. */
function calledNow({ name: before, ...judged }: CachedCheckpoint, now: string): SubjectCheckpoint {
  const called = (name: string): string => (name.startsWith(before) ? now + name.slice(before.length) : now);
  return {
    ...judged,
    findings: judged.findings.map((one) => ({
      ...one,
      location: { ...one.location, subjectName: called(one.location.subjectName) },
    })),
    advice: judged.advice.map((one) => ({ ...one, subject: called(one.subject) })),
  };
}
