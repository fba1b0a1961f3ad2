import { posix } from "node:path";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ImageDoc } from "../../../src/engine/types.ts";
import {
  readLayerFiles,
  startFiles,
  type LayerFiles,
  type StartFiles,
} from "../../../src/images/layers/image-files.ts";
import { tarEntries } from "../../../src/kit/tar/entries.ts";
import { UnsprawlError } from "../../../src/model/error.ts";

/**
 * The files of an image by which it starts, from the engine, which sends it as `docker save` would: no container is made.
 * Throws `absent` once it is gone, `malformed` for an archive of another form.
 */
export async function filesOfImage(engine: Engine, { Id }: ImageDoc, signal: AbortSignal): Promise<StartFiles> {
  const stream = await engine.stream("read the files of an image", `/images/${encodeURIComponent(Id)}/get`, signal);
  if (stream === null) throw new UnsprawlError("absent", `the image ${Id} is gone`, "docker image ls shows images");
  const layers = new Map<string, LayerFiles>();
  const links = new Map<string, string>();
  let order: readonly string[] = [];
  for await (const { body, kind, path, target } of tarEntries(stream)) {
    const name = posix.join("/", path);
    if (kind === "symlink") links.set(name, posix.resolve(posix.dirname(name), target));
    else if (kind === "file" && name === "/manifest.json") order = layersIn(await jsonIn(body()));
    else if (kind === "file" && /\/layer\.tar$|^\/blobs\/sha256\/[0-9a-f]{64}$/.test(name)) {
      const found = await layerIn(body());
      if (found !== null) layers.set(name, found);
    }
  }
  return startFiles(
    order.map((name) => {
      const layer = layers.get(links.get(name) ?? name);
      if (layer !== undefined) return layer;
      throw new UnsprawlError("malformed", `the engine sent the image ${Id} without its layer ${name}`);
    }),
  );
}

/** Null for a document: the blobs of an image are its layers and what is said of them. */
async function layerIn(body: AsyncIterable<Buffer>): Promise<LayerFiles | null> {
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true || first.value[0] === 0x7b) return null;
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  return readLayerFiles(whole());
}

async function jsonIn(body: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/** What manifest.json says of its only image. Source: moby, image/spec/v1.2.md. */
function layersIn(manifest: unknown): readonly string[] {
  const [image] = Array.isArray(manifest) ? (manifest as readonly { readonly Layers?: unknown }[]) : [];
  const { Layers } = image ?? {};
  return Array.isArray(Layers) ? Layers.map((one) => posix.join("/", String(one))) : [];
}
