import type { Node, Pair, Scalar } from "yaml";
import type { Where } from "../../src/model/location.ts";
import { placeText, type FieldPlace, type FieldRole } from "../../src/model/place.ts";
import {
  entriesOf,
  entry,
  follow,
  isMap,
  isScalar,
  isSeq,
  scalarText,
  type YamlFile,
} from "../../src/kit/text/yaml-nodes.ts";
import { CONTAINERS, containersOf, envPlaces } from "./syntax/environment.ts";
import { expandValue } from "./syntax/expand.ts";
import { generatorLiterals, type GeneratorKey } from "./syntax/kustomization.ts";
import { isLiteralBlock, lineIn } from "./syntax/written.ts";
import { podSpec, readManifests, type Resource } from "./syntax/manifest.ts";

/** A text in an object that may be a secret, besides its containers' variables. */
export type ManifestText = {
  readonly where: Where;
  readonly name: string;
  readonly value: string;
  /** `data.DB_PASSWORD`, `containers[app].args`. */
  readonly place: FieldPlace;
  /** Of a container's arguments, its command: see `Candidate.lead`. */
  readonly lead?: string;
  /** The keys and indexes from the document's root to the text, where it was found by walking the document. */
  readonly keys?: readonly (string | number)[];
};

/** The annotation in which `kubectl apply` stores the manifest that it last applied, old values included. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const field = (path: string, written: Pick<FieldPlace, "fileLine"> = {}): FieldPlace => ({
  kind: "field",
  field: path,
  ...written,
});

/** A place within a text that is itself at `path`. The text's role is the role of all that is in it. */
export function placeWithin(path: string, given: FieldPlace, role?: FieldRole): FieldPlace {
  // Its line is one of that text, not of the file.
  const { fileLine: _fileLine, ...place } = given;
  return { ...place, field: `${path} ${place.field}`, ...(role === undefined ? {} : { role }) };
}

/** The texts of an object besides its containers' variables. */
export async function manifestTexts(resource: Resource): Promise<ManifestText[]> {
  const found = [...(await annotations(resource)), ...commands(resource), ...own(resource)];
  return found.filter(({ value }) => value !== "");
}

function own(resource: Resource): readonly ManifestText[] {
  const { kind, apiVersion } = resource;
  if (kind === "ConfigMap") return [...data(resource, "data"), ...decoded(resource, "binaryData")];
  if (kind === "Secret") return [...data(resource, "stringData"), ...decoded(resource, "data")].map(inSecret);
  if (kind === "Kustomization") return literals(resource);
  return OF_KUBERNETES.test(apiVersion) || SEALED.test(kind) ? [] : others(resource);
}

/** The public parts that are stored beside a private key. */
const PUBLIC = /^\s{0,9}-----BEGIN (?:TRUSTED )?(?:CERTIFICATE|PUBLIC KEY|X509 CRL)-/;

/** A whole entry is a secret, whatever its name. In an entry that is a file, each line is classified. */
function inSecret(text: ManifestText): ManifestText {
  return text.place.line === undefined && !PUBLIC.test(text.value)
    ? { ...text, place: { ...text.place, role: "secret-object" } }
    : text;
}

/** Built-in API groups, whose fields are known: no secrets are written in fields that are not read here. */
const OF_KUBERNETES = /^(?:[a-z0-9]+|apps\/\w+|batch\/\w+|autoscaling\/\w+|policy\/\w+|[\w.]+\.k8s\.io\/\w+)$/;

/** Kinds that hold references or ciphertext where others hold secrets. */
const SEALED = /^(?:Cluster)?(?:ExternalSecret|SecretStore|PushSecret)$|^SealedSecret$|^SecretProviderClass$/;

