import type { Verdict } from "../model/finding.ts";
import type { Print } from "./reading.ts";

/** The findings of a layer, cached for other images that share it. Holds no value. */
export type ShelvedLayer = {
  readonly findings: readonly {
    readonly path: string;
    readonly counted: boolean;
    readonly name: string;
    readonly line: number;
    readonly verdict: Verdict;
    readonly masked: string;
    readonly print: Print;
  }[];
  /** What it does to files in lower layers, for the paths in `asked` only. */
  readonly fates: readonly (readonly [path: string, fate: "deleted" | "replaced"])[];
  readonly asked: readonly string[];
  readonly git: readonly string[];
  readonly diffId: string | null;
};

/** Cache of layer findings. The key is a digest of the layer's bytes, compressed or not. */
export interface LayerShelf {
  /** Looks up many at once; ids that are not cached are missing from the map. */
  ask(ids: readonly string[]): Promise<ReadonlyMap<string, ShelvedLayer>>;
  put(id: string, layer: ShelvedLayer): void;
}
