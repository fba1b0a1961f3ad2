import { pMapIterable } from "p-map";
import type { SourceReading } from "../../src/contract/source.ts";
import type { FastSource } from "../../src/fast/index.ts";
import { containerCandidates, containerFacts, type VolumeOptions } from "../../src/engine/candidates.ts";
import type { Engine, ListedContainer } from "../../src/engine/engine.ts";
import { nameSelector } from "../../src/engine/select.ts";
import type { ImageDoc } from "../../src/engine/types.ts";
import { LayerBook, LayerCache } from "../../src/images/layers/index.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { nearestName } from "../../src/kit/text/nearest.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { engineLayers } from "../../src/sources/engine-layers.ts";
import { imageReading, errorReading } from "../../src/engine/reading.ts";
import { writtenFiles } from "./written-files.ts";

const AT_ONCE = 12;

/**
 * `docker:[NAME or GLOB]`: containers of the engine, running and stopped, with their values distinguished from their
 * image's, and those images; with `layers` the files that each container has written, and its image's.
 */
export function dockerSource(open: () => Promise<Engine>, shelf = new LayerCache()): FastSource {
  return {
    kind: "docker",
    layers: true,
    async *read(what, signal, options) {
      const engine = await open();
      const source = `docker:${what}`;
      const [all, volumes] = await Promise.all([engine.containers(), volumeOptions(engine)]);
      const matches = nameSelector(what);
      const { only, mayBeEmpty } = options ?? {};
      const wanted = all.filter((listed) => only?.has(listed.Id) ?? true);
      const chosen = wanted.filter((listed) => matches(namesOf(listed), listed.Id));
      if (chosen.length === 0 && !mayBeEmpty && what !== "" && what !== "*") {
        const near = nearestName(
          what,
          all.flatMap((listed) => namesOf(listed).slice(0, 1)),
        );
        throw new UnsprawlError(
          "absent",
          `no container matches ${JSON.stringify(what)}`,
          near === null
            ? "docker ps --all shows them"
            : cmd`did you mean docker:${near}? ${bare("docker ps --all")} shows all`,
        );
      }
      const images = new Map<string, Promise<ImageDoc | null>>();
      for (const { ImageID } of chosen) images.set(ImageID, images.get(ImageID) ?? engine.image(ImageID));
      // Awaited where each container is read; a failure is reported there, and never as an unhandled rejection.
      for (const image of images.values()) image.catch(() => null);
      yield { kind: "total", subjects: chosen.length + images.size };

      const exposure = exposureOf(engine, all);
      const read = (listed: ListedContainer): Promise<SourceReading | null> =>
        readContainer(engine, source, listed, images, volumes, exposure, signal);
      for await (const reading of pMapIterable(chosen, read, { concurrency: AT_ONCE })) if (reading) yield reading;

      const readImage = (id: string): Promise<SourceReading | null> => imageReading(engine, source, id, exposure);
      for await (const reading of pMapIterable(images.keys(), readImage, { concurrency: AT_ONCE }))
        if (reading) yield reading;
      if (options?.layers !== true) return;
      const book = new LayerBook(shelf);
      const of = { engine, source, exposure, signal, asked: "" };
      for (const { Id } of chosen) yield* writtenFiles(of, Id, book);
      yield* engineLayers(of, [...images.keys()], book);
    },
  };
}

async function readContainer(
  engine: Engine,
  source: string,
  listed: ListedContainer,
  images: ReadonlyMap<string, Promise<ImageDoc | null>>,
  volumes: VolumeOptions,
  exposure: readonly string[],
  signal: AbortSignal,
): Promise<SourceReading | null> {
  signal.throwIfAborted();
  const name = namesOf(listed)[0] ?? listed.Id;
  try {
    const doc = await engine.container(listed.Id);
    if (doc === null) return null; // removed since the list was made
    const image = (await images.get(listed.ImageID)) ?? null;
    const subject = { kind: "container", name, id: doc.Id } as const;
    const candidates = containerCandidates(source, doc, image, volumes);
    return { kind: "subject", subject, facts: containerFacts(doc, image), candidates, exposure };
  } catch (error) {
    return errorReading(name, { kind: "subject", name, id: listed.Id }, error);
  }
}

function namesOf(listed: ListedContainer): string[] {
  // Links are listed as /other/alias; the container's names have only one slash.
  return listed.Names.map((name) => name.replace(/^\//, "")).filter((name) => !name.includes("/"));
}

async function volumeOptions(engine: Engine): Promise<VolumeOptions> {
  return new Map((await engine.volumes()).map((volume) => [volume.Name, volume.Options ?? {}]));
}

/** Who can read every inspect document of this engine. */
function exposureOf(engine: Engine, all: readonly ListedContainer[]): string[] {
  const { connection } = engine;
  const sharers = all
    .filter((one) =>
      one.Mounts?.some((mount) => mount.Source !== undefined && /(docker|podman)\.sock$/.test(mount.Source)),
    )
    .map((one) => namesOf(one)[0] ?? one.Id.slice(0, 12));
  return [
    `anyone who can open ${connection.address}`,
    ...(connection.via === "tcp" && connection.tls === null
      ? ["anyone on the network: the engine listens without TLS"]
      : []),
    ...(sharers.length > 0 ? [`containers that mount the engine's socket: ${sharers.join(", ")}`] : []),
  ];
}
