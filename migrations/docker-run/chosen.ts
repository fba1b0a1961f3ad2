import type { ChosenDelivery } from "../../src/engine/choose.ts";
import type { DeliveryName } from "../../src/model/plan.ts";
import type { Owner } from "../../src/contract/delivery.ts";
import type { RunLineChange } from "./rewrite.ts";

/** How the container of one run line gets its values. */
export type Chosen = RunLineChange & {
  /** Null for podman, which has its own secrets. */
  readonly delivery: DeliveryName | null;
  readonly why: string;
  readonly owner: Owner | null;
  /** Its container's identity for the OCI runtime; null if the line gives it no name. */
  readonly consumer: string | null;
  /** The name of its files on this host. */
  readonly id: string;
};

/** The same, and what stays in the line. */
export type ChosenLine = { readonly line: Chosen; readonly left: ChosenDelivery["left"] };
