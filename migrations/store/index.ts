/**
 * `store`: moves values from one secret store to another. There is no run configuration to rewrite: the plan is the
 * writes and their read-backs. The values stay in the old store, as old containers are kept, until `scrub`; a rollback
 * removes what was written.
 */
import type { Migration } from "../../src/contract/migration.ts";
import type { Provider, StoreEntry } from "../../src/contract/provider.ts";
import { removeSeen } from "../../src/contract/remove-seen.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprint, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { Location } from "../../src/model/location.ts";
import type { Move } from "../../src/model/plan.ts";

export type StoreMigrationTools = {
  /** The store of a source's kind: `vault` of `vault:apps/api`. */
  readonly store: (name: string) => Promise<Provider>;
  readonly key: FingerprintKey;
};

export function storeMigration({ store, key: fingerprintKey }: StoreMigrationTools): Migration {
  const opened = new Map<string, Promise<Provider>>();
  const listings = new Map<string, Promise<unknown>>();
  const from = async ({ source, path }: Location): Promise<StoreEntry> => {
    const name = source.slice(0, source.indexOf(":"));
    let opening = opened.get(name);
    if (opening === undefined) opened.set(name, (opening = store(name)));
    const provider = await opening;
    const key = provider.parse(path);
    if (key !== null) return { provider, key };
    throw new UnsprawlError("changed", `${path} is no longer in the store ${name}`, "unsprawl plan again");
  };

  /** A store that keeps the names beside the values knows them once it was listed. */
  const listed = (source: string, provider: Provider): Promise<unknown> => {
    let listing = listings.get(source);
    if (listing === undefined) listings.set(source, (listing = provider.list(source.slice(source.indexOf(":") + 1))));
    return listing;
  };

  return {
    name: "store",
    // Store writes are guarded by check-and-set; the lock keeps two runs of this installation apart.
    engine: async () => ({ id: "stores", address: "stores" }),
    unit: async ({ location }) => ({ id: location.subjectId, name: location.subjectName }),
    refuses: async () => null,
    async names({ location }) {
      const { provider, key } = await from(location);
      await listed(location.source, provider);
      const { subject, project } = provider.names(key);
      return { subject: subject || location.subjectName, project };
    },
    async plan(unit, selected, { store: { name } }) {
      const sources = [...new Set(selected.map(({ finding }) => finding.location.source))];
      const forAll = sources.map(
        (source) =>
          `anything that reads ${source} must be pointed to ${name}; the old values stay until scrub, and in the old store's earlier versions for as long as it keeps them: those are not moved`,
      );
      return { unit, steps: [], warnings: [], forAll };
    },
    async read({ location }) {
      const { provider, key } = await from(location);
      return (await provider.get(key))?.value ?? null;
    },
    entry: from,
    unchanged: async () => undefined,
    perform: async () => undefined,
    undo: async () => undefined,
    async scrub(steps, work) {
      const removed: string[] = [];
      for (const step of steps) {
        if (step.kind !== "put") continue;
        const { path } = step.move.location;
        const is = await removeOld(step.move);
        if (is === "removed") removed.push(path);
        if (is === "other") work.say(`${path} stays: it has another value than the one that was moved`);
        work.record.done(`old:${step.id}`);
      }
      return removed;
    },
    render: async () => 0,
  };

  /** Removes the old value, if it is still the one that was moved. */
  async function removeOld({ location, fingerprint: moved }: Move): Promise<"removed" | "absent" | "other"> {
    const { provider, key } = await from(location);
    try {
      const isRemoved = await removeSeen(provider, key, (value) => fingerprint(value, fingerprintKey) === moved);
      return isRemoved ? "removed" : "absent";
    } catch (error) {
      if (error instanceof UnsprawlError && error.code === "conflict") return "other";
      throw error;
    }
  }
}
