import { UnsprawlError } from "../../../src/model/error.ts";
import type { Migration, Work } from "../../../src/contract/migration.ts";
import type { Provider } from "../../../src/contract/provider.ts";
import type { Step, StoreKey } from "../../../src/model/plan.ts";
import type { Secret } from "../../../src/model/secret.ts";
import { checkMatch, checkReplace, versionOf } from "../../../src/stores-kit/check-and-set.ts";

/** One unit: as it was, until a run puts another in its place and keeps the first for a rollback. */
type OneUnit = {
  readonly own: ReadonlyMap<string, Secret>;
  runs: "old" | "none" | "new";
  isKept: boolean;
  files: boolean;
};

/** All that lies outside of unsprawl and its journal, in a form that can be compared and put back. */
export type Outside = {
  readonly store: ReadonlyMap<string, Secret>;
  readonly units: ReadonlyMap<string, OneUnit>;
};

type OnEffect = (what: string, when: "before" | "after") => void;

const at = ({ path, field }: StoreKey): string => `${path}/${field}`;

/** A store in memory, and units whose format is this file's `migration`. */
export class World {
  readonly store: Map<string, Secret>;
  readonly units: Map<string, OneUnit>;
  onEffect: OnEffect = () => undefined;
  /** The effect that fails, without having happened. */
  fails: string | null = null;
  /** What an undo leaves as it is, as if somebody had removed it meanwhile. */
  leaves: string | null = null;
  /** How often the store has been read. */
  reads = 0;
  /** What a read gives instead of what is there. */
  given: (there: Secret | null, nth: number) => Secret | null = (there) => there;

  constructor({ store, units }: Outside) {
    this.store = new Map(store);
    this.units = new Map([...units].map(([name, unit]) => [name, { ...unit }]));
  }

  static of(units: { readonly [unit: string]: { readonly [name: string]: Secret } }): World {
    const made = Object.entries(units).map(([name, values]): [string, OneUnit] => [
      name,
      { own: new Map(Object.entries(values)), runs: "old", isKept: false, files: false },
    ]);
    return new World({ store: new Map(), units: new Map(made) });
  }

  /** What is there now, as a value. */
  outside(): Outside {
    const { store, units } = new World(this);
    return { store, units };
  }

  effect(what: string, act: () => void): void {
    this.onEffect(what, "before");
    if (this.fails === what) throw new UnsprawlError("failed", `cannot ${what}`);
    act();
    this.onEffect(what, "after");
  }

  readonly provider: Provider = {
    target: { name: "mem", provider: "mem", settings: {} },
    key: ({ subject, name }) => ({ path: subject, field: name }),
    names: ({ path, field }) => ({ subject: path, project: "", name: field }),
    list: async () => [],
    policy: async () => "",
    reference: (key) => `ref+mem://${key.path}#/${key.field}`,
    parse: (reference) => {
      const [, path, field] = /^ref\+mem:\/\/(.*)#\/(.*)$/.exec(reference) ?? [];
      return path === undefined || field === undefined ? null : { path, field };
    },
    get: async (key) => {
      const value = this.given(this.store.get(at(key)) ?? null, ++this.reads);
      return value === null ? null : { value, version: versionOf("1", value) };
    },
    put: async (key, value, replace) => {
      const there = this.store.get(at(key));
      checkReplace(there === undefined ? null : { value: there, version: versionOf("1", there) }, replace, key, "mem");
      this.effect(`store: put ${at(key)}`, () => this.store.set(at(key), value));
      return { version: versionOf("1", value) };
    },
    remove: async (key, matches) => {
      const there = this.store.get(at(key));
      if (there === undefined) return false;
      checkMatch(there, matches, key, "mem");
      this.effect(`store: remove ${at(key)}`, () => this.store.delete(at(key)));
      return true;
    },
    check: async () => [],
    issueReader: async () => ({ config: {}, files: [] }),
  };

  /** As a container's: the values are delivered, and a unit without them takes the place of the old one, which is kept. */
  readonly migration: Migration = {
    name: "scripted",
    engine: async () => ({ id: "ENGINE", address: "unix:///x" }),
    unit: async ({ location }) => ({ id: location.subjectId, name: location.subjectName }),
    refuses: async () => null,
    names: async ({ location }) => ({ subject: location.subjectName, project: "" }),
    plan: async (unit, selected) => {
      const both = { unit, delivery: "shim", moves: selected.map(({ move }) => move) } as const;
      const subject = { id: `id-${unit}`, name: unit, image: "app" };
      const limits = { graceMs: 1, healthTimeoutMs: 1, tolerated: [] };
      const steps: readonly Step[] = [
        { id: `deliver:${unit}`, kind: "deliver", why: "w", ...both },
        { id: `recreate:${unit}`, kind: "recreate", subject, digest: "d", diff: [], ...both },
        { id: `check:${unit}`, kind: "check", ...limits, ...both },
      ];
      return { unit, warnings: [], steps };
    },
    read: async ({ name }, unit, lasting) => {
      const { own, runs, isKept } = this.#unit(unit);
      return runs === "old" || (isKept && lasting !== true) ? (own.get(name) ?? null) : null;
    },
    unchanged: async ({ unit }) => {
      if (this.#unit(unit).runs !== "old") throw new UnsprawlError("changed", `${unit} has changed`);
    },
    perform: async (step, work) => this.#perform(step, work),
    undo: async (steps, work) => {
      const [name, unit] = [steps[0]?.unit ?? "", this.#unit(steps[0]?.unit ?? "")];
      // As the clients of engines do.
      work.signal.throwIfAborted();
      if (this.leaves === name) return;
      if (unit.runs === "new") this.effect(`${name}: remove the new one`, () => (unit.runs = "none"));
      if (unit.runs === "none") {
        if (!unit.isKept) throw new UnsprawlError("absent", `the old ${name} is gone`);
        this.effect(`${name}: start the old one`, () => Object.assign(unit, { runs: "old", isKept: false }));
      }
      if (unit.files) this.effect(`${name}: remove the files`, () => (unit.files = false));
    },
    scrub: async (steps) => {
      const [name, unit] = [steps[0]?.unit ?? "", this.#unit(steps[0]?.unit ?? "")];
      if (!unit.isKept) return [];
      this.effect(`${name}: delete the old one`, () => (unit.isKept = false));
      return [`the old ${name}`];
    },
    render: async () => 0,
  };

  #unit(name: string): OneUnit {
    const unit = this.units.get(name);
    if (unit === undefined) throw new UnsprawlError("absent", `no unit ${name}`);
    return unit;
  }

  #perform({ id, kind, unit: name }: Step, { signal, record, values }: Work): void {
    const unit = this.#unit(name);
    signal.throwIfAborted();
    if (kind === "deliver" && !unit.files) this.effect(`${name}: write the files`, () => (unit.files = true));
    if (kind === "recreate" && unit.runs === "old") {
      record.intent(`${id}/stop`);
      this.effect(`${name}: stop the old one`, () => Object.assign(unit, { runs: "none", isKept: true }));
    }
    if (kind === "recreate" && unit.runs === "none")
      this.effect(`${name}: start the new one`, () => (unit.runs = "new"));
    if (kind === "check" && (!unit.files || unit.runs !== "new" || [...unit.own.keys()].length > values.size))
      throw new UnsprawlError("unhealthy", `${name} has not all of its values`);
  }
}
