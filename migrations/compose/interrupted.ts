import type { Engine } from "../../src/engine/engine.ts";
import { nameOf } from "../../src/engine/names.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";

/**
 * Cleans up after an interrupted Compose, which creates a new container as `OLDID_NAME`, removes the old one and then
 * renames the new one. If the old one is gone, the new one is renamed, keeping the volumes it inherited. If the old one
 * still exists, a new one that was never started is removed, since Compose fails if both exist.
 */
export async function settleInterrupted(engine: Engine, docs: readonly ContainerDoc[]): Promise<void> {
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
