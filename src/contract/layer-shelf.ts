import type { Verdict } from "../model/finding.ts";
import type { Print } from "./detector.ts";

/** What was found in a layer, for whoever meets the same one elsewhere. Holds no value. */
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
  /** What it does to files of layers below it, of these paths alone. */
  readonly fates: readonly (readonly [path: string, fate: "deleted" | "replaced"])[];
  readonly asked: readonly string[];
  readonly git: readonly string[];
  readonly diffId: string | null;
};

/** Keeps what was found in layers, by what they are called for good: a digest of their bytes, or of those inside. */
export interface LayerShelf {
  /** Of many at once. */
  ask(ids: readonly string[]): Promise<ReadonlyMap<string, ShelvedLayer>>;
  put(id: string, layer: ShelvedLayer): void;
}