/** Annotations and labels of the object, and of the pods that it makes. */
async function annotations(resource: Resource): Promise<ManifestText[]> {
  const { file, node, at } = resource;
  const template = podSpec(resource)?.at.slice(0, -1) ?? [];
  const found: ManifestText[] = [];
  for (const keys of template.length === 0 ? [[]] : [[], template]) {
    const metadata = below(node, [...keys, "metadata"], file);
    for (const [list, where] of [
      ["annotations", "annotation"],
      ["labels", "label"],
    ] as const) {
      for (const { key, value } of entriesOf(below(metadata, [list], file), file)) {
        const text = scalarText(value) ?? "";
        const path = [...keys, `${list}[${key}]`].join(".");
        const line = lineIn(file, value);
        if (key === LAST_APPLIED && at.length < DEEPEST)
          for (const one of await lastApplied(file.file, text, path))
            found.push({ ...one, place: { ...one.place, ...line } });
        else found.push({ where, name: key, value: text, place: field(path, line) });
      }
    }
  }
  return found;
}

function below(node: Node | null, keys: readonly string[], file: YamlFile): Node | null {
  return keys.reduce<Node | null>((at, key) => entry(at, key, file)?.value ?? null, node);
}

/** The earlier version of the object, with all its texts. */
async function lastApplied(file: string, text: string, path: string): Promise<ManifestText[]> {
  const found = await objectsIn(file, text);
  const role = "last-applied";
  if (found === null)
    return text === ""
      ? []
      : [{ where: "annotation", name: LAST_APPLIED, value: text, place: { ...field(path), role } }];
  return found.map(({ name, value, place }) => ({
    where: "annotation",
    name,
    value,
    place: placeWithin(path, place, role),
  }));
}

type ObjectText = ManifestText & { readonly object: string };

/**
 * The texts of objects inside another object's text, including their containers' variables; null if it holds no
 * manifests.
 */
export async function objectsIn(file: string, text: string): Promise<ObjectText[] | null> {
  const kept = await readManifests(file, text).catch(() => null);
  if (kept === null) return null;
  const found = envPlaces(kept).map(({ resource, name, value, place }): ObjectText => {
    return { object: resource.label, where: "env", name, value, place };
  });
  for (const resource of kept.resources)
    for (const text of await manifestTexts({ ...resource, at: Array(DEEPEST).fill("") }))
      found.push({ object: resource.label, ...text });
  return found;
}

const DEEPEST = 10;

/** Command lines of containers and of their probes, and the headers that HTTP probes send. */
function commands(resource: Resource): ManifestText[] {
  const { file } = resource;
  const found: ManifestText[] = [];
  const list = (at: Node | null): (Node | null)[] => (isSeq(at) ? at.items.map((item) => follow(item, file)) : []);
  for (const kind of CONTAINERS)
    for (const { node, path } of containersOf(resource, kind)) {
      const line = (keys: readonly string[]): string => {
        const words = list(below(node, keys, file)).map((word) => expandValue(scalarText(word) ?? "").value);
        return words.length === 0 ? "" : JSON.stringify(words);
      };
      const add = (keys: readonly string[], where: Where, name: string, lead = ""): void => {
        const place = field(`${path}.${keys.join(".")}`, lineIn(file, below(node, keys, file)));
        found.push({ where, name, value: line(keys), place, ...(lead === "" ? {} : { lead }) });
      };
      add(["command"], "entrypoint", "Entrypoint");
      add(["args"], "cmd", "Cmd", line(["command"]));
      for (const keys of PROBES) {
        add([...keys, "exec", "command"], "healthcheck", "Healthcheck");
        for (const header of list(below(node, [...keys, "httpGet", "httpHeaders"], file))) {
          const written = below(header, ["value"], file);
          const [name, value] = [below(header, ["name"], file), written].map(scalarText);
          if (name && value)
            found.push({
              where: "file",
              name,
              value,
              place: {
                ...field(`${path}.${keys.join(".")}.httpGet.${name}`, lineIn(file, written)),
                role: "http-header",
              },
            });
        }
      }
    }
  return found;
}

const PROBES = [
  ["livenessProbe"],
  ["readinessProbe"],
  ["startupProbe"],
  ["lifecycle", "postStart"],
  ["lifecycle", "preStop"],
] as const;

/** The texts in a map; for a text that is a whole file, its lines `key: value` and `key=value`. */
function data({ file, node }: Resource, key: string): ManifestText[] {
  return entriesOf(entry(node, key, file)?.value, file).flatMap((one) =>
    textLines(
      one.key,
      scalarText(one.value) ?? "",
      field(`${key}.${one.key}`, lineIn(file, one.value)),
      isLiteralBlock(one.value),
    ),
  );
}

