import { existsSync } from "node:fs";
import { basename, extname, relative } from "node:path";
import { distinctName } from "../../src/kit/io/name.ts";
import { isMap, isScalar, isSeq } from "../../src/kit/text/yaml-nodes.ts";
import { podSpec, type Manifests, type Resource } from "./syntax/manifest.ts";
import { trimEndOf, trimStartOf } from "../../src/kit/text/trim.ts";

/** Names for the Secrets of a file's workloads, none of which the file uses yet. */
export function secretNames(manifests: Manifests): ReadonlyMap<Resource, string> {
  const taken = wordsOf(manifests);
  const names = new Map<Resource, string>();
  for (const resource of manifests.resources) {
    if (podSpec(resource) === null) continue;
    const base = `${objectName(resource.subject)}-secrets`;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
    taken.add(name);
    names.set(resource, name);
  }
  return names;
}

/** A file's path as typed in `cwd`. */
export function shortName(file: string, cwd: string): string {
  const name = relative(cwd, file);
  return name.startsWith("..") ? file : name;
}

/** The name of a new file beside a manifest, for the Secrets of its workloads. */
export function secretsFile(file: string): string {
  const base = file.slice(0, file.length - extname(file).length);
  let name = `${base}-secrets.yaml`;
  for (let number = 2; existsSync(name); number++) name = `${base}-secrets-${number}.yaml`;
  return name;
}

/** The name of the SecretStore for a file: unique, so that two files never describe one object. */
export function storeName(file: string, store: string): string {
  const called = `${basename(file, extname(file))}-${store}`;
  const name = objectName(called);
  // Files whose names map to one name in the cluster.
  return name === called ? name : distinctName(name, [basename(file), store], 200);
}

/** Text as a DNS subdomain (RFC 1123), as every object's name must be; short enough for a suffix. */
function objectName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  const labels = name.split(".").map((label) => trimEndOf(trimStartOf(label, "-"), "-"));
  return (
    labels
      .filter((label) => label !== "")
      .join(".")
      .slice(0, 200) || "app"
  );
}

function wordsOf({ documents }: Manifests): Set<string> {
  const words = new Set<string>();
  const walk = (node: unknown, depth: number): void => {
    if (depth > 100) return;
    if (isSeq(node)) for (const item of node.items) walk(item, depth + 1);
    else if (isMap(node)) for (const { value } of node.items) walk(value, depth + 1);
    else if (isScalar(node)) words.add(node.value ?? "");
  };
  for (const { document } of documents) walk(document.contents, 0);
  return words;
}
