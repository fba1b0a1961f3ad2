import type { YAMLMap } from "yaml";
import { trimEndOf, trimStartOf } from "../../../src/kit/text/trim.ts";
import { entry, follow, isMap, isSeq, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { isAt, type Location } from "../../../src/model/location.ts";
import type { FieldPlace } from "../../../src/model/place.ts";
import type { Manifests, Resource } from "./manifest.ts";
import { lineIn } from "./written.ts";

/** A literal `KEY=value` that a generator puts into an object. */
export type GeneratorLiteral = {
  readonly resource: Resource;
  readonly name: string;
  readonly value: string;
  readonly place: FieldPlace;
  readonly item: unknown;
  readonly generator: YAMLMap;
  /** The object's name, to which Kustomize adds a digest. */
  readonly object: string | null;
};

export type GeneratorKey = "secretGenerator" | "configMapGenerator";

/** The literals of a kustomization's generators of one kind. */
export function generatorLiterals({
  resource,
  key,
}: {
  readonly resource: Resource;
  readonly key: GeneratorKey;
}): GeneratorLiteral[] {
  const { file, node } = resource;
  const list = entry(node, key, file)?.value ?? null;
  return (isSeq(list) ? list.items : []).flatMap((at, index) => {
    const generator = follow(at, file);
    const words = entry(generator, "literals", file)?.value ?? null;
    if (!isMap(generator) || !isSeq(words)) return [];
    const object = scalarText(entry(generator, "name", file)?.value ?? null);
    return words.items.flatMap((item): GeneratorLiteral[] => {
      const [, name = "", written = ""] = /^([^=]+)=(.*)$/s.exec(scalarText(follow(item, file)) ?? "") ?? [];
      // Kustomize takes quotes off both ends: api/kv, parseLiteralSource.
      const value = trimEndOf(trimStartOf(written, "\"'"), "\"'");
      const place: FieldPlace = { kind: "field", field: `${key}[${index}].literals.${name}`, ...lineIn(file, item) };
      return name === "" ? [] : [{ resource, name, value, place, item, generator, object }];
    });
  });
}

/** The literal of a Secret that a location names, in a file as it is now; null if it names another place, or one that is gone. */
export function secretLiteralAt({ resources }: Manifests, location: Location): GeneratorLiteral | null {
  const all = resources
    .filter(({ kind }) => kind === "Kustomization")
    .flatMap((resource) => generatorLiterals({ resource, key: "secretGenerator" }));
  return all.find(({ resource, place }) => isAt(location, { object: resource.label, ...place })) ?? null;
}
