import type { LayerShelf, ShelvedLayer } from "../../fast/index.ts";
import { fingerprint, type FingerprintKey } from "../../model/fingerprint.ts";
import { Secret } from "../../model/secret.ts";
import type { CachedLayer } from "./book.ts";
import type { Layer } from "./layer.ts";

/** A shelf for several machines, and the key by which they know a value that none of them keeps. */
export type SharedShelf = { readonly shelf: LayerShelf; readonly key: FingerprintKey };

const NOTHING = Secret.of("");

/** A layer that was read whole, without its values; `asked` are the paths whose fates were looked for. */
export function toShelf(
  { findings, fates, git, diffId }: Layer,
  asked: readonly string[],
  key: FingerprintKey,
): ShelvedLayer {
  return {
    findings: findings.map(({ path, counted, spotted: { name, line, verdict, masked, value, part } }) => {
      const print = { fingerprint: fingerprint(part, key), length: value.length };
      return { path, counted, name, line, verdict, masked, print };
    }),
    fates: [...fates],
    asked,
    git,
    diffId,
  };
}

/** The same for whoever meets it again. */
export function fromShelf({ findings, fates, asked, git, diffId }: ShelvedLayer): CachedLayer {
  return {
    findings: findings.map(({ path, counted, ...spotted }) => ({
      path,
      counted,
      spotted: { ...spotted, value: NOTHING, part: NOTHING },
    })),
    ...{ fates: new Map(fates), knew: new Set(asked), git, diffId },
    ...{ errors: [], whole: true, asked: 0, ended: 0 },
  };
}
