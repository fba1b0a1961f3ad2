import type { DeliverySubject, Owner } from "../contract/delivery.ts";
import type { Consumer } from "../model/consumer.ts";
import type { Move, StoreTarget } from "../model/plan.ts";

type SuppliedBefore = NonNullable<DeliverySubject["supplied"]>[number];

/** What an earlier migration delivers to this subject in this way; null when none does. */
export function suppliedBy(
  { supplied = [] }: Pick<DeliverySubject, "supplied">,
  delivery: Consumer["delivery"],
): SuppliedBefore | null {
  return supplied.find(({ consumer }) => consumer.delivery === delivery) ?? null;
}

/** The consumer of a new folder: these values, and those that an earlier migration delivers in the same way. */
export function consumerWith(
  subject: Pick<DeliverySubject, "id" | "consumer" | "supplied">,
  delivery: Consumer["delivery"],
  to: {
    readonly folder: string;
    readonly owner: Owner;
    readonly moves: readonly Move[];
    readonly store: StoreTarget;
  },
): Consumer {
  const { folder, owner, moves, store } = to;
  const before = suppliedBy(subject, delivery)?.consumer;
  const names = new Set(moves.map(({ name }) => name));
  return {
    id: subject.consumer ?? subject.id,
    delivery,
    folder,
    owner,
    values: [
      ...(before?.values ?? []).filter(({ name }) => !names.has(name)),
      ...moves.map(({ name, reference }) => ({ name, reference, store: store.name })),
    ],
    script: delivery === "shim",
    onChange: before?.onChange ?? null,
    stores: [...(before?.stores ?? []).filter(({ name }) => name !== store.name), store],
  };
}
