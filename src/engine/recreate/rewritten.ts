import type { RunChange } from "../../contract/delivery.ts";
import type { Engine } from "../engine.ts";
import type { Facts } from "../facts.ts";
import type { ContainerDoc } from "../types.ts";
import { createBody, type CreateBody } from "./body.ts";

/** The body that recreates the container with `change`, pinned to its image by digest if its tag has moved. */
export async function rewrittenBody(engine: Engine, { doc, image }: Facts, change: RunChange): Promise<CreateBody> {
  return createBody(doc, image, await imageRef(engine, doc), change, await engine.apiVersion());
}

/** The image as the container names it, or its id if another image has that name by now. */
export async function imageRef(engine: Engine, doc: ContainerDoc): Promise<string> {
  const ref = doc.Config.Image ?? doc.Image;
  const tagged = await engine.image(ref);
  return tagged?.Id === doc.Image ? ref : doc.Image;
}
