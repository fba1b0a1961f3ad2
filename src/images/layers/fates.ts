import type { TarKind } from "../../kit/tar/parser.ts";
import { whiteout } from "./path.ts";

export type Fate = "deleted" | "replaced";

/** The paths whose fate in later layers matters: those of files with findings. */
export class Paths {
  readonly #files = new Set<string>();
  /** All folders above them. */
  readonly #folders = new Set<string>();

  get size(): number {
    return this.#files.size;
  }

  add(path: string): void {
    if (this.#files.has(path)) return;
    this.#files.add(path);
    for (let at = path.lastIndexOf("/"); at >= 0; at = at === 0 ? -1 : path.lastIndexOf("/", at - 1)) {
      const folder = at === 0 ? "/" : path.slice(0, at);
      if (this.#folders.has(folder)) return;
      this.#folders.add(folder);
    }
  }

  all(): readonly string[] {
    return [...this.#files];
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  isFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  *below(folder: string): Generator<string> {
    const start = folder === "/" ? "/" : `${folder}/`;
    for (const path of this.#files) if (path.startsWith(start)) yield path;
  }
}

/**
 * What one layer does to paths of the layers below it. State is kept only for `paths`, however many entries there are.
 */
export class Fates {
  readonly of = new Map<string, Fate>();
  readonly #paths: Paths;
  readonly #emptied = new Set<string>();

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  take(path: string, kind: TarKind): void {
    if (this.#paths.size === 0) return;
    const said = whiteout(path);
    if (said === null) return;
    const fate = said.does === "replaces" ? "replaced" : "deleted";
    if (said.does !== "empties" && this.#paths.has(said.path)) this.#set(said.path, fate);
    // A folder in a folder's place keeps its content; anything else in its place removes it.
    if (said.does === "replaces" && kind === "folder") return;
    if (!this.#paths.isFolder(said.path) || this.#emptied.has(said.path)) return;
    this.#emptied.add(said.path);
    for (const below of this.#paths.below(said.path)) this.#set(below, "deleted");
  }

  /** A path that is deleted and created again in the same layer is replaced. */
  #set(path: string, fate: Fate): void {
    if (fate === "replaced" || !this.of.has(path)) this.of.set(path, fate);
  }
}
