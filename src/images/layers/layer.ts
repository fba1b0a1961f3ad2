import { randomBytes } from "node:crypto";
import type { FastReading, ShelvedSecret, SpottedTexts, TextBlock, TextPiece } from "../../fast/index.ts";
import type { Unread } from "../../contract/detector.ts";
import { UnsprawlError } from "../../model/error.ts";
import { fingerprint, fingerprintKey } from "../../model/fingerprint.ts";
import { Fates, type Paths } from "./fates.ts";
import { limitExceeded, damagedArchive, LIMITS } from "../../kit/tar/limits.ts";
import { Packer } from "./packer.ts";
import { rootedPath } from "./path.ts";
import { TarParser, type TarEntry } from "../../kit/tar/parser.ts";
import { newMeter, decompressed, type Meter } from "./unpack.ts";

/** A layer's bytes, opened when they are needed; packed with gzip or zstd or not. */
export type LayerBlob = {
  /** Its cache key: two layers with one id are the same, and read once. */
  readonly id: string;
  /** `sha256:…` of the bytes as `open` returns them; null if unknown. */
  readonly digest: string | null;
  /** The size of the bytes as `open` returns them; null if unknown. */
  readonly size: number | null;
  /** A hint: the first bytes decide. */
  readonly mediaType: string;
  open(signal: AbortSignal): AsyncIterable<Buffer>;
};

/** A secret in a file of a layer. */
export type LayerFinding = { readonly path: string; readonly spotted: ShelvedSecret; readonly counted: boolean };

/** What a layer contains, and what it does to the layers below. */
export type Layer = {
  readonly findings: readonly LayerFinding[];
  readonly fates: ReadonlyMap<string, "deleted" | "replaced">;
  /** Git folders, `/src/.git`. */
  readonly git: readonly string[];
  readonly errors: readonly { readonly message: string; readonly hint: string }[];
  /** `sha256:…` of the uncompressed bytes; null if they were not read to their end. */
  readonly diffId: string | null;
  /** Whether its bytes match its digest. */
  readonly whole: boolean;
};

const MOST_FOLDERS = 100;
/** So many files of a layer that were not read whole are named. */
const MOST_UNREAD = 20;
/** And so many are remembered, so that those that are named do not depend on which thread is the first. */
const MOST_NOTED = 10_000;
/** By which this process knows values again. */
const HERE = fingerprintKey(randomBytes(32));
const TELL_EVERY = 4 * 1024 * 1024;

/** Reads a layer once, from its first byte to its last. Faults of the layer are in `errors`; other failures throw. */
export async function* readLayer(
  blob: LayerBlob,
  paths: Paths,
  signal: AbortSignal,
  read: (bytes: number) => FastReading,
): AsyncGenerator<FastReading, Layer> {
  const meter = newMeter(algorithmOf(blob));
  const contents = new Contents(paths);
  const errors: { message: string; hint: string }[] = [];
  let whole = false;
  let told = 0;
  try {
    if (/\+encrypted\b/.test(blob.mediaType))
      throw damagedArchive("is encrypted: it is not read", "scan the image that it was made from");
    for await (const chunk of decompressed(blob.open(signal), meter, true)) {
      signal.throwIfAborted();
      contents.parser.write(chunk);
      yield* contents.blocks();
      if (meter.packed - told >= TELL_EVERY) {
        yield read(meter.packed - told);
        told = meter.packed;
      }
    }
    contents.parser.end();
    verify(blob, meter);
    whole = true;
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !["malformed", "refused"].includes(error.code)) throw error;
    errors.push({ message: error.message, hint: error.hint ?? "" });
  }
  contents.end();
  yield* contents.blocks();
  yield read(meter.packed - told);
  const findings = await contents.findings();
  errors.push(...contents.unread());
  const hash = meter.unpackedHash ?? (algorithmOf(blob) === "sha256" ? meter.packedHash : null);
  const diffId = whole && hash !== null ? `sha256:${hash.copy().digest("hex")}` : null;
  return { findings, fates: contents.fates.of, git: [...contents.git], errors, diffId, whole };
}

const ALGORITHMS: { readonly [name: string]: "sha256" | "sha512" } = { sha256: "sha256", sha512: "sha512" };

function algorithmOf({ digest }: LayerBlob): "sha256" | "sha512" {
  return ALGORITHMS[digest?.split(":", 1)[0] ?? ""] ?? "sha256";
}

/** By then the bytes have been classified; the fault is reported anyway, since they are not the intended bytes. */
function verify(blob: LayerBlob, meter: Meter): void {
  const { digest, size } = blob;
  if (size !== null && size !== meter.packed)
    throw damagedArchive(
      `has ${meter.packed.toLocaleString("en")} bytes instead of the ${size.toLocaleString("en")} that its descriptor says`,
    );
  if (digest === null) return;
  if (digest !== `${algorithmOf(blob)}:${meter.packedHash?.copy().digest("hex")}`)
    throw damagedArchive("does not match its digest");
}

