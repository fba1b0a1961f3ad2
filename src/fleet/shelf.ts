import type { SubjectCheckpoint, ScanProgress } from "../core/scan-progress.ts";
import type { LayerShelf, ShelvedLayer } from "../fast/index.ts";
import type { FleetStore } from "./store.ts";
import { CHECKPOINT, LAYER, type CachedCheckpoint } from "./verdicts.ts";

/** What one scan reads from and writes to the cache that the whole fleet shares. */
export type ShelfProgress = ScanProgress & {
  /** Caches what this scan has classified itself, whether or not it finished. */
  flush(): Promise<void>;
};

/**
 * The progress of a scan over the shared cache: a subject is cached by its digest, so that no other scan of the same
 * subject needs to read it. If settings depend on names (`named`), the cache key is its digest and its name.
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
      for (const [key, judged] of await store.judged(CHECKPOINT, settings, wanted)) asked.set(key, judged);
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

/** The same for layers, which images share. */
export function sharedLayers(store: FleetStore, settings: string): LayerShelf & Pick<ShelfProgress, "flush"> {
  const fresh = new Map<string, ShelvedLayer>();
  const under = `layers ${settings}`;
  return {
    ask: (ids) => store.judged(LAYER, under, ids),
    put: (id, layer) => void fresh.set(id, layer),
    async flush() {
      await store.shelve(under, fresh);
      fresh.clear();
    },
  };
}

/** A key is a digest and the subject's name: see the registry's walk. */
const digestIn = (key: string): string => key.slice(0, key.indexOf(" "));
const nameIn = (key: string): string => key.slice(key.indexOf(" ") + 1);

/** What follows the name, such as the kind of manifest, stays. */
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
