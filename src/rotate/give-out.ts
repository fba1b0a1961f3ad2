import type { Work } from "../contract/migration.ts";
import type { Engine } from "../engine/engine.ts";
import { UnsprawlError } from "../model/error.ts";
import { consumerText, type RotatedConsumer, type RotateStep } from "../model/plan.ts";
import { engineOf, renew, type NewValues } from "./consumers.ts";
import { doing } from "./doing.ts";
import type { GivenOut } from "./proof-text.ts";
import type { RotateTools } from "./types.ts";

/** The values of the entries as they were and as they are now, by reference; `isBack`: they are put back. */
export type GivenChange = { readonly old: NewValues; readonly values: NewValues; readonly isBack: boolean };

/**
 * Has every consumer start with the values, one after another, once `prepare` is done with it, which returns whether it has started it; on the way back, also those
 * after one that does not get well.
 */
export async function giveOut(
  step: RotateStep,
  work: Work,
  { tools, engine }: { readonly tools: RotateTools; readonly engine: Engine },
  change: GivenChange,
  prepare: (consumer: RotatedConsumer) => Promise<boolean> = async () => false,
): Promise<GivenOut> {
  const given: GivenOut = { seen: [], restarted: [], stopped: [], gone: [] };
  const faults: UnsprawlError[] = [];
  for (const consumer of step.consumers) {
    const renewed = doing(work, step, "restart", async () => {
      const isStarted = await prepare(consumer);
      return renew(await engineOf(consumer, engine, tools), consumer, step, { ...change, isStarted }, work);
    });
    const how = await renewed.catch((error: unknown) => {
      if (!change.isBack || !(error instanceof UnsprawlError)) throw error;
      faults.push(error);
      return "stopped" as const;
    });
    given[how].push(consumerText(consumer));
  }
  const [fault] = faults;
  if (fault !== undefined) throw fault;
  return given;
}
