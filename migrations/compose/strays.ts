import type { Engine } from "../../src/engine/engine.ts";
import { nameOf } from "../../src/engine/names.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";

/**
 * Puts in order what an interrupted Compose left: it makes a new container as `OLDID_NAME`, removes the old one and then
 * renames. Where the old one has gone already the new one gets its name, with the volumes that it inherited; where the
 * old one is still there a new one that was never started goes, or Compose would stumble over the two.
 */
export async function settleStrays(engine: Engine, docs: readonly ContainerDoc[]): Promise<void> {
  for (const doc of docs) {
    const [, final] = /^[0-9a-f]{12}_(.+)$/.exec(nameOf(doc)) ?? [];
    if (final === undefined) continue;
    const client = (await engine.docker()).getContainer(doc.Id);
    if ((await engine.container(final)) === null)
      await engine.call(`rename ${nameOf(doc)} to ${final}`, () => client.rename({ name: final }));
    else if (doc.State.Status === "created")
      await engine.call(`remove ${nameOf(doc)}`, () => client.remove({ v: false, force: false }));
  }
}
