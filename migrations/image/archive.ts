import { addAbortSignal, type Readable } from "node:stream";
import { blobDigest, type Blob, type BlobDescriptor } from "../../src/images/clean/tree.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { cmd } from "../../src/kit/shell.ts";
import { tarEntries } from "../../src/kit/tar/entries.ts";

/** The documents of a saved image: those that name its layers, without the layers. */
export type SavedImage = {
  /** `manifest.json`: what engines with graph drivers read. Source: Docker image spec v1.2, "Combined Image JSON". */
  readonly combined: { readonly Config: string; readonly Layers: readonly string[] };
  /** What `index.json` names (read by engines that keep images in containerd); null before engine 25. */
  readonly root: BlobDescriptor | null;
  /** By digest. */
  readonly documents: ReadonlyMap<string, Buffer>;
  /** The digest of the engine's config. */
  readonly config: Buffer;
};

const LARGEST = 8 * 1024 * 1024;

/**
 * Reads the documents of an image from `docker save`. The engine writes its layers too; they are skipped. Throws
 * `absent` if the image is gone, `malformed` if it is not a saved image.
 */
export async function savedImage(engine: Engine, ref: string, signal: AbortSignal): Promise<SavedImage> {
  const stream = await engine.call(`save ${ref}`, async () => (await engine.docker()).getImage(ref).get());
  if (stream === null) throw new UnsprawlError("absent", `the image ${ref} no longer exists`, "unsprawl scan image:*");
  const files = new Map<string, Buffer>();
  for await (const { path, kind, size, sparse, body } of tarEntries(addAbortSignal(signal, stream as Readable))) {
    if (kind === "file" && !sparse && size <= LARGEST) await keepDocument(body(), files, path);
  }
  const combined = first(json(files, "manifest.json")) as SavedImage["combined"] | null;
  const config = combined === null ? undefined : files.get(combined.Config);
  if (combined === null || config === undefined || !Array.isArray(combined.Layers))
    throw new UnsprawlError("malformed", `docker save ${ref} returned no image`, cmd`docker save ${ref} | tar -t`);
  const index = json(files, "index.json") as { readonly manifests?: readonly BlobDescriptor[] } | null;
  const documents = new Map<string, Buffer>();
  for (const [name, bytes] of files) {
    const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
    if (hex !== undefined && blobDigest(bytes) === `sha256:${hex}`) documents.set(`sha256:${hex}`, bytes);
  }
  return { combined, root: index?.manifests?.[0] ?? null, documents, config };
}

/** Keeps an entry that starts as JSON does; a layer is a tar or compressed, and starts differently. */
async function keepDocument(entry: AsyncIterable<Buffer>, files: Map<string, Buffer>, name: string): Promise<void> {
  const chunks: Buffer[] = [];
  let looks = true;
  for await (const chunk of entry) {
    if (chunks.length === 0 && !/^\s*[[{]/.test(chunk.subarray(0, 64).toString("latin1"))) looks = false;
    if (looks) chunks.push(chunk);
  }
  if (looks) files.set(name, Buffer.concat(chunks));
}

function json(files: ReadonlyMap<string, Buffer>, name: string): unknown {
  try {
    return JSON.parse(files.get(name)?.toString("utf8") ?? "null") as unknown;
  } catch {
    return null;
  }
}

const first = (list: unknown): unknown => (Array.isArray(list) ? (list[0] ?? null) : null);

export type LoadedImage = {
  readonly tag: string;
  readonly config: Buffer;
  /** The layers' names as in `docker save`. They are not sent: the engine has them. */
  readonly layers: readonly string[];
  readonly root: BlobDescriptor | null;
  readonly blobs: readonly Blob[];
};

/**
 * Loads an image of which the engine has every layer: only documents are sent. Engines with graph drivers look a layer
 * up by its digests before they read it; those with containerd's store do not check what they have.
 */
export async function loadDocuments(engine: Engine, image: LoadedImage): Promise<void> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  const file = (name: string, bytes: Buffer | string): void => void tar.entry({ name, mode: 0o644 }, bytes);
  const configName = `blobs/sha256/${blobDigest(image.config).slice("sha256:".length)}`;
  const sent = new Map([[configName, image.config]]);
  for (const { descriptor, bytes } of image.blobs) sent.set(`blobs/${descriptor.digest.replace(":", "/")}`, bytes);
  for (const [name, bytes] of sent) file(name, bytes);
  file("manifest.json", JSON.stringify([{ Config: configName, RepoTags: [image.tag], Layers: image.layers }]));
  if (image.root !== null) {
    const annotations = { "io.containerd.image.name": familiar(image.tag) };
    file("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    file("index.json", JSON.stringify({ schemaVersion: 2, manifests: [{ ...image.root, annotations }] }));
  }
  tar.finalize();
  const body = await engine.call(`load ${image.tag}`, async () =>
    (await engine.docker()).loadImage(tar as unknown as NodeJS.ReadableStream, { quiet: true }),
  );
  const said: Buffer[] = [];
  for await (const chunk of body ?? []) said.push(Buffer.from(chunk as Buffer));
  const text = Buffer.concat(said).toString("utf8");
  const error = /"error":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (error !== undefined)
    throw new UnsprawlError("failed", `load ${image.tag}: the engine says: ${error}`, "unsprawl doctor");
}

/** A full tag, as containerd names images. Source: distribution/reference, normalize.go. */
function familiar(tag: string): string {
  const [first = "", ...rest] = tag.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  if (isHost) return tag;
  return `docker.io/${rest.length === 0 ? "library/" : ""}${tag}`;
}