/** Only what a layer that was read before does to other paths, as far as it can be read. */
export async function layerFates(blob: LayerBlob, paths: Paths, signal: AbortSignal): Promise<Layer["fates"]> {
  const fates = new Fates(paths);
  const parser = new TarParser({
    entry: ({ path, kind }) => (fates.take(rootedPath(path), kind), false),
    data: () => undefined,
    end: () => undefined,
  });
  try {
    for await (const chunk of decompressed(blob.open(signal), newMeter(null), true)) parser.write(chunk);
  } catch (error) {
    if (!(error instanceof UnsprawlError) || !["malformed", "refused"].includes(error.code)) throw error;
  }
  return fates.of;
}

function unreadOf({ message, hint }: UnsprawlError): Unread {
  return { message, hint: hint ?? "" };
}

/** The files of a layer, or of a container's folder, on their way to the detectors. */
export class Contents {
  readonly parser: TarParser;
  readonly fates: Fates;
  readonly git = new Set<string>();
  tooMany = false;
  /** Whether the first entry is a folder. */
  isFolder = false;
  #entries = 0;
  readonly #packer = new Packer();
  readonly #found: LayerFinding[] = [];
  readonly #told = new Set<string>();
  readonly #unread = new Map<string, Unread>();
  readonly #judged = new Set<Promise<void>>();
  #failed: { readonly error: unknown } | null = null;
  readonly #wants: (path: string) => boolean;

  /** `base` is put before each path; files for which `wants` is false are skipped. */
  constructor(paths: Paths, base = "", wants: (path: string) => boolean = () => true) {
    this.fates = new Fates(paths);
    this.#wants = wants;
    this.parser = new TarParser({
      entry: (entry) => this.#entry(entry, base),
      data: (bytes) => this.#packer.add(bytes),
      end: () => this.#packer.end(),
    });
  }

  *blocks(): Generator<FastReading> {
    for (const block of this.#packer.full.splice(0))
      yield { kind: "text", block, judged: (spotted) => this.#judge(block, spotted) };
  }

  /** The input has ended: what was received of a truncated file is classified too. */
  end(): void {
    this.#packer.end();
    this.#packer.flush();
  }

  /** Resolves when all blocks have been classified. Throws what classifying threw. */
  async findings(): Promise<readonly LayerFinding[]> {
    await Promise.all(this.#judged);
    if (this.#failed !== null) throw this.#failed.error;
    // Threads answer in any order.
    return this.#found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.spotted.line - b.spotted.line));
  }

  /** What was not read, once all blocks have been classified. */
  unread(): readonly Unread[] {
    const all = [...this.#unread.values()].sort((a, b) => (a.message < b.message ? -1 : 1)).slice(0, MOST_UNREAD);
    if (this.#unread.size > all.length) all.push(unreadOf(limitExceeded("has more files that are not read whole")));
    if (this.tooMany)
      all.push(
        unreadOf(
          limitExceeded(`holds more than ${LIMITS.findings.toLocaleString("en")} secrets: the rest is not reported`),
        ),
      );
    return all;
  }

  #entry({ path, kind, size, sparse }: TarEntry, base: string): boolean {
    const rooted = rootedPath(base + path);
    if (this.#entries++ === 0) this.isFolder = kind === "folder";
    this.fates.take(rooted, kind);
    if (rooted.includes("/.git/") || rooted.endsWith("/.git")) this.#note(rooted);
    // What would be found in the rest is not reported.
    if (kind !== "file" || this.tooMany || !this.#wants(rooted)) return false;
    return this.#packer.begin(rooted, size, !sparse);
  }

  #note(path: string): void {
    if (this.git.size < MOST_FOLDERS) this.git.add(path.slice(0, `${path}/`.indexOf("/.git/") + 5));
  }

  #judge({ pieces }: TextBlock, texts: Promise<SpottedTexts>): void {
    const judging = texts
      .then(({ spotted, unread }) => {
        for (const { piece, ...one } of spotted) this.#take(one, pieces[piece] as TextPiece);
        for (const { piece, message, hint } of unread) {
          const said = `has ${pieces[piece]?.path ?? ""}, which ${message}`;
          if (this.#unread.size < MOST_NOTED) this.#unread.set(said, { message: said, hint });
        }
      })
      .catch((error: unknown) => (this.#failed ??= { error }))
      .then(() => void this.#judged.delete(judging));
    this.#judged.add(judging);
  }

  #take(spotted: ShelvedSecret, { path, as, line }: TextPiece): void {
    const counted = as === "text" && line >= 0;
    // Pieces overlap, and an archive may hold a file twice.
    const value = fingerprint(spotted.value, HERE);
    const key = `${path}\0${counted ? spotted.line : ""}\0${spotted.name}\0${value}`;
    if (this.#told.has(key)) return;
    if (this.#found.length >= LIMITS.findings) {
      this.tooMany = true;
      return;
    }
    this.#told.add(key);
    this.#found.push({ path, spotted, counted });
  }
}
