import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** What is read of one image at most; beyond it, nothing is known about the image. */
const MOST_DOCUMENTS = 2000;
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_IN_ALL = 64 * 1024 * 1024;

/**
 * Every string in the documents of an image (indexes, manifests, configurations), keys and values, read from the engine's
 * image store. Null if any document that is there could not be read: what an image brings must not be decided on a part.
 *
 * These are strings rather than labels because image authors write the JSON, and the engine reads it more freely than
 * `JSON.parse`: keys in any case, repeated keys merged, documents embedded in `data`. A string that is nowhere in them
 * cannot have come from the image. Of an index all platforms count: which one a container uses is not recorded.
 */
export function stringsOfImage(root: string, image: string): ReadonlySet<string> | null {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(image)?.[1];
  if (hex === undefined) return null;
  // The engine's own image store: the image id is the digest of its configuration (moby image/fs.go).
  for (const driver of names(join(root, "image"))) {
    const text = documentText(join(root, "image", driver, "imagedb/content/sha256", hex));
    if (text !== "absent") return text === "unread" ? null : complete(stringsIn(text));
  }
  // containerd's image store: the id is the digest of an index or a manifest, which refers to the configuration.
  for (const folder of [join(root, "containerd/daemon"), "/var/lib/containerd"]) {
    const blobs = join(folder, "io.containerd.content.v1.content/blobs");
    if (documentText(join(blobs, "sha256", hex)) !== "absent") return complete(stringsBelow(blobs, image));
  }
  return null;
}

/** Without a configuration among them, the documents say nothing about labels. */
function complete(found: ReadonlySet<string> | null): ReadonlySet<string> | null {
  return found?.has("rootfs") === true ? found : null;
}

/** Those of the document with this digest, and of all that it refers to and that are in the store. */
function stringsBelow(blobs: string, digest: string): ReadonlySet<string> | null {
  const found = new Set<string>();
  const seen = new Set([digest]);
  let [documents, bytes] = [0, 0];
  for (const one of seen) {
    const [, algorithm = "", hex = ""] = DIGEST.exec(one) ?? [];
    const text = documentText(join(blobs, algorithm, hex));
    // Other platforms' documents are not in the store.
    if (text === "absent") continue;
    documents++;
    bytes += text.length;
    const strings = text === "unread" || documents > MOST_DOCUMENTS || bytes > MOST_IN_ALL ? null : stringsIn(text);
    if (strings === null) return null;
    for (const string of strings) {
      found.add(string);
      if (DIGEST.test(string)) seen.add(string);
    }
  }
  return found;
}

const DIGEST = /^([a-z0-9]+):([0-9a-f]{32,})$/;

/** The decoded strings of a JSON document, and of JSON embedded in them as base64; null if it is not JSON. */
function stringsIn(text: string): ReadonlySet<string> | null {
  const found = new Set<string>();
  const texts = [text];
  for (const one of texts) {
    try {
      JSON.parse(one);
    } catch {
      if (one === text) return null;
      continue;
    }
    // In valid JSON a quote begins and ends strings, and nothing else.
    for (const quoted of quotedIn(one)) {
      const string = JSON.parse(quoted) as string;
      found.add(string);
      if (!BASE64.test(string.replaceAll(/[\r\n]/g, ""))) continue;
      const inner = Buffer.from(string, "base64").toString("utf8");
      if (inner.trimStart().startsWith("{")) texts.push(inner);
    }
  }
  return found;
}

const BASE64 = /^[A-Za-z0-9+/]{4,}={0,2}$/;

/** The strings of a valid JSON document as they are written. */
function* quotedIn(text: string): Generator<string> {
  for (let from = text.indexOf('"'); from >= 0;) {
    let end = from + 1;
    while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    yield text.slice(from, end + 1);
    from = text.indexOf('"', end + 1);
  }
}

/** A JSON document's text; "absent" if there is none, or it is no JSON (a layer), "unread" if that cannot be decided. */
function documentText(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? "absent" : "unread";
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
    const isJson = readSync(descriptor, bytes, 0, 1, 0) === 1 && /^[ \t\r\n{]/.test(bytes.toString("latin1", 0, 1));
    if (!isJson) return "absent";
    if (size > MOST_BYTES) return "unread";
    return readSync(descriptor, bytes, 0, size, 0) === size ? bytes.toString("utf8") : "unread";
  } catch {
    return "unread";
  } finally {
    closeSync(descriptor);
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
