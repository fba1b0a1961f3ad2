import type { Delivery } from "../../src/contract/delivery.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Registry } from "../../src/images/registry/client.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FindSight } from "../../src/engine/sight.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";

/** What the migration asks of this machine. */
export type ComposeTools = {
  readonly open: () => Promise<Engine>;
  /** Where the image of a service without a container may be looked at. */
  readonly registry: (host: string) => Promise<Registry>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly sight: FindSight;
  readonly env: NodeJS.ProcessEnv;
  /** The state folder, where sealed copies of the files are kept for a rollback. */
  readonly state: () => string;
  /** A folder in memory that only this user can enter. */
  readonly memory: () => string;
  readonly quote: (text: string) => Promise<string>;
  readonly detector: () => Promise<Detector>;
  /** The files of values on this host. */
  readonly supplies: Supplies;
};
