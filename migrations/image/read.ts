import { pMapIterable } from "p-map";
import type { SourceReading } from "../../src/contract/source.ts";
import type { FastSource } from "../../src/fast/index.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { nameSelector } from "../../src/engine/select.ts";
import { LayerBook, LayerCache } from "../../src/images/layers/index.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { engineLayers } from "../../src/sources/engine-layers.ts";
import { imageReading } from "../../src/engine/reading.ts";

/** `image:REF` or `image:*`: images in the engine; config, history, labels, healthcheck, OnBuild, and with `layers` files. */
export function imageSource(open: () => Promise<Engine>, shelf = new LayerCache()): FastSource {
  return {
    kind: "image",
    layers: true,
    async *read(what, signal, options) {
      const engine = await open();
      const source = `image:${what}`;
      const ids = await chosen(engine, what);
      if (ids.length === 0 && what !== "*" && !options?.mayBeEmpty) {
        throw new UnsprawlError("absent", `no image matches ${JSON.stringify(what)}`, "docker image ls shows them");
      }
      yield { kind: "total", subjects: ids.length };
      const exposure = [`anyone who can open ${engine.connection.address}`, "anyone who can pull the image"];
      const read = (id: string): Promise<SourceReading | null> => {
        signal.throwIfAborted();
        return imageReading(engine, source, id, exposure, what);
      };
      for await (const reading of pMapIterable(ids, read, { concurrency: 8 })) if (reading) yield reading;
      if (options?.layers === true)
        yield* engineLayers({ engine, source, exposure, signal, asked: what }, ids, new LayerBook(shelf));
    },
  };
}

async function chosen(engine: Engine, what: string): Promise<string[]> {
  // An exact reference first: the engine knows the rules of default tags and registries.
  if (what !== "" && !/[*?[{]/.test(what)) {
    const doc = await engine.image(what);
    if (doc) return [doc.Id];
  }
  const matches = nameSelector(what);
  const all = await engine.images();
  return all
    .filter((image) => matches([...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])], image.Id))
    .map((image) => image.Id);
}
