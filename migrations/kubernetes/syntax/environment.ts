import type { Node, Pair, Scalar, YAMLMap } from "yaml";
import { entry, follow, isMap, isSeq, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import { placeText, type FieldPlace } from "../../../src/model/place.ts";
import { expandValue } from "./expand.ts";
import { lineIn } from "./written.ts";
import { podSpec, type Manifests, type Resource } from "./manifest.ts";

/** A variable with a literal value: an entry `{ name, value }` in a container's `env`. */
export type EnvPlace = {
  readonly resource: Resource;
  /** The container's name; its number if it has none. */
  readonly container: string;
  readonly name: string;
  /** As the container receives it. */
  readonly value: string;
  /** The variables that Kubernetes expands (`$(NAME)`), which it does not do in values from a Secret. */
  readonly uses: readonly string[];
  /** `containers[app].env.DB_PASSWORD`. */
  readonly path: string;
  /** `containers[app]`. */
  readonly containerPath: string;
  readonly place: FieldPlace;
  /** The path to the entry from the document's root, aliases followed. */
  readonly at: readonly (string | number)[];
  /** The written `value: …`, and the map that contains it. */
  readonly pair: Pair<Scalar, Node | null>;
  readonly owner: YAMLMap;
  /** Its subject name: the object, and its container too if an earlier one sets the same variable. */
  readonly subjectName: string;
  /** Its subject in a store: different values have different subjects, a copy has the first one's. */
  readonly subject: string;
  /** Its key in the workload's Secret. */
  readonly key: string;
  /** False if the container sets it twice, so that one of the two has no effect. */
  readonly once: boolean;
};

export const CONTAINERS = ["initContainers", "containers", "ephemeralContainers"] as const;

/** Every variable with a literal value in the file. */
export function envPlaces({ resources }: Pick<Manifests, "resources">): EnvPlace[] {
  return resources.flatMap((resource) => {
    const places = CONTAINERS.flatMap((list) => containersOf(resource, list).flatMap((one) => written(resource, one)));
    const byName = Map.groupBy(places, ({ name }) => name);
    return places.map((place) => {
      const { name, value, container } = place;
      const same = byName.get(name) ?? [];
      const [first = place] = same;
      const whose = first === place || first.container === container ? "" : container;
      return {
        ...place,
        subjectName: whose === "" ? resource.label : `${resource.label}/${whose}`,
        subject: value === first.value ? resource.subject : `${resource.subject}.${container}`,
        key: value === first.value ? name : `${container}.${name}`,
        once: same.filter((other) => other.container === container).length === 1,
      };
    });
  });
}

/** A variable in all containers of its workload that have the same value: they share one key of its Secret. */
export function copiesOf(place: EnvPlace, manifests: Manifests): EnvPlace[] {
  const isCopy = ({ resource, key, once }: EnvPlace): boolean =>
    resource === place.resource && key === place.key && once === place.once;
  return envPlaces(manifests).filter(isCopy);
}

export type ContainerNode = {
  readonly name: string;
  readonly node: YAMLMap;
  readonly path: string;
  readonly at: readonly (string | number)[];
};

export function containersOf(resource: Resource, list: (typeof CONTAINERS)[number]): ContainerNode[] {
  const { file } = resource;
  const pod = podSpec(resource);
  const containers = pod === null ? null : (entry(pod.spec, list, file)?.value ?? null);
  if (pod === null || !isSeq(containers)) return [];
  return containers.items.flatMap((item, index) => {
    const node = follow(item, file);
    if (!isMap(node)) return [];
    const name = scalarText(entry(node, "name", file)?.value ?? null) ?? String(index);
    return [{ name, node, path: `${list}[${name}]`, at: [...resource.at, ...pod.at, list, index] }];
  });
}

type WrittenVariable = Omit<EnvPlace, "subjectName" | "subject" | "key" | "once">;

function written(resource: Resource, { name: container, node, path, at }: ContainerNode): WrittenVariable[] {
  const { file } = resource;
  const env = entry(node, "env", file)?.value ?? null;
  if (!isSeq(env)) return [];
  const counts = new Map<string, number>();
  return env.items.flatMap((item, index) => {
    const of = follow(item, file);
    const name = scalarText(entry(of, "name", file)?.value ?? null);
    const found = entry(of, "value", file);
    const text = scalarText(found?.value ?? null);
    if (name === null || found === null || text === null || text === "") return [];
    const before = counts.get(name) ?? 0;
    counts.set(name, before + 1);
    const place: FieldPlace = {
      kind: "field",
      field: `${path}.env.${name}`,
      ...(before === 0 ? {} : { index: before }),
      ...lineIn(file, found.value),
    };
    return [
      {
        resource,
        container,
        name,
        ...expandValue(text),
        path: placeText(place),
        containerPath: path,
        place,
        at: [...at, "env", index],
        pair: found.pair,
        owner: found.owner,
      },
    ];
  });
}
