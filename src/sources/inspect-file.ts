import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { SourceReading } from "../contract/source.ts";
import type { FastSource } from "../fast/index.ts";
import {
  containerCandidates,
  containerFacts,
  factualOf,
  imageCandidates,
  imageFacts,
  type IsDismissed,
} from "../engine/candidates.ts";
import { historyLines } from "../engine/history.ts";
import type { ContainerDoc, ImageDoc } from "../engine/types.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { jsonPieces, parseBatch, type Documents } from "../fast/documents/json-batches.ts";
import { MALFORMED_HINT } from "../fast/documents/json-stream.ts";
import { mustBeFile } from "../kit/io/must-be-file.ts";
import type { Subject } from "../model/location.ts";
import { ANY_SUBJECT } from "../model/subject-ref.ts";

/**
 * `inspect:FILE` or `inspect:-`: saved `docker inspect` output, arrays and objects one after the other. Read as a
 * stream, with bounded memory. A container's values are distinguished from its image's if the image came earlier in the
 * same input. A fault after the first document is an `error` reading; input without any document is `malformed`.
 */
export function inspectSource(stdin: () => AsyncIterable<Buffer>): FastSource {
  return {
    kind: "inspect",
    async *read(what, signal) {
      if (what === "")
        throw new UnsprawlError("usage", "inspect: needs a file", "unsprawl scan inspect:FILE, or inspect:- for stdin");
      const source = `inspect:${what}`;
      const bytes = what === "-" ? stdin() : contents(resolve(what));
      const images = new Map<string, ImageDoc>();
      const readings = function* (documents: readonly unknown[]): Generator<SourceReading> {
        for (const document of documents) yield* inspectReading(source, document, NOTHING_KNOWN, images);
      };
      const all = function* ({ documents, broken }: Documents): Generator<SourceReading> {
        yield* readings(documents);
        if (broken === null) return;
        const message = `the input ${broken.what}; what stands behind is not read`;
        yield { kind: "error", subject: `character ${broken.at}`, about: ANY_SUBJECT, message, hint: MALFORMED_HINT };
      };
      let some = false;
      try {
        for await (const piece of jsonPieces(bytes)) {
          signal.throwIfAborted();
          if (piece.kind === "empty") yield empty(what);
          else if (piece.kind === "documents") yield* all(piece.read);
          else {
            const { bytes: part, first, whole, slowly } = piece.batch;
            const separable = whole && images.size === 0 && !part.includes(MARK);
            const read = (): Iterable<SourceReading> | null => {
              const documents = whole ? parseBatch(part, first) : null;
              return documents === null ? null : readings(documents);
            };
            yield { kind: "batch", source, bytes: part, first, separable, read, slowly: () => all(slowly()) };
          }
          some = true;
        }
      } catch (error) {
        // A system's error has a code such as ENOENT.
        if (error instanceof UnsprawlError || typeof (error as { code?: unknown }).code !== "string") throw error;
        const hint = "name a file that `docker inspect` wrote";
        if (!some) throw new UnsprawlError("absent", `cannot read ${what}`, hint, causeOf(error));
        yield {
          kind: "error",
          subject: what,
          about: ANY_SUBJECT,
          message: `cannot be read to its end: ${causeOf(error)}`,
          hint,
        };
      }
    },
  };
}

async function* contents(file: string): AsyncGenerator<Buffer> {
  mustBeFile(file);
  yield* createReadStream(file, { highWaterMark: PIECE }) as AsyncIterable<Buffer>;
}

/** An empty input means that the command before the pipe failed: no subjects would look like no secrets. */
function empty(what: string): SourceReading {
  const hint =
    what === "-"
      ? "docker inspect NAME | unsprawl scan inspect:-; set -o pipefail shows why the first command failed"
      : MALFORMED_HINT;
  return {
    kind: "error",
    subject: what === "-" ? "stdin" : what,
    about: ANY_SUBJECT,
    message: "the input is empty",
    hint,
  };
}

