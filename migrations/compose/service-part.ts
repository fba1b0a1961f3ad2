import type { Delivery } from "../../src/contract/delivery.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Selected } from "../../src/contract/migration.ts";
import type { PassedEnvironment } from "./engine/child.ts";
import type { ComposeCli } from "./engine/cli.ts";
import type { ComposeProject } from "./syntax/project.ts";
import type { ServiceChange } from "./rewrite/change.ts";
import type { Registry } from "../../src/images/registry/client.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Facts } from "../../src/engine/facts.ts";
import type { RemainingPlace } from "../../src/engine/leftovers.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import type { AlongOf } from "./along.ts";

/** One service of the plan: its containers, the chosen delivery, and the required changes to the files. */
export type ServicePart = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  /** Its containers differ from the files, which was accepted. */
  readonly drift: boolean;
  readonly known: Facts;
  /** Where inspect still shows plain words. */
  readonly tolerated: readonly RemainingPlace[];
  /** Whether the file repeats what its image runs. */
  readonly repeats: boolean;
  readonly delivery: Delivery;
  readonly why: string;
  readonly warnings: readonly string[];
  readonly wish: ServiceChange;
  readonly selected: readonly Selected[];
};

/** The project that is planned, and what its planning asks. */
export type ComposeApplyInput = {
  readonly engine: Engine;
  readonly registry: (host: string) => Promise<Registry>;
  readonly cli: ComposeCli;
  readonly project: ComposeProject;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  /** A folder in memory for trying out the files. */
  readonly memory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly passed: PassedEnvironment;
  readonly detector: () => Promise<Detector>;
  /** The variable that one moves along with; null for a finding. */
  readonly like: (one: Selected) => AlongOf | null;
};
