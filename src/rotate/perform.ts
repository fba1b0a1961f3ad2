import type { Migration } from "../contract/migration.ts";
import { lockEngine, lockEntry } from "../core/journal/lock.ts";
import type { Lock } from "../kit/io/lock.ts";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type Plan, type RotateStep } from "../model/plan.ts";
import { keyBeside } from "./entries.ts";
import { HandingOver, isHandover } from "./handing-over.ts";
import { rotateSteps } from "./plan-text.ts";
import type { OpenedStore, RotateTools } from "./types.ts";
import { nextKeyOf, SecretRotation } from "./secret-rotation.ts";
import { mustBeAsPlanned } from "./unchanged.ts";

export const ROTATION = "rotation";

/** Rotating as the migration whose units are secrets: nothing of it is planned from findings. */
export function rotation(tools: RotateTools): Migration {
  const none = async (): Promise<null> => null;
  const neverPlanned = async (): Promise<never> => {
    throw new UnsprawlError("usage", "a rotation is planned by rotate", "unsprawl rotate");
  };
  return {
    name: ROTATION,
    async engine() {
      const engine = await tools.engine();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    unit: none,
    refuses: none,
    names: neverPlanned,
    plan: neverPlanned,
    read: none,
    unchanged: async (step, plan) => {
      if (step.kind === "rotate") await mustBeAsPlanned(step, tools, await opened(tools, plan));
    },
    perform: async (step, work) => {
      if (step.kind !== "rotate") return;
      const secret = rotatedBy(tools, step, work, await opened(tools, work.plan));
      await alone(step, work.plan, tools, () => secret.forth());
    },
    async undo(steps, work) {
      for (const step of rotateSteps(steps)) {
        const secret = rotatedBy(tools, step, work, await opened(tools, work.plan));
        await alone(step, work.plan, tools, () => secret.back());
      }
    },
    async scrub(steps, work) {
      const { plan } = work;
      const store = await opened(tools, plan);
      const { provider } = store;
      const removed: string[] = [];
      for (const step of rotateSteps(steps)) {
        if (isHandover(step)) {
          removed.push(...(await new HandingOver(tools, step, work, store).scrub()));
          continue;
        }
        for (const { name, key } of step.entries)
          if ((await provider.get(key)) === null)
            throw new UnsprawlError(
              "refused",
              `${name} is no longer in the store ${plan.store.name}, so what the run kept may be its last copy: nothing was deleted`,
              `put it back there: its new secret is at ${storeKeyText(nextKeyOf(step, plan))}`,
            );
        const kept = step.entries.map(({ key }) => keyBeside(key, "before", plan.id));
        for (const key of [...kept, nextKeyOf(step, plan)]) await provider.remove(key, () => true);
        removed.push(`the earlier value of ${step.name}`);
      }
      return removed;
    },
    render: async () => 0,
  };
}

function rotatedBy(...[tools, step, work, store]: ConstructorParameters<typeof SecretRotation>): RotationOfOne {
  return isHandover(step) ? new HandingOver(tools, step, work, store) : new SecretRotation(tools, step, work, store);
}

/** Rotates one secret, and takes that back. */
type RotationOfOne = { forth(): Promise<void>; back(): Promise<void> };

/** Under the locks of the other engines that the secret is on, and of its entries, so that nobody else restarts its consumers. */
async function alone(step: RotateStep, { id }: Plan, tools: RotateTools, act: () => Promise<void>): Promise<void> {
  const { state } = tools.installation();
  const engines = new Set(step.consumers.flatMap(({ engine }) => engine?.id ?? []));
  const locks: Lock[] = [];
  try {
    for (const engine of engines) locks.push(lockEngine(state, engine, `run ${id}`, false));
    // Once it is handed over, its consumers have the role's reference: an agent leaves them alone by that.
    const handed = step.handover === undefined ? [] : [step.handover.role.reference];
    for (const reference of [...step.entries.map((one) => one.reference), ...handed])
      locks.push(lockEntry(state, reference, `run ${id}`));
    await act();
  } finally {
    for (const lock of locks) lock.release();
  }
}

const opened = async (tools: RotateTools, plan: Plan): Promise<OpenedStore> => ({
  provider: await tools.storeOf(plan.store),
  engine: await tools.engine(),
});
