import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Reading, Source } from "../contract/source.ts";
import { containerCandidates, containerFacts, imageCandidates, imageFacts } from "../docker/candidates.ts";
import type { ContainerDoc, ImageDoc } from "../docker/types.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { jsonPieces, parseBatch } from "../text/json-batches.ts";

/**
 * `inspect:FILE` or `inspect:-`: saved `docker inspect` output, an array or one object a line. Read as a stream, a
 * bounded piece at a time. A container's values are told apart from its image's when the image came earlier in the
 * same input.
 */
export function inspectSource(stdin: () => AsyncIterable<Buffer>): Source {
  return {
    kind: "inspect",
    async *read(what, signal) {
      if (what === "")
        throw new UnsprawlError("usage", "inspect: needs a file", "unsprawl scan inspect:FILE, or inspect:- for stdin");
      const source = `inspect:${what}`;
      const bytes = what === "-" ? stdin() : createReadStream(resolve(what), { highWaterMark: 1 << 18 });
      const images = new Map<string, ImageDoc>();
      const readings = function* (documents: readonly unknown[]): Generator<Reading> {
        for (const document of documents) yield inspectReading(source, document, images);
      };
      try {
        for await (const piece of jsonPieces(bytes)) {
          signal.throwIfAborted();
          if (piece.kind === "documents") yield* readings(piece.documents);
          else {
            const { text, first, slowly } = piece.batch;
            const separable = images.size === 0 && !MARKS.some((mark) => text.includes(mark));
            const read = (): Iterable<Reading> | null => {
              const documents = parseBatch(text, first);
              return documents === null ? null : readings(documents);
            };
            yield { kind: "batch", source, text, first, separable, read, slowly: () => readings(slowly()) };
          }
        }
      } catch (error) {
        if (error instanceof UnsprawlError) throw error;
        if ((error as { code?: string }).code === undefined) throw error;
        throw new UnsprawlError(
          "absent",
          `cannot read ${what}`,
          "name a file that `docker inspect` wrote",
          causeOf(error),
        );
      }
    },
  };
}

/** One of these stands in every image's document. */
const MARKS = ['"RootFS"', '"RepoTags"', '"Architecture"'];

const NO_IMAGES: Map<string, ImageDoc> = new Map();

/** One document of inspect's output. An image is kept in `images`, where its containers look for it. */
export function inspectReading(source: string, document: unknown, images = NO_IMAGES): Reading {
  const bad = (message: string): Reading => ({
    kind: "error",
    subject: null,
    message,
    hint: "only containers and images can be read: docker inspect NAME > FILE",
  });
  if (typeof document !== "object" || document === null) return bad("not a JSON object");
  const open = document as { [key: string]: unknown };
  if (typeof open["Id"] !== "string") return bad("no Id: not an inspect document of a container or an image");
  if (typeof open["Name"] === "string" && typeof open["Config"] === "object" && typeof open["Image"] === "string") {
    const container = { HostConfig: {}, ...open } as unknown as ContainerDoc;
    const subject = { kind: "container", name: container.Name.replace(/^\//, ""), id: container.Id } as const;
    const made = images.get(container.Image) ?? null;
    const candidates = containerCandidates(source, container, made);
    return { kind: "subject", subject, facts: containerFacts(container, made), candidates, exposure: [] };
  }
  if ("RootFS" in open || "RepoTags" in open || "Architecture" in open) {
    const image = open as unknown as ImageDoc;
    if (images !== NO_IMAGES) images.set(image.Id, image);
    const name = image.RepoTags?.[0] ?? image.Id.replace(/^sha256:/, "").slice(0, 12);
    const subject = { kind: "image", name, id: image.Id } as const;
    const candidates = imageCandidates(source, name, image, []);
    return { kind: "subject", subject, facts: imageFacts(name, image), candidates, exposure: [] };
  }
  return bad("neither a container nor an image");
}
