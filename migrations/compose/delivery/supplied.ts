import { join } from "node:path";
import type { Owner } from "../../../src/contract/delivery.ts";
import type { Supplies } from "../../../src/contract/supplies.ts";
import type { Consumer } from "../../../src/model/consumer.ts";
import type { DeliverStep, StoreTarget } from "../../../src/model/plan.ts";
import type { Secret } from "../../../src/model/secret.ts";
import type { ProjectCall } from "../engine/cli.ts";
import { serviceOf } from "../steps.ts";
import { originOf, serviceFolder } from "./change.ts";

/** What a run alone delivers to a service. */
export function serviceConsumer(
  memory: string,
  { name, files, dir }: ProjectCall,
  step: DeliverStep,
  store: StoreTarget,
  owner: Owner,
): Consumer {
  const service = serviceOf(step);
  return {
    id: `compose:${name}/${service}`,
    delivery: step.delivery === "shim" ? "shim" : "file",
    folder: join(memory, serviceFolder(name, service)),
    owner,
    values: step.moves.map((move) => ({ name: move.name, reference: move.reference, store: store.name })),
    ...{ script: false, onChange: null, stores: [store] },
    ...originOf(files, dir),
  };
}

/** Writes what a run delivers to a service, and notes it beside what earlier runs do. */
export async function supplyService(
  supplies: Supplies,
  consumer: Consumer,
  values: ReadonlyMap<string, Secret>,
): Promise<void> {
  supplies.write(consumer, values);
  const before = known(supplies, consumer);
  const names = new Set(consumer.values.map(({ name }) => name));
  const stores = new Set(consumer.stores.map(({ name }) => name));
  await supplies.index.add([
    {
      ...consumer,
      delivery: before?.delivery === "shim" ? "shim" : consumer.delivery,
      values: [...(before?.values ?? []).filter(({ name }) => !names.has(name)), ...consumer.values],
      onChange: before?.onChange ?? consumer.onChange,
      stores: [...(before?.stores ?? []).filter(({ name }) => !stores.has(name)), ...consumer.stores],
    },
  ]);
}

/** Takes back what a run delivers to a service; what others do stays. Idempotent. */
export async function withdrawService(supplies: Supplies, consumer: Consumer): Promise<void> {
  const names = consumer.values.map(({ name }) => name);
  const before = known(supplies, consumer);
  const values = (before?.values ?? []).filter(({ name }) => !names.includes(name));
  if (before === undefined || values.length === 0) await supplies.index.remove([consumer.folder]);
  else await supplies.index.add([{ ...before, values }]);
  // After the index, for an agent that is writing.
  supplies.remove(consumer.folder, names);
}

const known = ({ index }: Supplies, { folder }: Consumer): Consumer | undefined =>
  index.read().find((one) => one.folder === folder);
