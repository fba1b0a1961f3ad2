import { UnsprawlError } from "../../model/error.ts";
import type { Secret } from "../../model/secret.ts";
import { RegistryLogin, type Scope } from "./auth.ts";
import { findCredentials } from "./credentials.ts";
import { asDescriptor, manifestDigest, type Descriptor, verifiedChunks } from "./digest.ts";
import { endpointsOf, hostFolders, type HostFolders } from "./hosts.ts";
import { EndpointClient } from "./place.ts";
import { pagedNames } from "./pages.ts";
import { pusher, type Push } from "./push.ts";
import { isDigest, isRepository, isTag, repositoryText } from "./reference.ts";

export type Manifest = {
  readonly digest: string;
  /** The document's `mediaType`, else the response's content type. */
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly document: { readonly [key: string]: unknown };
};

/**
 * One registry, by the OCI Distribution Specification 1.1 and Docker's Registry HTTP API V2. Every method throws
 * `unreachable`, `denied` (401, 403), `absent` (404), `throttled`, `malformed` (another digest or size than promised,
 * larger than any real one, a response that makes no sense) and, for impossible names, `usage`.
 */
export type Registry = {
  /** As the user named it, such as `docker.io`. */
  readonly host: string;
  /** By tag or digest; one by digest is checked against it. At most 4 MiB. */
  manifest(repository: string, reference: string, signal: AbortSignal): Promise<Manifest>;
  /** The digest that a tag points to, without its manifest; null if the registry does not say. */
  resolve(repository: string, tag: string, signal: AbortSignal): Promise<string | null>;
  /** A blob's bytes as a stream. Throws `malformed` at its end if they do not match the descriptor. */
  blob(repository: string, descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Buffer>;
  /** A JSON blob of at most `limit` bytes (8 MiB), verified before it is parsed. */
  json(repository: string, descriptor: Descriptor, signal: AbortSignal, limit?: number): Promise<unknown>;
  /** As the registry lists them: untrusted text. */
  tags(repository: string, signal: AbortSignal): AsyncIterable<string>;
  repositories(signal: AbortSignal): AsyncIterable<string>;
  /** True if the repository has this blob. */
  exists(repository: string, digest: string, signal: AbortSignal): Promise<boolean>;
  /** Known limits, such as the remaining pulls of Docker Hub. */
  readonly notes: readonly string[];
  /** True if nothing that was read so far needed a login. */
  readonly anonymous: boolean;
  /** Bytes of all bodies so far. */
  readonly bytesRead: number;
  /** Requests answered so far. */
  readonly requests: number;
  /** Closes its connections. */
  close(): void;
} & Push;

export type RegistryClientTools = {
  readonly env: NodeJS.ProcessEnv;
  /** Called with each password and token, so that no output shows it. */
  readonly know: (value: Secret) => void;
  /** Different from the engine's in tests. */
  readonly folders?: HostFolders;
};

const MANIFEST_LIMIT = 4 * 1024 * 1024;
const JSON_LIMIT = 8 * 1024 * 1024;

/** Every kind of manifest that is read. */
const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.artifact.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.5",
  "application/vnd.docker.distribution.manifest.v1+json;q=0.5",
].join(", ");

/** Opens a registry; nothing is sent yet. Mirrors are tried before Docker Hub itself. Throws `config`. */
export function openRegistry(host: string, tools: RegistryClientTools): Registry {
  const { env } = tools;
  const places = endpointsOf(host, tools.folders ?? hostFolders(env)).map(
    (endpoint) =>
      new EndpointClient(endpoint, env, (wire) => {
        const find = (repository: string) =>
          findCredentials(env, endpoint.name === "registry-1.docker.io" ? host : endpoint.name, repository);
        return new RegistryLogin(endpoint, wire, find, tools.know);
      }),
  );
  const own = places.at(-1) as EndpointClient;
  const anywhere = mirrored(places.slice(0, -1), own);
  return {
    host,
    ...manifestReader(host, anywhere),
    ...blobReader(host, anywhere),
    tags: (repository, signal) => {
      check(repository, null);
      const what = `tag list of ${repositoryText(host, repository)}`;
      return pagedNames(own, `${repository}/tags/list?n=1000`, "tags", { scope: pull(repository), signal, what });
    },
    repositories: (signal) =>
      pagedNames(own, "_catalog?n=1000", "repositories", { scope: "catalog", signal, what: `catalog of ${host}` }),
    async exists(repository, digest, signal) {
      check(repository, digest);
      const what = `${repositoryText(host, repository)}@${digest}`;
      return own.there(`${repository}/blobs/${digest}`, { scope: pull(repository), signal, limit: 0, what });
    },
    ...pusher(own, host, check),
    get notes() {
      return places.flatMap(({ notes }) => notes);
    },
    get anonymous() {
      return places.every(({ login }) => !login.used);
    },
    get bytesRead() {
      return places.reduce((sum, { wire }) => sum + wire.bytesRead, 0);
    },
    get requests() {
      return places.reduce((sum, { requests }) => sum + requests, 0);
    },
    close: () => places.forEach(({ wire }) => wire.close()),
  };
}

