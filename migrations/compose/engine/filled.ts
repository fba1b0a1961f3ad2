import type { Engine } from "../../../src/engine/engine.ts";
import type { FingerprintKey } from "../../../src/model/fingerprint.ts";
import { NO_CHANGE } from "../../../src/engine/recreate/body.ts";
import { frameOf, type ContainerFrame } from "./frame.ts";

/**
 * The frame of a container without any settings: what this engine fills in by its present configuration. Determined
 * with a container that is created from an image of the project, never started, and removed. Null if that fails.
 */
export async function engineDefaults(
  engine: Engine,
  image: string,
  key: FingerprintKey,
): Promise<ContainerFrame | null> {
  const docker = await engine.docker();
  const remove = async (): Promise<boolean> => {
    const left = await engine.container(NAME);
    if (left === null) return true;
    if (left.State.Status !== "created") return false;
    const client = docker.getContainer(left.Id);
    await engine.call(`remove ${NAME}`, () => client.remove({ force: false, v: true }));
    return true;
  };
  // Left over if an earlier run could not remove it.
  if (!(await remove())) return null;
  try {
    const body = { name: NAME, Image: image, Cmd: ["true"], HostConfig: { NetworkMode: "none" } };
    const made = await engine.call(`create ${NAME}`, () => docker.createContainer(body));
    const doc = made === null ? null : await engine.container(made.id);
    return doc === null
      ? null
      : frameOf(doc, { change: NO_CHANGE, moved: [], delivered: false, names: new Map(), key });
  } finally {
    await remove();
  }
}

const NAME = "unsprawl-probe";
