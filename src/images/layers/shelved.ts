import type { LayerShelf, ShelvedLayer } from "../../fast/index.ts";
import { fingerprint, type FingerprintKey } from "../../model/fingerprint.ts";
import { Secret } from "../../model/secret.ts";
import type { Layer } from "./layer.ts";

export type CachedLayer = Omit<Layer, "fates"> & {
  fates: Layer["fates"];
  /** For a layer from the cache: the paths whose fates were looked for. */
  knew?: ReadonlySet<string> | null;
  /** When its fates were looked for, and when all findings in it were known. */
  asked: number;
  readonly ended: number;
};

/** A cache shared by several machines, and the key by which they recognise a value that none of them stores. */
export type SharedShelf = { readonly shelf: LayerShelf; readonly key: FingerprintKey };

const NOTHING = Secret.of("");

/** A layer that was read completely, without its values; `asked` are the paths whose fates were looked for. */
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

/** The same for anyone who finds it in the cache. */
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
