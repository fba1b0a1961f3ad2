import { basename } from "node:path";
import type { Node, YAMLMap } from "yaml";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import {
  entry,
  follow,
  isMap,
  isSeq,
  parseYamlDocuments,
  scalarText,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";
import { trimEndOf } from "../../../src/kit/text/trim.ts";

/** A parsed manifest file. */
export type Manifests = {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
  readonly documents: readonly YamlFile[];
  readonly resources: readonly Resource[];
};

/** One object of a manifest file. */
export type Resource = {
  /** The document that contains it. */
  readonly file: YamlFile;
  readonly node: YAMLMap;
  /** The path to it from the document's root: into a List's items. */
  readonly at: readonly (string | number)[];
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Null if the manifest leaves it to whoever applies it. */
  readonly namespace: string | null;
  /** `Deployment/api`: unique in the file. */
  readonly label: string;
  /** Its subject in a store: its name, and more if the file has several of that name. */
  readonly subject: string;
};

/** Parses a file's objects, including those in Lists; null if it has none. Throws `malformed`. */
export async function readManifests(file: string, text: string): Promise<Manifests | null> {
  // Most files of a folder are not manifests, and large ones take long to parse.
  if (!text.includes("apiVersion") && !isKustomization(file)) return null;
  const hint = cmd`kubectl apply --dry-run=client -f ${file} shows how kubectl reads it`;
  const documents = await parseYamlDocuments(file, text, hint);
  if (isTemplate(documents, text)) throw templateError(file);
  const found = documents.flatMap((document) => (document.root === null ? [] : objects(document, document.root, [])));
  return found.length === 0 ? null : { file, text, documents, resources: withUniqueNames(found) };
}

/** The error for a file that only Helm can turn into YAML. */
export function templateError(file: string): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `${file} is a Helm template, not read: scan its values.yaml`,
    "helm template CHART > rendered.yaml, then: unsprawl scan kubernetes:rendered.yaml",
  );
}

/** To YAML, `{{ … }}` outside quotes is a map within a map, which no manifest has. */
function isTemplate(documents: readonly YamlFile[], text: string): boolean {
  const braces = (node: unknown, depth: number): boolean => {
    if (depth > DEEPEST) return false;
    if (isSeq(node)) return node.items.some((item) => braces(item, depth + 1));
    if (!isMap(node)) return false;
    const [start = 0] = node.range ?? [];
    if (node.flow === true && text.startsWith("{{", start)) return true;
    return node.items.some(({ key, value }) => braces(key, depth + 1) || braces(value, depth + 1));
  };
  return documents.some(({ document }) => braces(document.contents, 0));
}

const DEEPEST = 100;

export function isKustomization(file: string): boolean {
  return /^kustomization\.ya?ml$/.test(basename(file));
}

const KUSTOMIZATION = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" } as const;

type ManifestObject = Omit<Resource, "label" | "subject">;

function objects(file: YamlFile, node: YAMLMap, at: readonly (string | number)[]): ManifestObject[] {
  const part = (of: Node | null, key: string): Node | null => entry(of, key, file)?.value ?? null;
  // A kustomization may omit its kind.
  const own = isKustomization(file.file) && at.length === 0 ? KUSTOMIZATION : null;
  const apiVersion = scalarText(part(node, "apiVersion")) ?? own?.apiVersion ?? null;
  const kind = scalarText(part(node, "kind")) ?? own?.kind ?? null;
  if (apiVersion === null || kind === null) return [];
  const items = part(node, "items");
  if (kind.endsWith("List") && isSeq(items) && at.length === 0)
    return items.items.flatMap((item, index) => {
      const object = follow(item, file);
      return isMap(object) ? objects(file, object, ["items", index]) : [];
    });
  const metadata = part(node, "metadata");
  const generated = trimEndOf(scalarText(part(metadata, "generateName")) ?? "", "-") || undefined;
  const name = scalarText(part(metadata, "name")) ?? generated ?? (own === null ? "" : basename(file.file));
  return [{ file, node, at, apiVersion, kind, name, namespace: scalarText(part(metadata, "namespace")) }];
}

/** Gives objects names that are unique in the file. */
function withUniqueNames(found: readonly ManifestObject[]): Resource[] {
  const labels = new Set<string>();
  const subjects = new Set<string>();
  const first = (taken: Set<string>, wishes: readonly string[]): string => {
    const last = wishes.at(-1) ?? "";
    let name = wishes.find((wish) => !taken.has(wish));
    for (let number = 2; name === undefined; number++) if (!taken.has(`${last}-${number}`)) name = `${last}-${number}`;
    taken.add(name);
    return name;
  };
  return found.map((one) => {
    const { kind, name, namespace } = one;
    const space = namespace ?? "default";
    return {
      ...one,
      label: first(labels, [`${kind}/${name}`, `${space}/${kind}/${name}`]),
      // Only objects with containers may take the bare name: a Service is called like its Deployment.
      subject: isWorkload(one)
        ? first(subjects, [name, `${name}.${kind.toLowerCase()}`, `${space}.${name}.${kind.toLowerCase()}`])
        : name,
    };
  });
}

/** Where a pod's spec usually is: in a Pod, a CronJob, a PodTemplate, and everything with a template. */
const POD_SPECS: readonly (readonly string[])[] = [
  ["spec", "template", "spec"],
  ["spec", "jobTemplate", "spec", "template", "spec"],
  ["template", "spec"],
  ["spec"],
];

/** The pod's spec of an object, and the path to it; null if it makes no pods. */
export function podSpec({ file, node, kind }: Pick<Resource, "file" | "node" | "kind">): {
  readonly spec: YAMLMap;
  readonly at: readonly string[];
} | null {
  for (const at of POD_SPECS) {
    if (at.length === 1 && kind !== "Pod") continue;
    let spec: Node | null = node;
    for (const key of at) spec = entry(spec, key, file)?.value ?? null;
    if (isMap(spec) && isSeq(entry(spec, "containers", file)?.value)) return { spec, at };
  }
  return null;
}

function isWorkload(one: ManifestObject): boolean {
  return podSpec(one) !== null;
}
