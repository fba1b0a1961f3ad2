import type { Engine } from "../../src/engine/engine.ts";
import { keptByRun } from "../../src/engine/names.ts";
import type { ContainerDoc, ImageDoc } from "../../src/engine/types.ts";
import type { RunCommand } from "./syntax/shell-run.ts";

/** What the engine knows about a line's container: its image, and a container made from it. */
export type InspectedRun = { readonly image: ImageDoc; readonly doc: ContainerDoc };

/** Null if there is no container to look into, or only the shell knows the line's image and name. */
export async function evidenceOf(
  engine: Engine,
  { said: { name, image: ref } }: RunCommand,
): Promise<InspectedRun | null> {
  const image = ref === null ? null : await engine.image(ref);
  if (ref !== null && image === null) return null;
  const named = name === null ? null : await engine.container(name);
  // The line's image counts: a container of that name may have an older one.
  if (named !== null && (image === null || named.Image === image.Id)) {
    const own = image ?? (await engine.image(named.Image));
    return own === null ? null : { image: own, doc: named };
  }
  if (image === null) return null;
  // Without those that a run keeps for its rollback.
  const others = (await engine.containers()).filter(({ Names }) => !Names.some((one) => keptByRun(one) !== null));
  const other = others.find(({ ImageID }) => ImageID === image.Id);
  const doc = other === undefined ? null : await engine.container(other.Id);
  return doc === null ? null : { image, doc };
}
