import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../../../src/contract/host.ts";
import type { ReferenceHolder } from "../../../src/contract/reference-holder.ts";
import { apply, resume } from "../../../src/core/apply.ts";
import { entryUsers } from "../../../src/core/entry-users.ts";
import { buildPlan } from "../../../src/core/plan.ts";
import { rollback, rollbackBegun } from "../../../src/core/rollback.ts";
import { route } from "../../../src/core/route.ts";
import { scrub, type ScrubResult } from "../../../src/core/scrub.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { Secret } from "../../../src/model/secret.ts";
import { random } from "../../support/canary.ts";
import { atFileEnd } from "../../support/file-end.ts";
import { hitOf } from "../fixtures.ts";
import { World, type Outside } from "./world.ts";
import type { ApplyTools } from "../../../src/core/apply-tools.ts";
import type { RunResult } from "../../../src/core/run-end.ts";

/** A state in which a machine may die: what is outside, and the journals as they are then. */
export type Moment = Outside & { readonly what: string; readonly journals: ReadonlyMap<string, string> };

export const fresh = (): Secret => Secret.of(random(24));

/** One installation and what it works on: every verb is the real one, with a real journal and a real lock. */
export class Stage {
  readonly world: World;
  // In memory: processes die here, not disks.
  readonly state = mkdtempSync("/dev/shm/unsprawl-test-");
  readonly key: ApplyTools["key"];
  readonly #plans = new Map<string, Plan>();
  holders: readonly ReferenceHolder[] = [];
  signal = new AbortController().signal;

  constructor(world: World, key: ApplyTools["key"] = fingerprintKey(randomBytes(32))) {
    this.world = world;
    this.key = key;
    mkdirSync(join(this.state, "runs"), { mode: 0o700 });
    atFileEnd(() => rmSync(this.state, { recursive: true, force: true }));
  }

  /** The same installation as it comes up after it died at this moment. */
  after({ store, units, journals }: Moment): Stage {
    const stage = new Stage(new World({ store, units }), this.key);
    for (const [id, plan] of this.#plans) stage.#plans.set(id, plan);
    for (const [name, text] of journals) writeFileSync(join(stage.state, "runs", name), text, { mode: 0o600 });
    return stage;
  }

  async plan(...units: readonly string[]): Promise<Plan> {
    const { provider, migration } = this.world;
    const hits = units.flatMap((unit) =>
      [...(this.world.units.get(unit)?.own ?? [])].map(([name, value]) => hitOf(unit, name, value, this.key)),
    );
    const input = {
      hits,
      deliver: "auto",
      overwrite: true,
      accept: new Set<string>(),
      graceMs: 1,
      healthTimeoutMs: 1,
    } as const;
    const usersOf = entryUsers({
      ...{ installation: () => this, provider, engine: async () => "ENGINE", holders: async () => this.holders },
    });
    const router = route(["scripted"], async () => migration, null);
    const tools = { migration: router, provider, key: this.key, redact: (text: string) => text, usersOf };
    const plan = await buildPlan(input, tools, this.#host());
    this.#plans.set(plan.id, plan);
    return plan;
  }

  apply = (plan: Plan, more: Partial<ApplyTools> = {}): Promise<RunResult> =>
    apply(plan, this.#tools(plan.id, more), this.#host());
  rollback = (id: string, more: Partial<ApplyTools> = {}): Promise<RunResult> =>
    rollback(id, this.#tools(id, more), this.#host());
  scrub = (id: string, more: Partial<ApplyTools> = {}): Promise<ScrubResult> =>
    scrub(id, this.#tools(id, more), this.#host());
  /** As the command: a rollback that was begun is what it continues. */
  resume = async (id: string, more: Partial<ApplyTools> = {}): Promise<RunResult> =>
    (rollbackBegun(id, this) ? rollback : resume)(id, this.#tools(id, more), this.#host());

  /** What is outside now, as a value that `toEqual` compares. */
  outside = (): Outside => this.world.outside();

  now(what = "now"): Moment {
    return { what, ...this.outside(), journals: this.journals() };
  }

  journals(): ReadonlyMap<string, string> {
    const dir = join(this.state, "runs");
    return new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), "utf8")]));
  }

  /** Every moment at which `act` may die: before, after and between its effects and the lines of its journal. */
  async moments(act: () => Promise<unknown>): Promise<readonly Moment[]> {
    const seen: Moment[] = [];
    const look = (what: string): void => void seen.push(this.now(what));
    look("at the start");
    this.world.onEffect = (what, when) => look(`${when} ${what}`);
    await act();
    this.world.onEffect = () => undefined;
    look("at the end");
    return seen.flatMap((moment, nth) => [moment, ...between(moment, seen[nth + 1])]);
  }

  #tools(id: string, more: Partial<ApplyTools>): ApplyTools {
    const { provider, migration } = this.world;
    return {
      ...{ provider, key: this.key, state: this.state, breakLock: false, know: () => undefined },
      migration: route(["scripted"], async () => migration, this.#plans.get(id) ?? null),
      redact: (text) => text,
      quote: async (text) => text,
      holders: async () => this.holders,
      ...more,
    };
  }

  #host(): Host {
    return { emit: () => undefined, ask: async () => false, signal: this.signal };
  }
}

/** The moments between two that differ in nothing but lines of one journal. */
function between(from: Moment, to: Moment | undefined): readonly Moment[] {
  return [...(to?.journals ?? [])].flatMap(([name, text]) => {
    const before = from.journals.get(name) ?? "";
    if (!text.startsWith(before)) return [];
    const lines = text.slice(before.length).split(/(?<=\n)/);
    return lines.slice(0, -1).map((_, nth): Moment => {
      const grown = before + lines.slice(0, nth + 1).join("");
      return {
        ...from,
        what: `${from.what}, ${nth + 1} lines later`,
        journals: new Map(from.journals).set(name, grown),
      };
    });
  });
}
