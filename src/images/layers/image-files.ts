import { posix } from "node:path";
import { tarEntries } from "../../kit/tar/entries.ts";
import { rootedPath, whiteout } from "./path.ts";
import { newMeter, decompressed } from "./unpack.ts";

/** What one layer adds to an image's file system, and removes from it. */
export type LayerFiles = {
  readonly nodes: ReadonlyMap<string, ImageNode>;
  readonly gone: readonly { readonly does: "deletes" | "empties"; readonly path: string }[];
};

type ImageNode =
  | { readonly kind: "file"; readonly bytes: Buffer | null }
  | { readonly kind: "symlink" | "link"; readonly target: string }
  | { readonly kind: "folder" };

/** The files of an image that a start reads. Follows links. */
export type StartFiles = {
  /** A script, or a file that lists users; null for anything else, and for an absent file. */
  readFile(path: string): Buffer | null;
  hasFile(path: string): boolean;
};

const MOST_BYTES = 1024 * 1024;
const MOST_IN_ALL = 64 * 1024 * 1024;
/** Of one layer, with what it removes. */
const MOST_NODES = 300_000;
const MOST_LINKS = 40;
const NAMED = /^\/etc\/(passwd|group)$|\.(sh|bash)$/;

/** Reads one layer, packed or not. Keeps only the files that a start reads. */
export async function readLayerFiles(stream: AsyncIterable<Buffer>): Promise<LayerFiles> {
  const nodes = new Map<string, ImageNode>();
  const gone: { does: "deletes" | "empties"; path: string }[] = [];
  let kept = 0;
  for await (const { body, kind, path: written, target, size } of tarEntries(decompressed(stream, newMeter(null)))) {
    const says = whiteout(rootedPath(written));
    if (says === null || nodes.size + gone.length >= MOST_NODES) continue;
    const { does, path } = says;
    if (does !== "replaces") gone.push({ does, path });
    else if (kind === "symlink" || kind === "link") nodes.set(path, { kind, target });
    else if (kind !== "file") nodes.set(path, { kind: "folder" });
    else {
      const bytes = size <= MOST_BYTES && kept + size <= MOST_IN_ALL ? await scriptIn(body(), NAMED.test(path)) : null;
      kept += bytes?.length ?? 0;
      nodes.set(path, { kind: "file", bytes });
    }
  }
  return { nodes, gone };
}

/** The bytes of a script, and of any file that is wanted; null for other files. */
async function scriptIn(body: AsyncIterable<Buffer>, isWanted: boolean): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    if (!isWanted && chunks[0]?.subarray(0, 2).toString("latin1") !== "#!") return null;
  }
  return Buffer.concat(chunks);
}

/** The file system of an image with these layers, the lowest first. */
export function startFiles(layers: readonly LayerFiles[]): StartFiles {
  const root = newFolder();
  for (const { nodes, gone } of layers) {
    for (const { does, path } of gone) remove(root, path, does === "deletes");
    for (const [path, node] of nodes) made(root, path).node = node;
  }
  const find = (path: string): ImageNode | null => {
    let parts = posix.resolve("/", path).split("/").slice(1);
    let at = "";
    let place: PathNode | undefined = root;
    for (let links = 0; parts.length > 0 && links < MOST_LINKS;) {
      const [part = "", ...rest] = parts;
      const next: PathNode | undefined = place?.below.get(part);
      const node = next?.node ?? null;
      if (node?.kind !== "symlink" && node?.kind !== "link") {
        at = `${at}/${part}`;
        place = next;
        parts = rest;
        continue;
      }
      links++;
      const target = node.kind === "link" ? posix.resolve("/", node.target) : posix.resolve(`${at}/`, node.target);
      parts = [...target.split("/").slice(1), ...rest];
      at = "";
      place = root;
    }
    return parts.length > 0 ? null : (place?.node ?? null);
  };
  return {
    readFile: (path) => {
      const node = find(path);
      return node?.kind === "file" ? node.bytes : null;
    },
    hasFile: (path) => find(path)?.kind === "file",
  };
}

/** A path by its parts: what a layer removes is found without looking at every other path. */
type PathNode = { node: ImageNode | null; below: Map<string, PathNode> };

const newFolder = (): PathNode => ({ node: null, below: new Map() });

const partsOf = (path: string): string[] => (path === "/" ? [] : path.split("/").slice(1));

function made(root: PathNode, path: string): PathNode {
  let at = root;
  for (const part of partsOf(path)) {
    const next = at.below.get(part) ?? newFolder();
    at.below.set(part, next);
    at = next;
  }
  return at;
}

/** Removes what is below a path, and `whole` the path itself. */
function remove(root: PathNode, path: string, whole: boolean): void {
  const parts = partsOf(path);
  const name = whole ? parts.pop() : undefined;
  let at: PathNode | undefined = root;
  for (const part of parts) at = at?.below.get(part);
  if (name !== undefined) at?.below.delete(name);
  else at?.below.clear();
}
