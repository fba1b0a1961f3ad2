import { UnsprawlError } from "../../model/error.ts";

/** What a layer may be at most: beyond any real one, and what a bomb has to exceed to do harm. */
export const LIMITS = {
  /** Bytes when unpacked. */
  unpacked: 128 * 2 ** 30,
  /**
   * Unpacked bytes for each packed one, from so many unpacked bytes on. Gzip reaches 1,032: a few MB of it would take
   * minutes, where programs and texts stay below 20.
   */
  ratios: [
    { from: 64 * 2 ** 20, most: 1000 },
    { from: 256 * 2 ** 20, most: 200 },
  ],
  entries: 10_000_000,
  /** Linux's PATH_MAX. */
  path: 4096,
  depth: 512,
  /** A header of PAX or a GNU long name, in bytes. Source: Go's archive/tar, which engines use: maxSpecialFileSize. */
  special: 2 ** 20,
  /** Larger binary files are passed over. */
  binary: 2 ** 20,
  /** Secrets of one layer that are kept and told. */
  findings: 20_000,
} as const;

const HINT = "nothing real looks like this: find out where the image comes from before you run it";

/** The layer goes over a limit: what is behind is not read. `what` completes "the layer …". */
export function beyond(what: string): UnsprawlError {
  return new UnsprawlError("refused", what, HINT);
}

/** The layer is not what it should be. `what` completes "the layer …". */
export function damaged(what: string, hint = "pull or save the image again"): UnsprawlError {
  return new UnsprawlError("malformed", what, hint);
}
