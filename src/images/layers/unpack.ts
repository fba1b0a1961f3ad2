import { createHash, type Hash } from "node:crypto";
import { Readable, pipeline } from "node:stream";
import { constants, createGunzip, createZstdDecompress, type ZstdDecompress } from "node:zlib";
import { limitExceeded, damagedArchive, LIMITS } from "../../kit/tar/limits.ts";

/** Counts what passes through. `packedHash` and `unpackedHash` cover everything that passed so far. */
export type Meter = {
  packed: number;
  unpacked: number;
  /** Null if not requested. */
  readonly packedHash: Hash | null;
  /** Null if it would be the same, or is not requested. */
  unpackedHash: Hash | null;
};

export function newMeter(algorithm: "sha256" | "sha512" | null): Meter {
  const packedHash = algorithm === null ? null : createHash(algorithm);
  return { packed: 0, unpacked: 0, packedHash, unpackedHash: null };
}

const CHUNK = 256 * 1024;

/**
 * The uncompressed bytes: gzip (all its members) and zstd (all its frames) are recognised by their first bytes, and
 * anything else passes through unchanged. Throws `refused` for a decompression bomb, `malformed` for damaged or
 * truncated data. `passing` promises that no chunk is read any more when the next one is asked for.
 */
export async function* decompressed(
  packed: AsyncIterable<Buffer>,
  meter: Meter,
  passing = false,
): AsyncGenerator<Buffer> {
  const source = metered(packed, meter);
  try {
    yield* opened(source, meter, passing);
  } finally {
    // A consumer that stops at the first bytes has not reached the point where the rest is read: the file would stay
    // open.
    source.return(undefined).catch(() => undefined);
  }
}

async function* opened(source: AsyncGenerator<Buffer>, meter: Meter, passing: boolean): AsyncGenerator<Buffer> {
  const { first, rest } = await begun(source);
  const kind = compressionOf(first);
  if (kind === "bzip2" || kind === "xz")
    throw damagedArchive(
      `is compressed with ${kind}, which is not supported`,
      "decompress it, or compress it with gzip or zstd",
    );
  if (kind === null) {
    for await (const chunk of rest) {
      meter.unpacked += chunk.length;
      yield chunk;
    }
    return;
  }
  if (meter.packedHash !== null) meter.unpackedHash = createHash("sha256");
  try {
    for await (const chunk of kind === "gzip" ? gunzipped(rest) : unzstd(rest)) {
      meter.unpacked += chunk.length;
      meter.unpackedHash?.update(chunk);
      if (meter.unpacked > LIMITS.unpacked) throw tooLarge();
      for (const { from, most } of LIMITS.ratios)
        if (meter.unpacked > from && meter.unpacked > meter.packed * most) throw bomb(most);
      yield chunk;
      if (passing) free(chunk);
    }
  } catch (error) {
    throw readable(error, kind);
  }
}

/**
 * Frees the memory of what was unpacked, once its last byte has been read: what V8 sees of it is small, so that it would
 * collect all garbage for every few dozen MiB.
 */
function free({ buffer, byteOffset, length }: Buffer): void {
  if (byteOffset + length === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}

/** The compression that the first bytes show: RFC 1952 section 2.3.1, RFC 8878 sections 3.1.1 and 3.1.2. */
export function compressionOf(first: Buffer): "gzip" | "zstd" | "bzip2" | "xz" | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return "gzip";
  const magic = first.length >= 4 ? first.readUInt32LE(0) : 0;
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return "zstd";
  if (first.toString("latin1", 0, 3) === "BZh") return "bzip2";
  return first.toString("latin1", 1, 5) === "7zXZ" ? "xz" : null;
}

async function* metered(packed: AsyncIterable<Buffer>, meter: Meter): AsyncGenerator<Buffer> {
  for await (const chunk of packed) {
    meter.packed += chunk.length;
    meter.packedHash?.update(chunk);
    yield chunk;
  }
}

/** The first bytes of a stream, and all of it. */
async function begun(
  source: AsyncGenerator<Buffer>,
): Promise<{ readonly first: Buffer; readonly rest: AsyncGenerator<Buffer> }> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < 6) {
    const { done, value } = await source.next();
    if (done === true) break;
    first = first.length === 0 ? value : Buffer.concat([first, value]);
  }
  const rest = async function* (): AsyncGenerator<Buffer> {
    if (first.length > 0) yield first;
    yield* source;
  };
  return { first, rest: rest() };
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  pipeline(Readable.from(source), gunzip, () => undefined); // a failure is thrown by the loop
  for await (const chunk of gunzip) yield chunk as Buffer;
}

/**
 * Node's decompressor stops silently after the first frame: zstd:chunked and parallel compressors write several frames,
 * so each remainder is passed to a new decompressor.
 */
async function* unzstd(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const feed: Feed = { source, rest: null };
  try {
    do yield* oneDecompressor(feed);
    while (feed.rest !== null);
  } finally {
    await source.return(undefined);
  }
}

type Feed = { readonly source: AsyncGenerator<Buffer>; rest: Buffer | null };

async function* oneDecompressor(feed: Feed): AsyncGenerator<Buffer> {
  const unzip = createZstdDecompress({ chunkSize: CHUNK, params: { [constants.ZSTD_d_windowLogMax]: 27 } });
  const fed = feedInto(unzip, feed).catch((error: unknown) => void unzip.destroy(error as Error));
  for await (const chunk of unzip) yield chunk as Buffer;
  await fed;
}

async function feedInto(unzip: ZstdDecompress, feed: Feed): Promise<void> {
  const close = new Promise<void>((resolve) => void unzip.once("close", resolve));
  for (let given = 0; !unzip.destroyed;) {
    const chunk = feed.rest ?? (await nextOf(feed.source));
    feed.rest = null;
    if (chunk === null) {
      unzip.end();
      return;
    }
    given += chunk.length;
    await Promise.race([new Promise<void>((resolve) => unzip.write(chunk, () => resolve())), close]);
    // What it did not consume follows the frame.
    const left = given - unzip.bytesWritten;
    if (left > 0 && !unzip.errored) {
      feed.rest = chunk.subarray(chunk.length - left);
      return;
    }
  }
}

async function nextOf(source: AsyncGenerator<Buffer>): Promise<Buffer | null> {
  const { done, value } = await source.next();
  return done === true ? null : value;
}

function tooLarge(): Error {
  return limitExceeded(`unpacks to more than ${LIMITS.unpacked / 2 ** 30} GiB`);
}

function bomb(most: number): Error {
  return limitExceeded(`unpacks to more than ${most.toLocaleString("en")} times its size`);
}

function readable(error: unknown, kind: string): unknown {
  const { code } = error as { code?: unknown };
  if (code === "Z_BUF_ERROR") return damagedArchive(`is cut off (${kind})`);
  return typeof code === "string" && /^(?:Z_|ZSTD_)/.test(code) ? damagedArchive(`is damaged (${kind})`) : error;
}
