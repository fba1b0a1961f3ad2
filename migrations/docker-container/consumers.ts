import type { ConsumerReader } from "../../src/contract/supplies.ts";
import { consumersOfEngine } from "../../src/engine/consumer-labels.ts";
import type { Engine } from "../../src/engine/engine.ts";

export type DockerConsumerTools = {
  readonly engine: () => Promise<Engine>;
  readonly mayHold: (folder: string) => boolean;
};

/** Reads the consumers of `docker:[NAME or GLOB]` from the labels of containers. */
export function dockerConsumers({ engine, mayHold }: DockerConsumerTools): ConsumerReader {
  return async (what) => consumersOfEngine(await engine(), what, mayHold);
}