/** Reads from a mirror if it has it, else from the registry. */
type ReadAnywhere = <T>(read: (place: EndpointClient) => Promise<T>) => Promise<T>;

function mirrored(mirrors: readonly EndpointClient[], own: EndpointClient): ReadAnywhere {
  const gone = new Set<EndpointClient>();
  return async (read) => {
    for (const mirror of mirrors.filter((place) => !gone.has(place))) {
      try {
        return await read(mirror);
      } catch (error) {
        if (!(error instanceof UnsprawlError)) throw error;
        if (error.code === "unreachable") gone.add(mirror);
      }
    }
    return read(own);
  };
}

function manifestReader(host: string, anywhere: ReadAnywhere): Pick<Registry, "manifest" | "resolve"> {
  return {
    async manifest(repository, reference, signal) {
      check(repository, reference);
      return anywhere(async (place) => {
        const what = `${repositoryText(host, repository)}${isDigest(reference) ? "@" : ":"}${reference}`;
        const answer = await place.read(
          { method: "GET", path: `${repository}/manifests/${reference}`, headers: { accept: ACCEPT } },
          { scope: pull(repository), limit: MANIFEST_LIMIT, signal, what },
        );
        return asManifest(what, reference, answer.headers, answer.bytes);
      });
    },
    async resolve(repository, tag, signal) {
      check(repository, tag);
      return anywhere(async (place) => {
        const { headers } = await place.read(
          { method: "HEAD", path: `${repository}/manifests/${tag}`, headers: { accept: ACCEPT } },
          { scope: pull(repository), limit: 0, signal, what: `${repositoryText(host, repository)}:${tag}` },
        );
        const digest = headers["docker-content-digest"];
        return typeof digest === "string" && isDigest(digest) ? digest : null;
      });
    },
  };
}

function blobReader(host: string, anywhere: ReadAnywhere): Pick<Registry, "blob" | "json"> {
  return {
    async *blob(repository, descriptor, signal) {
      check(repository, descriptor.digest);
      const what = `${repositoryText(host, repository)}@${descriptor.digest}`;
      const request = { method: "GET", path: `${repository}/blobs/${descriptor.digest}` } as const;
      const { place, answer } = await anywhere(async (one) => ({
        place: one,
        answer: await one.open(request, { scope: pull(repository), signal, what }),
      }));
      yield* verifiedChunks(place.chunks(answer), descriptor, what);
    },
    async json(repository, descriptor, signal, limit = JSON_LIMIT) {
      check(repository, descriptor.digest);
      const what = `${repositoryText(host, repository)}@${descriptor.digest}`;
      if (descriptor.size > limit) throw new UnsprawlError("malformed", `${what} is larger than ${limit} bytes`);
      const bytes = await anywhere(async (place) => {
        const answer = await place.read(
          { method: "GET", path: `${repository}/blobs/${descriptor.digest}` },
          { scope: pull(repository), limit: descriptor.size, signal, what },
        );
        asDescriptor(answer.bytes, descriptor, what);
        return answer.bytes;
      });
      return parse(bytes, what);
    },
  };
}

const pull = (repository: string): Scope => ({ repository, actions: "pull" });

/** Names come from servers too: only valid names may be put into a URL. */
function check(repository: string, reference: string | null): void {
  const wrong = !isRepository(repository)
    ? repository
    : reference !== null && !isTag(reference) && !isDigest(reference)
      ? reference
      : null;
  if (wrong !== null)
    throw new UnsprawlError("usage", `${JSON.stringify(wrong.slice(0, 300))} is not a repository, tag or digest`);
}

function asManifest(
  what: string,
  reference: string,
  headers: { readonly [name: string]: string | string[] | undefined },
  bytes: Buffer,
): Manifest {
  const document = parse(bytes, what);
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new UnsprawlError("malformed", `${what} is not a manifest`);
  const open = document as { readonly [key: string]: unknown };
  const type = /^[^;\s]*/.exec(String(headers["content-type"] ?? ""))?.[0] ?? "";
  const mediaType = typeof open["mediaType"] === "string" ? open["mediaType"] : type;
  const told = headers["docker-content-digest"];
  const wanted = isDigest(reference) ? reference : typeof told === "string" && isDigest(told) ? told : null;
  const digest = manifestDigest(bytes, open, wanted);
  if (wanted !== null && digest !== wanted)
    throw new UnsprawlError("malformed", `${what} does not match its digest: the answer was changed in transit`);
  return { digest, mediaType, bytes, document: open };
}

function parse(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new UnsprawlError("malformed", `${what} is not JSON`);
  }
}
