import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Reading, Source } from "../contract/source.ts";
import { containerCandidates, containerFacts, imageCandidates, imageFacts } from "../docker/candidates.ts";
import type { ContainerDoc, ImageDoc } from "../docker/types.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { jsonDocuments } from "../text/json-stream.ts";

/**
 * `inspect:FILE` or `inspect:-`: saved `docker inspect` output, an array or one object a line. Read as a stream, one
 * document at a time. A container's values are told apart from its image's when the image came earlier in the same input.
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
      let index = 0;
      try {
        for await (const doc of jsonDocuments(bytes)) {
          signal.throwIfAborted();
          yield reading(source, doc, index++, images);
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

function reading(source: string, doc: unknown, index: number, images: Map<string, ImageDoc>): Reading {
  const bad = (message: string): Reading => ({
    kind: "error",
    subject: `document ${index}`,
    message,
    hint: "only containers and images can be read: docker inspect NAME > FILE",
  });
  if (typeof doc !== "object" || doc === null) return bad("not a JSON object");
  const open = doc as { [key: string]: unknown };
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
    images.set(image.Id, image);
    const name = image.RepoTags?.[0] ?? image.Id.replace(/^sha256:/, "").slice(0, 12);
    const subject = { kind: "image", name, id: image.Id } as const;
    const candidates = imageCandidates(source, name, image, []);
    return { kind: "subject", subject, facts: imageFacts(name, image), candidates, exposure: [] };
  }
  return bad("neither a container nor an image");
}
