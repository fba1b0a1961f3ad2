import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Archives as anyone could write them: right ones, and such as no honest program writes. */

const BLOCK = 512;

export type Header = {
  readonly name: string;
  readonly type?: string;
  readonly target?: string;
  /** What the header says; an octal number unless it is bytes. */
  readonly size?: number | Buffer;
  readonly change?: (head: Buffer) => void;
};

/** One header, with its sum. */
export function header({ name, type = "0", target = "", size = 0, change }: Header): Buffer {
  const head = Buffer.alloc(BLOCK);
  head.write(name, 0, 100);
  head.write("0000644\0", 100);
  if (typeof size === "number") head.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else size.copy(head, 124);
  head.write(type, 156, "latin1");
  head.write(target, 157, 100);
  head.write("ustar\x0000", 257, "latin1");
  change?.(head);
  head.write("        ", 148);
  let sum = 0;
  for (const byte of head) sum += byte;
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return head;
}

export function padded(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

export function file(name: string, content: Buffer | string, more: Partial<Header> = {}): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([header({ name, size: bytes.length, ...more }), padded(bytes)]);
}

export const folder = (name: string): Buffer => header({ name, type: "5" });
export const gone = (path: string): Buffer => file(path.replace(/([^/]+)$/, ".wh.$1"), "");
export const emptied = (path: string): Buffer => file(`${path}/.wh..wh..opq`, "");

/** Records of PAX for the entry behind. */
export function pax(records: { readonly [key: string]: string }, type = "x"): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length)
      length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return file("PaxHeaders/0", lines.join(""), { type });
}

export function tar(...entries: readonly Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
}

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

export type Image = {
  readonly tag: string;
  /** As they are stored. */
  readonly layers: readonly Buffer[];
  /** In place of a right one. */
  readonly config?: unknown;
  /** Of the layers' contents; by default the layers are not packed. */
  readonly diffIds?: readonly string[];
};

const configOf = ({ layers, config, diffIds }: Image): string =>
  JSON.stringify(
    config ?? {
      ...{ architecture: "amd64", os: "linux", config: { Env: ["PATH=/bin"] } },
      rootfs: { type: "layers", diff_ids: diffIds ?? layers.map((layer) => `sha256:${sha256(layer)}`) },
      history: [{ created_by: "COPY . /" }],
    },
  );

/** What `docker save` of version 25 and later writes: blobs, then the manifest. */
export function saved(...images: readonly Image[]): Buffer {
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer): string => {
    const name = `blobs/sha256/${sha256(bytes)}`;
    blobs.set(name, bytes);
    return name;
  };
  const manifest = images.map((image) => ({
    Config: put(Buffer.from(configOf(image))),
    RepoTags: [image.tag],
    Layers: image.layers.map(put),
  }));
  const sorted = [...blobs].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return tar(...sorted.map(([name, bytes]) => file(name, bytes)), file("manifest.json", JSON.stringify(manifest)));
}

/** What older versions write: a folder for each layer, and links where one would come twice. */
export function savedBefore25(...images: readonly Image[]): Buffer {
  const entries: Buffer[] = [];
  const known = new Map<string, string>();
  let count = 0;
  const put = (bytes: Buffer): string => {
    const name = `${sha256(String(count++))}/layer.tar`;
    const before = known.get(sha256(bytes));
    if (before === undefined) entries.push(file(name, bytes));
    else entries.push(header({ name, type: "2", target: `../${before}` }));
    known.set(sha256(bytes), before ?? name);
    return name;
  };
  const manifest = images.map((image) => {
    const config = configOf(image);
    const Config = `${sha256(config)}.json`;
    const Layers = image.layers.map(put);
    entries.push(file(Config, config));
    return { Config, RepoTags: [image.tag], Layers };
  });
  return tar(...entries, file("manifest.json", JSON.stringify(manifest)), file("repositories", "{}"));
}

/** The files of an OCI layout. */
function layout(...images: readonly Image[]): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>([["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')]]);
  const put = (bytes: Buffer, mediaType: string): { digest: string; size: number; mediaType: string } => {
    files.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    return { digest: `sha256:${sha256(bytes)}`, size: bytes.length, mediaType };
  };
  const oci = "application/vnd.oci.image";
  const manifests = images.map((image) => {
    const config = put(Buffer.from(configOf(image)), `${oci}.config.v1+json`);
    const layers = image.layers.map((layer) => put(layer, `${oci}.layer.v1.tar+gzip`));
    const manifest = put(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })), `${oci}.manifest.v1+json`);
    return { ...manifest, annotations: { "io.containerd.image.name": image.tag } };
  });
  return files.set("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
}

export function layoutTar(...images: readonly Image[]): Buffer {
  return tar(...[...layout(...images)].map(([name, bytes]) => file(name, bytes)));
}

export function layoutFolder(dir: string, ...images: readonly Image[]): void {
  for (const [name, bytes] of layout(...images)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), bytes);
  }
}
