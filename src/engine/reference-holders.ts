import type { ReferenceHolder } from "../contract/reference-holder.ts";
import type { Engine } from "./engine.ts";
import { composeProject, ownLabels } from "./labels.ts";
import { isOurDriver } from "./plugin/questions.ts";
import { keptByRun, nameOf } from "./names.ts";

/** A label that names a reference: `unsprawl.ref.DB_PASSWORD=ref+…`. */
const REF_LABEL = "unsprawl.ref.";

/**
 * The containers that hold references: in their variables, in labels not inherited from an image, and in the options of volumes of our driver. Those that a run keeps for rollback
 * are left out.
 */
export async function referenceHolders(engine: Engine): Promise<readonly ReferenceHolder[]> {
  const holders: ReferenceHolder[] = [];
  const options = new Map((await engine.volumes()).map(({ Name, Options }) => [Name, Options ?? {}]));
  for (const { Id } of await engine.containers()) {
    const doc = await engine.container(Id);
    if (doc === null || keptByRun(nameOf(doc)) !== null) continue;
    const image = await engine.image(doc.Image);
    const variables = (doc.Config.Env ?? []).map((entry) => entry.slice(entry.indexOf("=") + 1));
    const labels = Object.entries(ownLabels(doc, image)).flatMap(([key, value]) =>
      key.startsWith(REF_LABEL) ? value : [],
    );
    const mounted = (doc.Mounts ?? []).filter(({ Driver = "" }) => isOurDriver(Driver));
    const volumes = mounted.flatMap(({ Name = "" }) => Object.values(options.get(Name) ?? {}));
    const references = [...new Set([...variables, ...labels, ...volumes])].filter((text) => text.startsWith("ref+"));
    if (references.length > 0)
      holders.push({ name: nameOf(doc), project: composeProject(doc, image) ?? "", references, mounted: volumes });
  }
  return holders;
}
