import type { Detector } from "../contract/detector.ts";
import type { Provider } from "../contract/provider.ts";
import type { ReferenceHolder } from "../contract/reference-holder.ts";
import type { RotationEvidence, RotationTarget, Rotator } from "../contract/rotator.ts";
import type { Supplies } from "../contract/supplies.ts";
import type { Installation } from "../core/journal/journal.ts";
import type { Engine } from "../engine/engine.ts";
import type { FindSight } from "../engine/sight.ts";
import type { Move, StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

export type RotateTools = {
  readonly installation: () => Installation;
  readonly engine: () => Promise<Engine>;
  /** Another engine, by its address. */
  readonly engineAt: (address: string) => Promise<Engine>;
  readonly sight: FindSight;
  readonly storeOf: (target: StoreTarget) => Promise<Provider>;
  readonly detector: () => Promise<Detector>;
  readonly supplies: () => Promise<Supplies>;
  /** The containers of an engine that hold references. */
  readonly holders: (of: Engine) => Promise<readonly ReferenceHolder[]>;
  readonly rotator: (id: string) => Promise<Rotator>;
  /** Where a secret is checked; text says what is missing, null that no rotator knows it. */
  readonly targetOf: (evidence: RotationEvidence) => Promise<RotationTarget | string | null>;
  /** A new value that a person has, and that is valid already where it is checked. Absent for none. */
  readonly given?: Secret;
  readonly env: NodeJS.ProcessEnv;
  /** Makes a value known to whatever is printed. */
  readonly know: (value: Secret) => void;
};

export type OpenedStore = { readonly provider: Provider; readonly engine: Engine };

/** A moved value as the store has it now. */
export type StoredEntry = {
  readonly move: Move;
  /** The name of the unit that it was moved with. */
  readonly unit: string;
  readonly value: Secret;
  /** The secret in it; the value itself if that is all. */
  readonly part: Secret;
};
