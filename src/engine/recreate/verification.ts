import type { Delivery, DeliverySubject } from "../../contract/delivery.ts";
import type { Work } from "../../contract/migration.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import type { StepOf } from "../../model/plan.ts";
import type { Engine } from "../engine.ts";
import type { Sight } from "../sight.ts";
import type { ContainerDoc } from "../types.ts";
import type { Looping } from "./looping.ts";

export type CheckStep = StepOf<"check">;

/** The state of the old container; `looping` null or absent if it did not keep restarting. */
export type StateBefore = { readonly running: boolean; readonly unhealthy: boolean; readonly looping?: Looping | null };

/** A new container that is to be verified, and all that this needs. */
export type Verification = {
  readonly engine: Engine;
  readonly id: string;
  readonly step: CheckStep;
  readonly delivery: Delivery;
  readonly subject: DeliverySubject;
  readonly sight: Sight;
  readonly before: StateBefore;
  readonly work: Work;
  readonly key: FingerprintKey;
};

/** The container as it is now. Throws `unhealthy` if it is gone. */
export async function freshDoc({ engine, id }: Pick<Verification, "engine" | "id">): Promise<ContainerDoc> {
  const doc = await engine.container(id);
  if (doc) return doc;
  throw new UnsprawlError(
    "unhealthy",
    "the new container disappeared while it was checked",
    "docker events --since 5m",
  );
}
