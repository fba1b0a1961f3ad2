import { pMapIterable } from "p-map";
import { UnsprawlError } from "../../model/error.ts";
import type { Manifest, Registry } from "./client.ts";
import { descriptorsIn, manifestKind, type ManifestKind } from "./kinds.ts";
import { AT_ONCE, taggedManifests, problemOf, type Problem, type TaggedManifest } from "./listing.ts";
import { repositoryText, type RegistryReference } from "./reference.ts";

/** A manifest of the registry, read once. */
export type RegistryManifest = {
  readonly kind: "found";
  readonly is: ManifestKind;
  readonly repository: string;
  /** `HOST/REPO:TAG, TAG`, and the platform if it came from an index. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Its digest and its name: its current state. */
  readonly key: string;
};

export type RegistryWalkEvent =
  | RegistryManifest
  | Problem
  | { readonly kind: "total"; readonly manifests: number }
  | { readonly kind: "finished"; readonly key: string; readonly repository: string };

/** What need not be read: asked by key, after `ask` has been called with all keys that may follow. */
export type Finished = {
  readonly finished: (key: string) => boolean;
  readonly ask?: ((keys: readonly string[]) => Promise<void>) | undefined;
};

const NONE: Finished = { finished: () => false };

/** No tool makes deeper indexes of indexes. */
const DEEPEST = 3;
const MOST_ENTRIES = 1000;
const MOST_MANIFESTS = 500_000;
const NAMED_TAGS = 3;

type PendingManifest = {
  readonly digest: string;
  readonly size: number | null;
  readonly repository: string;
  readonly names: string[];
  readonly platform: string | null;
  readonly manifest: Manifest | null;
};

/**
 * Every manifest that a reference means: the tagged ones, then those in indexes, level by level; each digest once. An
 * unreadable manifest is a `problem`. Throws if nothing can be read at all, if nothing matches, and if the registry is
 * gone or keeps refusing. A `finished` manifest, by its key, is not read; an index must not be finished, because of
 * what is in it.
 */
export async function* walkRegistry(
  registry: Registry,
  reference: RegistryReference,
  signal: AbortSignal,
  { finished, ask }: Finished = NONE,
): AsyncGenerator<RegistryWalkEvent> {
  const { tops, problems } = await taggedManifests(registry, reference, signal);
  yield* problems;
  const seen = new Set<string>();
  const nodes = tops.map((top) => nodeOf(registry.host, top)).sort((a, b) => byText(nameIn(a), nameIn(b)));
  let level = new Map(nodes.map((node) => [node.digest, node]));
  for (let depth = 0, total = 0; level.size > 0; depth++) {
    total += level.size;
    yield { kind: "total", manifests: total + problems.length };
    const below = new Map<string, PendingManifest>();
    await ask?.([...level.values()].map(keyOf));
    const visit = async (node: PendingManifest): Promise<readonly RegistryWalkEvent[]> => {
      signal.throwIfAborted();
      const name = nameIn(node);
      const key = keyOf(node);
      if (finished(key)) return [{ kind: "finished", key, repository: node.repository }];
      try {
        const manifest = node.manifest ?? (await registry.manifest(node.repository, node.digest, signal));
        if (node.size !== null && manifest.bytes.length !== node.size)
          throw new UnsprawlError("malformed", `${name} does not have the size that its index says`);
        const is = manifestKind(manifest);
        if (is === null)
          throw new UnsprawlError("malformed", `${name} is a manifest of an unknown kind`, "docker manifest inspect");
        return [{ kind: "found", is, repository: node.repository, name, manifest, key }];
      } catch (error) {
        return [problemOf(name, error)];
      }
    };
    for (const digest of level.keys()) seen.add(digest);
    for await (const steps of pMapIterable(level.values(), visit, { concurrency: AT_ONCE }))
      for (const step of steps) {
        yield step;
        if (step.kind !== "found" || step.is !== "index") continue;
        const parent = level.get(step.manifest.digest);
        if (parent) yield* entries(parent, step.manifest, depth, seen, below);
      }
    if (seen.size + below.size > MOST_MANIFESTS)
      throw new UnsprawlError("malformed", `${registry.host} has more manifests in indexes than any real one`);
    level = below;
  }
}

const keyOf = (node: PendingManifest): string => `${node.digest} ${nameIn(node)}`;

/** Adds an index's manifests to the next level; those that cannot be added are problems. */
function entries(
  parent: PendingManifest,
  { document }: Manifest,
  depth: number,
  seen: ReadonlySet<string>,
  below: Map<string, PendingManifest>,
): readonly Problem[] {
  const bad = (why: string): Problem => ({
    kind: "error",
    subject: nameIn(parent),
    error: new UnsprawlError("malformed", `the index ${why}`),
  });
  const list = descriptorsIn(document["manifests"]);
  if (list.length > MOST_ENTRIES) return [bad(`has more than ${MOST_ENTRIES} entries: none of them was read`)];
  if (depth + 1 >= DEEPEST && list.length > 0)
    return [bad(`is nested more than ${DEEPEST} deep: what is in it was not read`)];
  const platforms = new Map(list.flatMap((one) => (one ? [[one.digest, one.platform] as const] : [])));
  for (const one of list) {
    if (one === null || seen.has(one.digest)) continue;
    const there = below.get(one.digest);
    if (there) {
      for (const name of parent.names) if (!there.names.includes(name)) there.names.push(name);
      continue;
    }
    // An attestation has no platform; it says which image it is about.
    const about = one.annotations["vnd.docker.reference.digest"];
    const platform = one.platform ?? (typeof about === "string" ? (platforms.get(about) ?? null) : null);
    const { digest, size } = one;
    const { repository, names } = parent;
    below.set(digest, { digest, size, repository, names: [...names], platform, manifest: null });
  }
  return list.includes(null) ? [bad("has an entry that is not a descriptor")] : [];
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => byText(a, b);

function nodeOf(host: string, { digest, repository, tags, manifest }: TaggedManifest): PendingManifest {
  // Registries list tags in any order; findings are recognised by their image's name.
  const names = [...tags].sort(byName).map(([name, labels]) => {
    const more = labels.length - NAMED_TAGS;
    const shown = labels.sort(byText).slice(0, NAMED_TAGS).join(", ");
    return `${repositoryText(host, name)}:${shown}${more > 0 ? ` and ${more} more` : ""}`;
  });
  if (names.length === 0)
    names.push(`${repositoryText(host, repository)}@${digest.slice(0, digest.indexOf(":") + 13)}`);
  return { digest, size: null, repository, names, platform: null, manifest };
}

function nameIn({ names, platform }: PendingManifest): string {
  const more = names.length - NAMED_TAGS;
  const shown = names.slice(0, NAMED_TAGS).join("; ");
  return `${shown}${more > 0 ? `; and ${more} more` : ""}${platform === null ? "" : ` ${platform}`}`;
}
