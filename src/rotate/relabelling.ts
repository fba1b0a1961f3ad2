import type { Work } from "../contract/migration.ts";
import type { Engine } from "../engine/engine.ts";
import { readFacts } from "../engine/facts.ts";
import { swapNames } from "../engine/names.ts";
import { NO_CHANGE, type CreateBody } from "../engine/recreate/body.ts";
import { rewrittenBody } from "../engine/recreate/rewritten.ts";
import type { Swap } from "../engine/recreate/swap-parts.ts";
import { swapBack, swapIn } from "../engine/recreate/swap.ts";
import type { ContainerDoc } from "../engine/types.ts";
import type { Handover } from "../model/handover.ts";
import type { RotateStep } from "../model/plan.ts";

type RelabelledContainer = Handover["containers"][number];

/** Creates a container again with its labels, or, with `isBack`, puts the one before it back. Idempotent. Returns whether it is another one now. */
export async function relabel(
  { name, labels }: RelabelledContainer,
  swap: Swap,
  isBack: boolean,
  work: Pick<Work, "plan" | "lacks">,
): Promise<boolean> {
  const idOf = async (): Promise<string | null> => (await swap.engine.container(name))?.Id ?? null;
  const before = await idOf();
  if (!isBack) await swapIn([swap], async (old) => bodyOf(swap.engine, work.plan.id, old, labels));
  else for (const lack of await swapBack([swap])) work.lacks?.(lack);
  return (await idOf()) !== before;
}

/** How a container is replaced by one that differs in its labels alone. */
export function relabelling(
  { id, name }: RelabelledContainer,
  step: Pick<RotateStep, "id" | "consumers">,
  engine: Engine,
  { plan, record, phase }: Pick<Work, "plan" | "record" | "phase">,
): Swap {
  const wasRunning = step.consumers.some(({ container, isRunning }) => container === name && isRunning);
  return {
    ...{ engine, oldId: id, wasRunning, names: swapNames(name, plan.id), record, phase },
    ...{ step: `${step.id}/${name}`, asItIs: (doc) => bodyOf(engine, plan.id, doc, []) },
  };
}

async function bodyOf(
  engine: Engine,
  run: string,
  doc: ContainerDoc,
  labels: RelabelledContainer["labels"],
): Promise<CreateBody> {
  return rewrittenBody(engine, { ...(await readFacts(engine, doc.Id, run)), doc }, { ...NO_CHANGE, labels });
}
