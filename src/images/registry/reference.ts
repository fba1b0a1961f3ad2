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
  const parts = what === "" || what.includes("://") ? null : partsOf(what);
  const wrong = parts === null ? null : WRONG.find(({ when }) => when(parts));
  if (parts === null)
    throw bad(what === "" ? "names no registry" : "is a URL; the host stands first, without a scheme");
  if (wrong != null) throw bad(wrong.why(parts));
  const { repository, tag, digest } = parts;
  const several = repository === null || isGlob(repository);
  const implied = digest !== null ? null : several ? "*" : "latest";
  return { host: parts.host ?? "", repository, tag: tag ?? implied, digest };
}

type ReferenceParts = {
  /** Null if it is not a valid one. */
  readonly host: string | null;
  /** The host as it is written. */
  readonly first: string;
  /** Whether nothing but a host is given. */
  readonly hostOnly: boolean;
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
};

function partsOf(what: string): ReferenceParts {
  const slash = what.indexOf("/");
  const first = slash < 0 ? what : what.slice(0, slash);
  const named = startsWithHost(first, slash >= 0);
  const host = named ? hostOf(first) : HUB_HOST;
  const rest = named ? (slash < 0 ? "" : what.slice(slash + 1)) : what;
  const [path = "", digest = null] = split(rest, rest.indexOf("@"));
  const [name = "", tag = null] = split(path, path.lastIndexOf(":"));
  const isOfficial = host === HUB_HOST && !name.includes("/") && name !== "" && !GLOB.test(name);
  const repository = isOfficial ? `library/${name}` : name;
  const hostOnly = named && slash < 0;
  return { host, first, hostOnly, repository: /^\*?$/.test(repository) ? null : repository, tag, digest };
}

const split = (text: string, at: number): readonly string[] =>
  at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];

/** Whether the first part is a host; `alpine:3.20` has a dot too, but in its tag. */
function startsWithHost(first: string, hasPath: boolean): boolean {
  if (!hasPath && /:(?!\d+$)/.test(first) && !first.startsWith("[")) return false;
  return /^localhost(:\d+)?$|^\[/.test(first) || (/[.:]/.test(first) && (hasPath || first.includes(".")));
}

/** What a reference must not be; the first that fits is said. */
const WRONG: readonly {
  readonly when: (parts: ReferenceParts) => boolean;
  readonly why: (parts: ReferenceParts) => string;
}[] = [
  { when: ({ host }) => host === null, why: ({ first }) => `${JSON.stringify(first)} is not a host` },
  {
    when: ({ digest }) => digest !== null && !isDigest(digest),
    why: () => "its digest is not sha256:… or sha512:…",
  },
  {
    when: ({ repository, tag, digest, hostOnly }) =>
      repository === null && (digest !== null || (tag !== null && hostOnly)),
    why: () => "a digest or a tag needs a repository",
  },
  {
    when: ({ repository }) => repository !== null && !isGlob(repository) && !isRepository(repository),
    why: ({ repository }) => `${JSON.stringify(repository)} is not a repository name`,
  },
  {
    when: ({ tag }) => tag !== null && !isGlob(tag) && !isTag(tag),
    why: ({ tag }) => `${JSON.stringify(tag)} is not a tag`,
  },
  {
    when: ({ repository, tag, digest }) => digest !== null && (isGlob(tag ?? "") || isGlob(repository ?? "")),
    why: () => "a digest names one image only",
  },
];

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
