import type { Selected } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { keptByRun } from "../../src/engine/names.ts";
import type { ContainerDoc, ImageDoc } from "../../src/engine/types.ts";
import { placeText } from "../../src/model/place.ts";
import { Secret } from "../../src/model/secret.ts";
import { likelyImage } from "./syntax/likely-image.ts";
import type { RunScript } from "./syntax/script.ts";
import type { RunCommand } from "./syntax/shell-run.ts";

/** What the engine knows about a line's container: its image, and a container made from it. */
export type InspectedRun = {
  readonly image: ImageDoc;
  readonly doc: ContainerDoc;
  /** The name of the image, if the script does not say which one it is. */
  readonly likely: string | null;
};

/** Null if there is no container to look into. */
export async function evidenceOf(engine: Engine, script: RunScript, run: RunCommand): Promise<InspectedRun | null> {
  const found = await knownEvidence(engine, run);
  if (found !== null || run.said.image !== null) return found;
  const likely = likelyImage(script, run);
  const one = likely === null ? undefined : (await containersNow(engine)).find(({ Image }) => likely.test(Image));
  const doc = one === undefined ? null : await engine.container(one.Id);
  const image = doc === null ? null : await engine.image(doc.Image);
  return one === undefined || doc === null || image === null ? null : { image, doc, likely: one.Image };
}

/** Without those that a run keeps for its rollback. */
async function containersNow(engine: Engine): Promise<Awaited<ReturnType<Engine["containers"]>>> {
  return (await engine.containers()).filter(({ Names }) => !Names.some((one) => keptByRun(one) !== null));
}

async function knownEvidence(engine: Engine, run: RunCommand): Promise<InspectedRun | null> {
  const [name, ref] = [run.said.name, run.said.image];
  const image = ref === null ? null : await engine.image(ref);
  if (ref !== null && image === null) return null;
  const named = name === null ? null : await engine.container(name);
  // The line's image counts: a container of that name may have an older one.
  if (named !== null && (image === null || named.Image === image.Id)) {
    const own = image ?? (await engine.image(named.Image));
    return own === null ? null : { image: own, doc: named, likely: null };
  }
  if (image === null) return null;
  const other = (await containersNow(engine)).find(({ ImageID }) => ImageID === image.Id);
  const doc = other === undefined ? null : await engine.container(other.Id);
  return doc === null ? null : { image, doc, likely: null };
}

/** A variable of which the existing container has another value than the script's default: whoever starts it sets it. */
export function otherThanDefault(
  { variables }: RunScript,
  run: RunCommand,
  found: InspectedRun | null,
  selected: readonly Selected[],
): string | null {
  const { name } = run.said;
  if (found === null || name === null || found.doc.Name.replace(/^\//, "") !== name) return null;
  const env = found.doc.Config.Env ?? [];
  const other = selected.find(({ move: { location, name: variable }, value }) => {
    const by = variables.find(({ place }) => placeText(place) === location.path)?.by;
    const now = env.find((entry) => entry.startsWith(`${variable}=`))?.slice(variable.length + 1);
    if (by?.command !== run || by.own === null || by.own.unless === null || now === undefined) return false;
    return now !== "" && !now.startsWith("ref+") && !value.equals(Secret.of(now));
  });
  return other?.move.name ?? null;
}

/** Whether the word in the image's place can only be the image that the container was made from. */
export function isLikely(script: RunScript, run: RunCommand, found: InspectedRun | null): boolean {
  const name = found?.doc.Config?.Image ?? "";
  return name !== "" && likelyImage(script, run)?.test(name) === true;
}
