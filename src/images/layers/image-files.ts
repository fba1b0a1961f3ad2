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
const MOST_NODES = 1_000_000;
const MOST_LINKS = 40;
const NAMED = /^\/etc\/(passwd|group)$|\.(sh|bash)$/;

/** Reads one layer, packed or not. Keeps only the files that a start reads. */
export async function readLayerFiles(stream: AsyncIterable<Buffer>): Promise<LayerFiles> {
  const nodes = new Map<string, ImageNode>();
  const gone: { does: "deletes" | "empties"; path: string }[] = [];
  let kept = 0;
  for await (const { body, kind, path: written, target, size } of tarEntries(decompressed(stream, newMeter(null)))) {
    const says = whiteout(rootedPath(written));
    if (says === null || nodes.size >= MOST_NODES) continue;
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
  const all = new Map<string, ImageNode>();
  for (const { nodes, gone } of layers) {
    for (const { does, path } of gone) {
      if (does === "deletes") all.delete(path);
      for (const one of all.keys()) if (one.startsWith(path === "/" ? "/" : `${path}/`)) all.delete(one);
    }
    for (const [path, node] of nodes) all.set(path, node);
  }
  const find = (path: string): ImageNode | null => {
    let parts = posix.resolve("/", path).split("/").slice(1);
    let at = "";
    for (let links = 0; parts.length > 0 && links < MOST_LINKS;) {
      const [part = "", ...rest] = parts;
      const node = all.get(`${at}/${part}`);
      if (node?.kind !== "symlink" && node?.kind !== "link") {
        at = `${at}/${part}`;
        parts = rest;
        continue;
      }
      links++;
      const target = node.kind === "link" ? posix.resolve("/", node.target) : posix.resolve(`${at}/`, node.target);
      parts = [...target.split("/").slice(1), ...rest];
      at = "";
    }
    return parts.length > 0 ? null : (all.get(at) ?? null);
  };
  return {
    readFile: (path) => {
      const node = find(path);
      return node?.kind === "file" ? node.bytes : null;
    },
    hasFile: (path) => find(path)?.kind === "file",
  };
}
