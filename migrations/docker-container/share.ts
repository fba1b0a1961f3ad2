import type { Work } from "../../src/contract/migration.ts";
import { NO_CHANGE } from "../../src/engine/recreate/body.ts";
import { driftDigest } from "../../src/engine/recreate/drift.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { keptByRun, nameOf, swapNames } from "../../src/engine/names.ts";
import { sharersOf, type Sharer } from "../../src/engine/recreate/sharers.ts";
import { isRunning, type Swap } from "../../src/engine/recreate/swap-parts.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import type { DiffLine, RecreateStep } from "../../src/model/plan.ts";
import { readFacts } from "../../src/engine/facts.ts";
import type { Loss } from "../../src/engine/recreate/losses.ts";
import { cmd } from "../../src/kit/shell.ts";
import { rewrittenBody } from "../../src/engine/recreate/rewritten.ts";

/**
 * The containers of an engine, each inspected once: sharing is decided at creation, and a plan of many containers would
 * otherwise inspect all of them for each.
 */
export class Neighbours {
  readonly #docs = new Map<string, ContainerDoc>();

  /** The containers that currently rely on one, in the order in which they are recreated. */
  async sharersOf(engine: Engine, doc: ContainerDoc): Promise<Sharer[]> {
    const known = await Promise.all(
      (await engine.containers()).map(async ({ Id, Names }) => {
        const one = this.#docs.get(Id) ?? (await engine.container(Id));
        if (one) this.#docs.set(Id, one);
        // Other containers that link to it give it names with two slashes.
        return one && { ...one, Name: Names.find((name) => name.lastIndexOf("/") === 0) ?? one.Name };
      }),
    );
    // A container kept for rollback relies on what its run left behind, and is not started.
    const living = known.filter((one) => one !== null).filter((one) => keptByRun(nameOf(one)) === null);
    const now = sharersOf(doc, living).map(async ({ doc: one, shares }) => {
      const fresh = await engine.container(one.Id);
      return fresh && { doc: fresh, shares };
    });
    return (await Promise.all(now)).filter((one) => one !== null);
  }
}

/** Throws `refused` if one of the sharers cannot be recreated. */
export function mayBeCreatedAgain(doc: ContainerDoc, sharers: readonly Sharer[]): void {
  if (doc.HostConfig.AutoRemove && doc.State.Running && sharers.length > 0)
    throw new UnsprawlError(
      "refused",
      `${nameOf(doc)} was started with --rm, and ${sharers.map((one) => nameOf(one.doc)).join(", ")} could not get back what they share with it`,
      cmd`start ${nameOf(doc)} without --rm, then plan again`,
    );
  const gone = sharers.find((one) => one.doc.HostConfig.AutoRemove);
  if (gone)
    throw new UnsprawlError(
      "refused",
      `${nameOf(gone.doc)} relies on ${nameOf(doc)} and was started with --rm: stopping it would delete it`,
      cmd`docker stop ${nameOf(gone.doc)}, then plan again`,
    );
}

export function sharersLoss(sharers: readonly Sharer[]): Loss[] {
  if (sharers.length === 0) return [];
  const named = sharers.map(({ doc, shares }) => `${nameOf(doc)} (${paths(shares)})`);
  return [{ accept: "sharers", text: `what relies on it is recreated after it, unchanged: ${named.join(", ")}` }];
}

export function sharersDiff(sharers: readonly Sharer[]): DiffLine[] {
  return sharers.map(({ doc, shares }) => ({
    sign: "~",
    path: paths(shares),
    text: `${nameOf(doc)} is recreated after it, unchanged`,
  }));
}

const paths = (shares: readonly string[]): string => [...new Set(shares)].map((one) => `HostConfig.${one}`).join(", ");

/** A step's data about its sharers. */
export function sharersOfStep(sharers: readonly Sharer[], key: FingerprintKey): NonNullable<RecreateStep["sharers"]> {
  return sharers.map(({ doc }) => ({
    ...{ id: doc.Id, name: nameOf(doc), digest: driftDigest(doc, key) },
    isRunning: isRunning(doc),
  }));
}

/** Throws `changed` if other containers than in the plan rely on the step's, or one of them has changed. */
export function unchangedSharers(step: RecreateStep, sharers: readonly Sharer[], key: FingerprintKey): void {
  const print = (some: RecreateStep["sharers"] = []): string =>
    JSON.stringify(some.map(({ id, digest }) => [id, digest].join(" ")).toSorted());
  if (print(sharersOfStep(sharers, key)) === print(step.sharers)) return;
  throw new UnsprawlError(
    "changed",
    `the containers that rely on ${step.unit} have changed since the plan was made`,
    "unsprawl plan again",
  );
}

/** The swap of a step's own container, then those of its sharers. */
export function swapsOf(engine: Engine, step: RecreateStep, work: Work): readonly [Swap, ...Swap[]] {
  const swap = (oldId: string, name: string, id: string, wasRunning = false): Swap => ({
    engine,
    oldId,
    wasRunning,
    names: swapNames(name, work.plan.id),
    step: id,
    record: work.record,
    phase: work.phase,
    asItIs: async (doc) =>
      rewrittenBody(engine, { ...(await readFacts(engine, doc.Id, work.plan.id)), doc }, NO_CHANGE),
  });
  return [
    swap(step.subject.id, step.subject.name, step.id, step.outage?.isRunning),
    ...(step.sharers ?? []).map(({ id, name, isRunning }) => swap(id, name, `${step.id}/${name}`, isRunning)),
  ];
}

/**
 * Which unit of a plan recreates which container: each one once. If two units would recreate the same one, as when a
 * container and one that relies on it both hold secrets, the second waits for another plan.
 */
export class Claims {
  readonly #units = new Map<string, Map<string, string>>();

  claim(runId: string, unit: string, docs: readonly ContainerDoc[]): void {
    const claimed = this.#units.get(runId) ?? new Map<string, string>();
    this.#units.set(runId, claimed);
    for (const doc of docs) {
      const other = claimed.get(doc.Id);
      if (other !== undefined)
        throw new UnsprawlError(
          "refused",
          `this plan creates ${nameOf(doc)} again with ${other} already, and one of the two relies on the other`,
          cmd`apply this plan, then: unsprawl plan docker:${unit}`,
        );
    }
    for (const doc of docs) claimed.set(doc.Id, unit);
  }
}
