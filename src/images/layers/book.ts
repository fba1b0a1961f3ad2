import type { FastReading } from "../../fast/index.ts";
import type { LayerPlace, Place } from "../../model/place.ts";
import type { Subject, SubjectFacts } from "../../model/location.ts";
import { Paths } from "./fates.ts";
import { fromShelf, toShelf, type SharedShelf, type CachedLayer } from "./shelved.ts";
import { layerFates, readLayer, type LayerBlob, type LayerFinding } from "./layer.ts";

/** One layer of an image, the lowest first. */
export type ImageLayer = {
  /** The id of its blob. */
  readonly id: string;
  /** `sha256:…` of the uncompressed bytes, from the image's config; null if it does not say. */
  readonly diffId: string | null;
  /** Null if it is not available. */
  readonly blob: LayerBlob | null;
};

export type LayeredImage = {
  readonly source: string;
  readonly subject: Subject;
  readonly facts: SubjectFacts;
  readonly exposure: readonly string[];
  readonly layers: readonly ImageLayer[];
};

/**
 * The findings in all layers of a scan, by their proven digests, so that each layer is read once however many images
 * have it.
 */
export class LayerCache {
  /** Called with notes for people about layers, besides their secrets. */
  readonly note: (text: string) => void;
  readonly layers = new Map<string, CachedLayer>();
  readonly paths = new Paths();
  clock = 0;
  /** Where others find what was read here; null if there is no such cache. */
  readonly shared: SharedShelf | null;

  constructor(note: (text: string) => void = () => undefined, shared: SharedShelf | null = null) {
    this.note = note;
    this.shared = shared;
  }

  /** Takes over what others have read of these layers. Call it with many at once, before they are read. */
  async ask(layers: readonly Pick<ImageLayer, "id" | "diffId">[]): Promise<void> {
    if (this.shared === null) return;
    const ids = new Set(layers.flatMap(({ id, diffId }) => [id, diffId ?? id]).filter((id) => LASTING.test(id)));
    const wanted = [...ids].filter((id) => !this.layers.has(id));
    for (const [id, layer] of await this.shared.shelf.ask(wanted)) {
      this.layers.set(id, fromShelf(layer));
      for (const { path } of layer.findings) this.paths.add(path);
    }
  }
}

/** Digests, which name the same bytes everywhere. */
const LASTING = /^sha(?:256|512):[0-9a-f]{64,128}$/;

/** The layers that one source reads. */
export class LayerBook {
  readonly #shelf: LayerCache;
  readonly #own = new Map<string, CachedLayer>();
  #done = 0;
  /** How many bytes will be read; null if unknown. */
  total: number | null = null;
  /** How many have been read, if the layers' bytes do not show it. */
  position: (() => number) | null = null;

  constructor(shelf: LayerCache = new LayerCache()) {
    this.#shelf = shelf;
  }

  /** As for the cache. */
  ask(layers: readonly Pick<ImageLayer, "id" | "diffId">[]): Promise<void> {
    return this.#shelf.ask(layers);
  }

  /** True if this layer need not be read. */
  has({ id, diffId }: Pick<ImageLayer, "id" | "diffId">): boolean {
    return this.#get(id, diffId) !== null;
  }

