import type { Node, Pair, Scalar, YAMLMap } from "yaml";
import type { Interpolated } from "../../../src/files/interpolate.ts";
import { entry, follow, isScalar, isSeq, scalarText, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { filledText } from "../syntax/fill.ts";
import type { ComposeProject, ComposeService, ServiceLayer } from "../syntax/project.ts";

export type WordPlace = "entrypoint" | "command" | "health";

/** Where words of a service stand: in its own block, in a base that it merges, or in another layer. */
export type WordDefinition = {
  readonly service: string;
  readonly place: WordPlace;
  readonly layer: ServiceLayer;
  readonly file: YamlFile;
  /** The map that has the pair. */
  readonly owner: YAMLMap;
  readonly pair: Pair<Scalar, Node | null>;
  /** A text that Compose splits, or a list of words. */
  readonly node: Node;
  readonly texts: readonly WordText[];
};

/** One of the words, or the text that Compose splits: as it stands in the file, and as Compose fills it in. */
export type WordText = Pick<Interpolated, "value" | "uses"> & { readonly text: string; readonly start: number };

const known = new WeakMap<ComposeService, readonly WordDefinition[]>();

/** All definitions of a service's words; of one place the last counts. */
export function wordDefinitions(service: ComposeService): readonly WordDefinition[] {
  const found = known.get(service) ?? service.layers.flatMap((layer) => inLayer(service.name, layer));
  known.set(service, found);
  return found;
}

/** The services that run the words of which the text at this position of a file is one. */
export function servicesAt(project: ComposeProject, file: string, start: number): readonly string[] {
  return [...project.services.values()].flatMap((service) =>
    wordDefinitions(service).some((one) => one.file.file === file && one.texts.some((text) => text.start === start))
      ? service.name
      : [],
  );
}

function inLayer(service: string, layer: ServiceLayer): WordDefinition[] {
  const { file } = layer;
  const check = entry(layer.service, "healthcheck", file)?.value ?? null;
  const places = [
    ["entrypoint", entry(layer.service, "entrypoint", file)],
    ["command", entry(layer.service, "command", file)],
    ["health", entry(check, "test", file)],
  ] as const;
  return places.flatMap(([place, found]): WordDefinition[] => {
    if (found === null || found.value === null) return [];
    const { owner, pair, value: node } = found;
    const items = isSeq(node) ? (node.items as Node[]).map((item) => follow(item, file)) : [node];
    const texts = items.filter(isScalar).map((item): WordText => {
      const text = scalarText(item) ?? "";
      const [start = 0] = item.range ?? [];
      const { value, uses } = filledText(text, layer.lookup, file, start, () => undefined);
      return { text, start, value, uses };
    });
    return [{ service, place, layer, file, owner, pair, node, texts }];
  });
}
