import { UnsprawlError } from "../../model/error.ts";

/** What a `registry:` source means. */
export type RegistryReference = {
  /** As the user types it: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly host: string;
  /** A repository or a glob over repositories; null for the whole registry. */
  readonly repository: string | null;
  /** A tag or a glob over tags; null if only a digest is given. */
  readonly tag: string | null;
  readonly digest: string | null;
};

const PART = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${PART}(?:/${PART})*$`);
const HOST =
  /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::\d{1,5})?$/;
const GLOB = /[*?[{]/;

/** Names that mean Docker Hub; its key in Docker's configuration is `https://index.docker.io/v1/`. */
const HUB = new Set(["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"]);
export const HUB_HOST = "docker.io";

/**
 * Parses `HOST/REPO[:TAG|@DIGEST]`, `HOST/GLOB[:GLOB]`, `HOST` or, as Docker does, a bare name on Docker Hub (`alpine`
 * is `docker.io/library/alpine`). Without a tag, one repository means `latest`, a glob every tag. Rules:
 * distribution/reference `reference.go`, `normalize.go`. Throws `usage`.
 */
export function parseReference(what: string): RegistryReference {
  const bad = (why: string): UnsprawlError =>
    new UnsprawlError("usage", `registry:${what}: ${why}`, "registry:HOST/REPO[:TAG|@DIGEST], HOST/REPO:*, HOST/*");
  if (what === "") throw bad("names no registry");
  if (what.includes("://")) throw bad("is a URL; the host stands first, without a scheme");
  const slash = what.indexOf("/");
  const first = slash < 0 ? what : what.slice(0, slash);
  const isHost = /^localhost(:\d+)?$|^\[/.test(first) || (/[.:]/.test(first) && !(slash < 0 && !first.includes(".")));
  // `alpine:3.20` has a dot too, but in its tag.
  const tagged = slash < 0 && /:(?!\d+$)/.test(first) && !first.startsWith("[");
  const named = isHost && !tagged;
  const host = named ? hostOf(first) : HUB_HOST;
  if (host === null) throw bad(`${JSON.stringify(first)} is not a host`);
  const rest = named ? (slash < 0 ? "" : what.slice(slash + 1)) : what;
  const at = rest.indexOf("@");
  const digest = at < 0 ? null : rest.slice(at + 1);
  if (digest !== null && !isDigest(digest)) throw bad("its digest is not sha256:… or sha512:…");
  const path = at < 0 ? rest : rest.slice(0, at);
  const colon = path.lastIndexOf(":");
  const tag = colon < 0 ? null : path.slice(colon + 1);
  let repository: string | null = colon < 0 ? path : path.slice(0, colon);
  if (host === HUB_HOST && !repository.includes("/") && repository !== "" && !GLOB.test(repository))
    repository = `library/${repository}`;
  if (repository === "" || repository === "*") repository = null;
  if (repository === null && (digest !== null || (tag !== null && named && slash < 0)))
    throw bad("a digest or a tag needs a repository");
  if (repository !== null && !isGlob(repository) && !isRepository(repository))
    throw bad(`${JSON.stringify(repository)} is not a repository name`);
  if (tag !== null && !isGlob(tag) && !isTag(tag)) throw bad(`${JSON.stringify(tag)} is not a tag`);
  if (digest !== null && (tag === null ? repository === null : isGlob(tag))) throw bad("a digest names one image only");
  if (digest !== null && repository !== null && isGlob(repository)) throw bad("a digest names one image only");
  const several = repository === null || isGlob(repository);
  return { host, repository, tag: tag ?? (digest !== null ? null : several ? "*" : "latest"), digest };
}

function hostOf(text: string): string | null {
  const host = text.toLowerCase();
  if (HUB.has(host)) return HUB_HOST;
  return HOST.test(host) && Number(/:(\d+)$/.exec(host)?.[1] ?? 1) < 65_536 ? host : null;
}

export function isGlob(text: string): boolean {
  return GLOB.test(text);
}

/** True for a valid repository name, which may be put into a URL. At most 255 characters. */
export function isRepository(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** True for a digest that can be checked: `sha256:` or `sha512:` (OCI image spec, descriptor.md). */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** `HOST/REPO`, as a person types it. */
export function repositoryText(host: string, repository: string): string {
  return `${host}/${host === HUB_HOST ? repository.replace(/^library\//, "") : repository}`;
}
