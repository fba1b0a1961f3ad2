import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc, ImageDoc } from "../../src/engine/types.ts";

/** A container and its image, each null once it is gone. */
export type ContainerLook = { readonly doc: ContainerDoc | null; readonly image: ImageDoc | null };

/** How long a look counts. */
const FRESH_MS = 1000;

/** Looks at one container after the other: a plan asks about each finding, and one container may have thousands. */
export function looker(open: () => Promise<Engine>): (id: string) => Promise<ContainerLook> {
  let last: { readonly id: string; readonly at: number; readonly look: Promise<ContainerLook> } | null = null;
  const look = async (id: string): Promise<ContainerLook> => {
    const engine = await open();
    const doc = await engine.container(id);
    return { doc, image: doc === null ? null : await engine.image(doc.Image) };
  };
  return (id) => {
    if (last?.id !== id || performance.now() - last.at > FRESH_MS) last = { id, at: performance.now(), look: look(id) };
    return last.look;
  };
}