function decoded({ file, node }: Resource, key: string): ManifestText[] {
  return entriesOf(entry(node, key, file)?.value, file).flatMap((one) => {
    const bytes = Buffer.from(scalarText(one.value) ?? "", "base64");
    const text = bytes.toString("utf8");
    // Bytes that are not text are a keystore or the like, which can be classified by name only.
    const readable = Buffer.from(text).equals(bytes) ? text : (scalarText(one.value) ?? "");
    return textLines(one.key, readable, field(`${key}.${one.key}`, lineIn(file, one.value)));
  });
}

/**
 * A text; if it is a whole file, its lines `key: value` and `key=value`, if it has any. `isLiteral`: the lines of its
 * document are those of the text.
 */
export function textLines(name: string, value: string, place: FieldPlace, isLiteral = false): ManifestText[] {
  const whole: ManifestText = { where: "file", name, value, place };
  if (!value.trim().includes("\n")) return [whole];
  const lines = value.split(/\r?\n/).flatMap((line, index): ManifestText[] => {
    const [, key = "", text = ""] = /^["']?([\w.-]+)["']?\s*[:=]\s*(\S.*)$/.exec(line.trim()) ?? [];
    const { fileLine } = place;
    const written = fileLine === undefined ? {} : { fileLine: isLiteral ? fileLine + index + 1 : fileLine };
    const at: FieldPlace = { ...field(placeText(place), written), line: index + 1 };
    return key === "" ? [] : [{ where: "file", name: key, value: unquoted(text), place: at }];
  });
  return lines.length === 0 || value.includes("-----BEGIN") ? [whole] : lines;
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1[,;]?$/.exec(text)?.[2] ?? text;
}

/** What Kustomize makes ConfigMaps and Secrets from. */
function literals(resource: Resource): ManifestText[] {
  const of = (key: GeneratorKey): ManifestText[] =>
    generatorLiterals({ resource, key }).map(({ name, value, place }) => ({ where: "file", name, value, place }));
  return [...of("secretGenerator").map(inSecret), ...of("configMapGenerator")];
}

/** Every text of an object of unknown kind, except names of Secrets. */
function others({ file, node }: Resource): ManifestText[] {
  return scalarTexts(node, file, "").filter(({ place }) => !isKnownPlace(placeText(place)));
}

const isKnownPlace = (path: string): boolean =>
  NAMES_ONLY.test(path) || /^(?:apiVersion|kind|metadata|status)\b/.test(path) || IN_POD.test(path);

const NAMES_ONLY = /(?:secret\w{0,40}ref|remoteRef|secretName|secretStore|pullSecrets|valueFrom|existingSecret)/i;
/** Variables and commands of known containers are reported elsewhere. */
const IN_POD =
  /^(?:spec\.)?(?:jobTemplate\.spec\.)?template\.spec\.(?:initContainers|containers|ephemeralContainers)\[\d+\]\.(?:env\[\d+\]\.(?:name|value)$|command|args)/;

/** Every text below a node with its path; an item `{ name, value }` is a text of that name. */
export function scalarTexts(node: unknown, file: YamlFile, path: string): ManifestText[] {
  const walk = (at: unknown, place: FieldPlace, key: string, keys: readonly (string | number)[]): ManifestText[] => {
    if (keys.length > 50) return [];
    const here = placeText(place);
    if (isMap(at)) {
      const name = scalarText(entry(at, "name", file)?.value ?? null);
      return (at.items as Pair<Scalar, Node | null>[]).flatMap((pair) => {
        const own = isScalar(pair.key) ? String(pair.key.value) : "";
        const said = own === "value" && name !== null ? name : own;
        return walk(pair.value, field(here === "" ? own : `${here}.${own}`), said, [...keys, own]);
      });
    }
    if (isSeq(at))
      return at.items.flatMap((item, index) => walk(item, { ...field(here), index }, key, [...keys, index]));
    const text = isScalar(at) ? scalarText(at) : null;
    if (text === null) return [];
    const written = { ...place, ...lineIn(file, at) };
    return textLines(key, text, written, isLiteralBlock(at as Node)).map((one) => ({ ...one, keys }));
  };
  return walk(node, field(path), "", []);
}
