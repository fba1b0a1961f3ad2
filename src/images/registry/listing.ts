import { pMapIterable } from "p-map";
import picomatch from "picomatch";
import { UnsprawlError } from "../../model/error.ts";
import type { Manifest, Registry } from "./client.ts";
import { GONE } from "./place.ts";
import { HUB_HOST, isGlob, isRepository, isTag, repositoryText, type RegistryReference } from "./reference.ts";

/** A manifest that a reference means, and its tags. */
export type TaggedManifest = {
  readonly digest: string;
  /** A repository that has it. */
  readonly repository: string;
  /** `REPO` → tags, in any order. */
  readonly tags: Map<string, string[]>;
  /** Present if it had to be read to learn the digest. */
  readonly manifest: Manifest | null;
};

/** What could not be read, and why; `subject` may be untrusted text. */
export type Problem = { readonly kind: "error"; readonly subject: string; readonly error: UnsprawlError };

export const AT_ONCE = 12;
const LONGEST_SHOWN = 300;

/**
 * Every manifest that the reference means, each once, however many tags it has. While tags are listed, only lists and
 * heads are read, so that nothing counts as a pull. Throws if nothing can be read at all, or nothing matches.
 */
export async function taggedManifests(
  registry: Registry,
  reference: RegistryReference,
  signal: AbortSignal,
): Promise<{ readonly tops: readonly TaggedManifest[]; readonly problems: readonly Problem[] }> {
  const { repository, tag, digest } = reference;
  const tops = new Map<string, TaggedManifest>();
  const problems: Problem[] = [];
  const add = (name: string, label: string | null, found: { digest: string; manifest: Manifest | null }): void => {
    const top = tops.get(found.digest) ?? { ...found, repository: name, tags: new Map<string, string[]>() };
    tops.set(found.digest, top);
    if (label !== null) top.tags.set(name, [...(top.tags.get(name) ?? []), label]);
  };
  if (repository !== null && !isGlob(repository) && (digest !== null || (tag !== null && !isGlob(tag)))) {
    const manifest = await registry.manifest(repository, digest ?? tag ?? "latest", signal);
    add(repository, tag, { digest: manifest.digest, manifest });
    return { tops: [...tops.values()], problems };
  }
  const wanted = matcher(tag ?? "*");
  const several = repository === null || isGlob(repository);
  const read = async ({ name, label }: NamedRepository): Promise<(() => void) | Problem> => {
    const shown = (text: string): string => text.slice(0, LONGEST_SHOWN);
    const subject =
      label === null
        ? repositoryText(registry.host, shown(name))
        : `${repositoryText(registry.host, shown(name))}:${shown(label)}`;
    try {
      if (label === null || !isTag(label)) throw oddName(label === null ? "repository" : "tag");
      const known = await registry.resolve(name, label, signal);
      const manifest = known === null ? await registry.manifest(name, label, signal) : null;
      return () => add(name, label, { digest: known ?? manifest?.digest ?? "", manifest });
    } catch (error) {
      return problemOf(subject, error);
    }
  };
  for (const name of several ? await repositoriesOf(registry, repository, signal, problems) : [repository]) {
    const labels = namedIn(registry, name, wanted, signal, several ? problems : null);
    for await (const one of pMapIterable(labels, read, { concurrency: AT_ONCE }))
      if (typeof one === "function") one();
      else problems.push(one);
  }
  if (tops.size === 0 && problems.length === 0)
    throw new UnsprawlError(
      "absent",
      `no image of ${registry.host} matches ${JSON.stringify(`${repository ?? "*"}:${tag ?? "*"}`)}`,
      "a login may show more: docker login",
    );
  return { tops: [...tops.values()], problems };
}

type NamedRepository = { readonly name: string; readonly label: string | null };

/** Faults that end a scan: everything after them would fail the same way. */
export function isFinal(error: unknown): boolean {
  return !(error instanceof UnsprawlError) || error.code === "throttled" || error.cause === GONE;
}

export function problemOf(subject: string, error: unknown): Problem {
  if (isFinal(error)) throw error;
  return { kind: "error", subject, error: error as UnsprawlError };
}

/**
 * The registry's repositories that match, as far as names can tell; all if `glob` is null. Throws `usage` for Docker
 * Hub.
 */
export async function repositoriesOf(
  registry: Registry,
  glob: string | null,
  signal: AbortSignal,
  problems: Problem[],
): Promise<readonly string[]> {
  if (registry.host === HUB_HOST)
    throw new UnsprawlError(
      "usage",
      "Docker Hub does not list all repositories",
      "name one: registry:docker.io/USER/REPO:*",
    );
  const matches = matcher(glob ?? "*");
  const found = new Set<string>();
  for await (const name of registry.repositories(signal)) {
    if (!matches(name)) continue;
    if (isRepository(name)) found.add(name);
    else
      problems.push({
        kind: "error",
        subject: `${registry.host}/${name.slice(0, LONGEST_SHOWN)}`,
        error: oddName("repository"),
      });
  }
  return [...found];
}

/** A repository's tags; one without tags may still be in the catalog, which is no problem. */
async function* namedIn(
  registry: Registry,
  name: string,
  wanted: (tag: string) => boolean,
  signal: AbortSignal,
  problems: Problem[] | null,
): AsyncGenerator<NamedRepository> {
  try {
    for await (const label of registry.tags(name, signal)) if (wanted(label)) yield { name, label };
  } catch (error) {
    if (problems === null) throw error;
    if (error instanceof UnsprawlError && error.code === "absent") return;
    problems.push(problemOf(repositoryText(registry.host, name), error));
  }
}

function oddName(what: string): UnsprawlError {
  return new UnsprawlError("malformed", `the registry lists a ${what} with a name that none can have`);
}

function matcher(glob: string): (name: string) => boolean {
  return glob === "*" ? () => true : picomatch(glob, { dot: true, bash: true });
}
