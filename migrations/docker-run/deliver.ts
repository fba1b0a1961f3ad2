import type { Delivery, Owner } from "../../src/contract/delivery.ts";
import type { Work } from "../../src/contract/migration.ts";
import { folderValues, foldersOf } from "../../src/engine/supplied.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { valuesByName, type DeliveryName, type DeliverStep } from "../../src/model/plan.ts";
import { subjectOfStep } from "../../src/model/step-id.ts";
import type { RunTools } from "./choose.ts";
import { lineConsumer, suppliedIn } from "./supplied.ts";
import { runOf } from "./syntax/run-names.ts";
import { readScript } from "./syntax/script.ts";
import type { Chosen } from "./chosen.ts";

/** What a run line's container gets beside the rewritten script: files on this host, and the right to use its references. */
export function delivering({ deliveries, supplies }: Pick<RunTools, "deliveries" | "supplies">) {
  const deliveryOf = (name: DeliveryName): Delivery => {
    const found = deliveries.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new UnsprawlError("config", `unknown delivery ${name}`);
  };
  /** Writes the files of a line's container: what moves now, and what an earlier migration of the line has moved. */
  const supply = async (step: DeliverStep, subject: string, owner: Owner, work: Work): Promise<void> => {
    const run = runOf(await readScript(step.unit), subject);
    const supplied = run === undefined ? [] : suppliedIn(run, subject, supplies);
    const known = { id: subjectOfStep(step), consumer: lineConsumer(subject), supplied };
    const consumer = deliveryOf(step.delivery).consumer(known, owner, step.moves, work.plan.store);
    if (consumer === null) return;
    supplies.write(consumer, folderValues(consumer, supplied, valuesByName(step.moves, work.values), supplies));
    await supplies.index.add([consumer]);
  };
  return {
    async deliver(step: DeliverStep, { subject, owner, consumer }: Chosen, work: Work): Promise<void> {
      await deliveryOf(step.delivery).allow(subjectOfStep(step), consumer, step.moves);
      if (owner === null) return;
      // Stored for `render`: what is not recorded was never delivered.
      work.record.done(`${step.id}/owner`, owner);
      await supply(step, subject, owner, work);
    },
    async withdraw(step: DeliverStep): Promise<void> {
      // The index first, for an agent that is writing.
      await supplies.index.remove(foldersOf(supplies.index.read(), subjectOfStep(step)));
      await deliveryOf(step.delivery).discard(subjectOfStep(step));
    },
    /** Writes the files again, and says how many; `owner` is null for what was never delivered. */
    async render(step: DeliverStep, owner: Owner | null, values: Work["values"]): Promise<number> {
      const id = subjectOfStep(step);
      // The index knows what else is in its folder.
      if (owner === null || foldersOf(supplies.index.read(), id).length > 0) return 0;
      await deliveryOf(step.delivery).prepare(id, owner, step.moves, valuesByName(step.moves, values));
      return step.moves.length;
    },
  };
}
