import { namesById } from "../../../src/engine/recreate/fields.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { replicaNumber } from "../find.ts";
import { frameOf, type ContainerFrame, type FrameOptions } from "./frame.ts";

/** The frames of a service's containers, by replica number. */
export type ServiceFrames = ReadonlyMap<number, ContainerFrame>;

export async function framesOf(
  engine: Engine,
  docs: readonly ContainerDoc[],
  options: Omit<FrameOptions, "names">,
): Promise<ServiceFrames> {
  const listed = await Promise.all((await engine.containers()).map(({ Id }) => engine.container(Id)));
  const docker = await engine.docker();
  const networks = (await engine.call("list networks", () => docker.listNetworks())) ?? [];
  const names = namesById(
    listed.filter((doc) => doc !== null),
    networks,
  );
  return new Map(docs.map((doc) => [replicaNumber(doc), frameOf(doc, { ...options, names })] as const));
}
