import type { Engine } from "../../src/engine/engine.ts";
import { firstInitNotes } from "../../src/engine/first-init.ts";
import { acceptedLosses, lostLayer, lostPorts } from "../../src/engine/recreate/losses.ts";
import { containerVariable, type Facts } from "../../src/engine/facts.ts";
import type { Sharer } from "../../src/engine/recreate/sharers.ts";
import { findValues } from "../../src/engine/traces.ts";
import { ownLabels } from "../../src/engine/labels.ts";
import { platformNotes } from "../../src/engine/platforms.ts";
import type { Move } from "../../src/model/plan.ts";
import { sharersLoss } from "./share.ts";
import { nameOf } from "../../src/engine/names.ts";

/** A container that is to be recreated, and what relies on it. */
type RecreatedContainer = {
  readonly engine: Engine;
  readonly known: Facts;
  readonly sharers: readonly Sharer[];
  readonly moves: readonly Move[];
  readonly accept: ReadonlySet<string>;
  /** Files that its image's entrypoint may write at each start. */
  readonly rewritten: readonly string[];
};

/** Warnings before a container and its sharers are recreated. Throws `refused` for a loss that is not accepted. */
export async function lossWarnings(recreated: RecreatedContainer): Promise<string[]> {
  const { engine, sharers, moves, accept, rewritten } = recreated;
  const { doc, image } = recreated.known;
  const losses = [...sharersLoss(sharers)];
  const notes = [...platformNotes("container", ownLabels(doc, image))];
  for (const one of [doc, ...sharers.map((sharer) => sharer.doc)]) {
    const layer = await lostLayer(engine, one, undefined, one === doc ? { rewritten } : {});
    const of = one === doc ? "" : `${nameOf(one)}: `;
    losses.push(...[...lostPorts(one), ...layer.losses].map((loss) => ({ ...loss, text: of + loss.text })));
    notes.push(...layer.notes.map((note) => of + note));
  }
  if (doc.HostConfig.AutoRemove && doc.State.Running)
    notes.push(
      "the engine deletes the old one (--rm), so a copy is kept for rollback; its anonymous volumes get names",
    );
  const set = moves.flatMap(({ name }) => {
    const value = containerVariable(doc, name);
    return value === null ? [] : [{ name, value }];
  });
  const values = set.map(({ value }) => value);
  for (const [at, [path]] of findValues(image, values)
    .map((paths) => [...paths])
    .entries())
    if (path !== undefined)
      notes.push(`the image itself also holds the value of ${set[at]?.name ?? ""} (${path}): rotate it`);
  notes.push(
    ...firstInitNotes(
      doc,
      moves.map(({ name }) => name),
    ),
  );
  return [...acceptedLosses(doc, losses, accept), ...notes];
}
