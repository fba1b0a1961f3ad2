import type { Engine } from "../../src/engine/engine.ts";
import { containerVariable } from "../../src/engine/facts.ts";
import { newestKept } from "../../src/engine/recreate/kept.ts";
import { keptByRun, nameOf } from "../../src/engine/names.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { fingerprint, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { Move } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";

/**
 * A variable of the container as it is now; null if it has none. Where the container itself is gone, of the one under its
 * name or of the newest that a run keeps of it: one that was started with --rm is put back, or kept, as another.
 * `lasting`: of none that a run keeps, which its scrub deletes.
 */
export async function presentValue(
  engine: Engine,
  { name, location, fingerprint: print }: Move,
  key: FingerprintKey,
  lasting: boolean,
): Promise<Secret | null> {
  const values = (await holders(engine, location.subjectId, location.subjectName))
    .filter((doc) => !lasting || keptByRun(nameOf(doc)) === null)
    .flatMap((doc) => containerVariable(doc, name) ?? []);
  return values.find((value) => fingerprint(value, key) === print) ?? values[0] ?? null;
}

async function holders(engine: Engine, id: string, name: string): Promise<readonly ContainerDoc[]> {
  const own = await engine.container(id);
  if (own !== null) return [own];
  return [await engine.container(name), await newestKept(engine, name)].filter((doc) => doc !== null);
}
