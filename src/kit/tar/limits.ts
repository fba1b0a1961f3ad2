import { UnsprawlError } from "../../model/error.ts";

/** Limits for one layer: beyond any real layer, and below what a decompression bomb needs to do harm. */
export const LIMITS = {
  /** Unpacked bytes. */
  unpacked: 128 * 2 ** 30,
  /**
   * The maximum compression ratio from this many unpacked bytes on. Gzip reaches 1,032, at which a few MB would take
   * minutes; real programs and texts stay below 20.
   */
  ratios: [
    { from: 64 * 2 ** 20, most: 1000 },
    { from: 256 * 2 ** 20, most: 200 },
  ],
  entries: 10_000_000,
  /** PATH_MAX in Linux. */
  path: 4096,
  depth: 512,
  /**
   * The size of a PAX header or GNU long name, in bytes. Source: Go's archive/tar, which engines use:
   * maxSpecialFileSize.
   */
  special: 2 ** 20,
  /** Larger binary files are skipped. */
  binary: 2 ** 20,
  /** The maximum number of findings per layer. */
  findings: 20_000,
} as const;

const HINT = "nothing real looks like this: find out where the image comes from before you run it";

/** The layer exceeds a limit; the rest is not read. `what` completes "the layer …". */
export function limitExceeded(what: string): UnsprawlError {
  return new UnsprawlError("refused", what, HINT);
}

/** The layer is malformed. `what` completes "the layer …". */
export function damagedArchive(what: string, hint = "pull or save the image again"): UnsprawlError {
  return new UnsprawlError("malformed", what, hint);
}