  /** Reads a layer. */
  async *read(blob: LayerBlob, signal: AbortSignal): AsyncGenerator<FastReading> {
    const { paths, shared, layers } = this.#shelf;
    const knew = shared === null ? [] : paths.all();
    const asked = ++this.#shelf.clock;
    const layer = yield* readLayer(blob, paths, signal, (bytes) => this.progress(bytes));
    for (const { path } of layer.findings) paths.add(path);
    const kept = { ...layer, asked, ended: ++this.#shelf.clock };
    this.#own.set(blob.id, kept);
    if (!layer.whole) return;
    for (const id of new Set([blob.digest, layer.diffId])) {
      if (id === null) continue;
      layers.set(id, kept);
      if (layer.errors.length === 0) shared?.shelf.put(id, toShelf(layer, knew, shared.key));
    }
  }

  /** Adds to the number of bytes read. */
  progress(bytes: number): FastReading {
    this.#done += bytes;
    return { kind: "bytes", done: this.position?.() ?? this.#done, total: this.total };
  }

  /** The layers that must be looked at again: they were read before something was found in a layer below them. */
  unsure(layers: readonly ImageLayer[]): readonly ImageLayer[] {
    const all = layers.map(({ id, diffId }) => this.#get(id, diffId));
    return layers.filter((_, at) => {
      const upper = all[at];
      if (!upper) return false;
      return all
        .slice(0, at)
        .some((lower) => lower && lower !== upper && lower.findings.length > 0 && !knows(upper, lower));
    });
  }

  /** Looks at a layer again. */
  async look({ id, diffId }: Pick<ImageLayer, "id" | "diffId">, blob: LayerBlob, signal: AbortSignal): Promise<void> {
    const kept = this.#get(id, diffId);
    if (kept === null) return;
    const asked = ++this.#shelf.clock;
    kept.fates = await layerFates(blob, this.#shelf.paths, signal);
    kept.asked = asked;
    kept.knew = null;
  }

  /** The readings of an image whose layers have all been read. */
  *tell(image: LayeredImage): Generator<FastReading> {
    const { source, subject, facts, exposure, layers } = image;
    const all = layers.map(({ id, diffId }) => this.#get(id, diffId));
    const found = all.flatMap((layer, at) => {
      if (layer === null || all.indexOf(layer) !== at) return [];
      return layer.findings.map((finding) => ({
        spotted: finding.spotted,
        place: findingPlace(finding, {
          number: at + 1,
          of: all.length,
          fate: fateOf(finding.path, all.slice(at + 1), at + 2),
        }),
      }));
    });
    if (found.length > 0) yield { kind: "found", source, subject, facts, exposure, found };
    for (const [at, layer] of all.entries()) {
      const called = `layer ${at + 1} of ${all.length} (${shortId(layers[at] as ImageLayer)})`;
      const error = (message: string, hint: string): FastReading => ({
        kind: "error",
        subject: `${subject.name} ${called}`,
        about: { kind: "subject", name: subject.name, id: subject.id },
        message,
        hint,
      });
      if (layer === null) yield error("is missing", "pull or save the image again");
      for (const { message, hint } of layer?.errors ?? []) yield error(message, hint);
      const { diffId } = layers[at] as ImageLayer;
      if (layer && layer.errors.length === 0 && layer.diffId !== null && diffId !== null && layer.diffId !== diffId)
        yield error("is not the one that the image's config names", "pull or save the image again");
      for (const folder of layer?.git ?? []) {
        this.#shelf.note(`${subject.name} holds a Git folder, ${folder} (${called}): its history is not read`);
      }
    }
  }

  #get(id: string, diffId: string | null): CachedLayer | null {
    const { layers } = this.#shelf;
    return this.#own.get(id) ?? layers.get(id) ?? (diffId === null ? null : (layers.get(diffId) ?? null));
  }
}

/**
 * Reads the unread layers of one image, from the lowest to the uppermost, and reports what is in them. Each is opened
 * once; only its entries' names are read a second time if an image has the layers in another order.
 */
export async function* layerReadings(
  image: LayeredImage,
  book: LayerBook,
  signal: AbortSignal,
): AsyncGenerator<FastReading> {
  for (const layer of image.layers) if (layer.blob !== null && !book.has(layer)) yield* book.read(layer.blob, signal);
  for (const layer of book.unsure(image.layers)) if (layer.blob !== null) await book.look(layer, layer.blob, signal);
  yield* book.tell(image);
}

/** Whether the fates of the lower layer's findings were looked for in the upper one. */
function knows({ knew, asked }: CachedLayer, lower: CachedLayer): boolean {
  return knew ? lower.findings.every(({ path }) => knew.has(path)) : lower.ended <= asked;
}

/** `/app/.env line 3`; without a line where lines mean nothing. */
export function findingPlace({ path, counted, spotted }: LayerFinding, layer: LayerPlace | "writable"): Place {
  return { kind: "text", file: path, line: counted ? spotted.line : null, layer };
}

function fateOf(path: string, later: readonly (CachedLayer | null)[], number: number): LayerPlace["fate"] {
  const at = later.findIndex((layer) => layer?.fates.has(path));
  const does = later[at]?.fates.get(path);
  return does === undefined ? null : { does, in: number + at };
}

function shortId({ id, diffId }: ImageLayer): string {
  const [algorithm, hex] = (/^sha\d+:/.test(id) ? id : (diffId ?? id)).split(":", 2);
  return hex === undefined ? (algorithm ?? "") : `${algorithm}:${hex.slice(0, 12)}`;
}