/** With larger pieces more is in use when memory is collected, and collecting takes most of the time. */
const PIECE = 1 << 16;

/**
 * Occurs in every image document that an engine prints, as the beginning of `RepoTags`. Node searches for texts of more
 * than six bytes with another algorithm, which takes several times as long here.
 */
const MARK = "RepoTa";

const NO_IMAGES: Map<string, ImageDoc> = new Map();
const NOTHING_KNOWN: IsDismissed = () => false;

/**
 * One document of inspect's output: the subject with all that can be read of it, then any faults. Never throws. `known`
 * values are not among the candidates. An image is stored in `images`, where its containers look for it.
 */
export function inspectReading(
  source: string,
  document: unknown,
  known: IsDismissed,
  images = NO_IMAGES,
): readonly SourceReading[] {
  const bad = (message: string): SourceReading[] => [
    {
      kind: "error",
      subject: null,
      about: ANY_SUBJECT,
      message,
      hint: "only containers and images can be read: docker inspect NAME > FILE",
    },
  ];
  if (typeof document !== "object" || document === null) return bad("not a JSON object");
  const open = document as { [key: string]: unknown };
  if (typeof open["Id"] !== "string") return bad("no Id: not an inspect document of a container or an image");
  try {
    if (typeof open["Name"] === "string" && typeof open["Image"] === "string" && "Config" in open)
      return containerReadings(source, { HostConfig: {}, ...open } as unknown as ContainerDoc, known, images);
    if ("RootFS" in open || "RepoTags" in open || "Architecture" in open)
      return imageReadings(source, open as unknown as ImageDoc, images);
  } catch (error) {
    return bad(`cannot be read (${causeOf(error)})`);
  }
  return bad("neither a container nor an image");
}

function containerReadings(
  source: string,
  doc: ContainerDoc,
  known: IsDismissed,
  images: ReadonlyMap<string, ImageDoc>,
): SourceReading[] {
  const subject = { kind: "container", name: doc.Name.replace(/^\//, ""), id: doc.Id } as const;
  const made = images.get(doc.Image) ?? null;
  const factual = factualOf(doc);
  const odd = new Set<string>();
  const candidates = containerCandidates(source, doc, made, { odd: (path) => odd.add(path), known });
  const reading: SourceReading = {
    kind: "subject",
    subject,
    // Called only if something is found, which is rare.
    get facts() {
      return containerFacts(factual, made);
    },
    candidates,
    exposure: [],
  };
  return [reading, ...unreadParts(subject, odd)];
}

function imageReadings(source: string, doc: ImageDoc, images: Map<string, ImageDoc>): SourceReading[] {
  if (images !== NO_IMAGES) images.set(doc.Id, doc);
  const tag: unknown = Array.isArray(doc.RepoTags) ? doc.RepoTags[0] : null;
  const name = typeof tag === "string" ? tag : doc.Id.replace(/^sha256:/, "").slice(0, 12);
  const odd = new Set<string>();
  // Podman's inspect prints an image's history too; Docker's does not.
  const history = historyLines((doc as { History?: unknown }).History, () => odd.add("History"));
  const candidates = imageCandidates(source, name, doc, history, (path) => odd.add(path));
  const subject = { kind: "image", name, id: doc.Id } as const;
  return [
    { kind: "subject", subject, facts: imageFacts(name, doc), candidates, exposure: [] },
    ...unreadParts(subject, odd),
  ];
}

function unreadParts({ name, id }: Subject, odd: ReadonlySet<string>): SourceReading[] {
  if (odd.size === 0) return [];
  const message = `part of it is not in the form that the engine writes: ${[...odd].join(", ")}`;
  const about = { kind: "subject", name, id } as const;
  return [{ kind: "error", subject: name, about, message, hint: "docker inspect NAME shows how the engine writes it" }];
}
