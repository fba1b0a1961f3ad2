import type Docker from "dockerode";
import type { ShapeCheck } from "../kit/shape.ts";
import { cmd } from "../kit/shell.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { ANSWERS } from "./answers.ts";
import { findConnection, type EngineConnection } from "./connection.ts";
import { streamOpener, engineReader, type OpenEngineStream } from "./http.ts";
import {
  isPodman,
  type ContainerDoc,
  type EngineInfo,
  type HistoryLine,
  type ImageDoc,
  type Mount,
  type PodmanContainer,
} from "./types.ts";

export type ListedContainer = {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  /** `created` if it was never started. */
  readonly State?: string;
  readonly Mounts?: readonly Mount[];
  readonly Labels?: { readonly [key: string]: string };
  /** Nothing else of it is listed. */
  readonly HostConfig?: { readonly NetworkMode?: string };
};

export type ListedImage = {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
};

export type ListedVolume = {
  readonly Name: string;
  readonly Driver?: string;
  readonly Options?: { readonly [key: string]: string } | null;
  readonly Labels?: { readonly [key: string]: string } | null;
};

/** An engine and its client. All errors are reduced to UnsprawlError; `null` means that the object does not exist. */
export type Engine = {
  readonly connection: EngineConnection;
  /** The client, loaded on first use, for everything that is more than a plain read. */
  docker(): Promise<Docker>;
  info(): Promise<EngineInfo>;
  /** The API version in use: DOCKER_API_VERSION, otherwise the engine's newest, such as `1.45`. */
  apiVersion(): Promise<string>;
  containers(): Promise<readonly ListedContainer[]>;
  container(idOrName: string): Promise<ContainerDoc | null>;
  /** A container as Podman itself describes it; only for an engine that is one. */
  podmanContainer(id: string): Promise<PodmanContainer | null>;
  images(): Promise<readonly ListedImage[]>;
  image(idOrRef: string): Promise<ImageDoc | null>;
  history(idOrRef: string): Promise<readonly HistoryLine[]>;
  volumes(): Promise<readonly ListedVolume[]>;
  /** Streams a large response. */
  stream(what: string, path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer> | null>;
  /** Closes the connections used for reads. */
  close(): void;
  /** Runs any other client call with the same error handling: absent → null. */
  call<T>(what: string, act: () => Promise<T>): Promise<T | null>;
};

/** Opens an engine without connecting; the first call shows whether it responds. Throws `config`. */
export async function openEngine(env: NodeJS.ProcessEnv): Promise<Engine> {
  const connection = findConnection(env);
  const pinned = pinnedVersion(env);
  const read = await engineReader(connection, pinned);
  let loaded: Promise<Docker> | null = null;
  let opening: Promise<OpenEngineStream> | null = null;
  const call = async <T>(what: string, act: () => Promise<T>): Promise<T | null> => {
    try {
      return await act();
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw engineError(error, what, connection);
    }
  };
  const get = async <T>(what: string, shape: ShapeCheck, path: string): Promise<T | null> => {
    const answer = await call(what, () => read(path));
    const fault = answer === null ? null : shape(answer);
    if (fault === null) return answer as T | null;
    const where = fault === "" ? "" : ` (${fault})`;
    throw new UnsprawlError(
      "malformed",
      `${what}: ${connection.address} does not answer like an engine${where}`,
      "unsprawl doctor",
    );
  };
  const must = async <T>(what: string, shape: ShapeCheck, path: string): Promise<T> => {
    const answer = await get<T>(what, shape, path);
    if (answer !== null) return answer;
    throw new UnsprawlError("malformed", `${what}: the engine does not know this call`, "unsprawl doctor");
  };
  const at = encodeURIComponent;
  // A reference is part of the path: slashes are not escaped.
  const ref = (name: string): string => name.split("/").map(at).join("/");
  // Podman wants a version before its own paths, and takes any.
  const ofLibpod = pinned === null ? "/v4.0.0/libpod" : "/libpod";
  return {
    connection,
    close: () => read.close(),
    docker: () => (loaded ??= client(connection, pinned)),
    call,
    stream: (what, path, signal) =>
      call(what, async () =>
        whole(await (await (opening ??= streamOpener(connection, pinned)))(path, signal), what, connection),
      ),
    info: async () => withLastingId(await must<EngineInfo>("engine info", ANSWERS.info, "/info")),
    apiVersion: async () =>
      pinned ?? (await must<{ ApiVersion: string }>("engine version", ANSWERS.version, "/version")).ApiVersion,
    containers: () => must("list containers", ANSWERS.containers, "/containers/json?all=true"),
    container: (id) => get(`inspect container ${id}`, ANSWERS.container, `/containers/${at(id)}/json`),
    podmanContainer: (id) =>
      get(`inspect container ${id}`, ANSWERS.podmanContainer, `${ofLibpod}/containers/${at(id)}/json`),
    images: () => must("list images", ANSWERS.images, "/images/json"),
    image: (id) => get(`inspect image ${id}`, ANSWERS.image, `/images/${ref(id)}/json`),
    history: async (id) =>
      (await get<HistoryLine[]>(`history of ${id}`, ANSWERS.history, `/images/${ref(id)}/history`)) ?? [],
    volumes: async () =>
      (await must<{ Volumes?: ListedVolume[] | null }>("list volumes", ANSWERS.volumes, "/volumes")).Volumes ?? [],
  };
}

/** Podman makes another id for each answer: its place on its host is what lasts. */
function withLastingId(info: EngineInfo): EngineInfo {
  return isPodman(info) ? { ...info, ID: `podman:${info.Name}:${info.DockerRootDir}` } : info;
}

function pinnedVersion({ DOCKER_API_VERSION: pinned }: NodeJS.ProcessEnv): string | null {
  if (!pinned || /^\d+\.\d+$/.test(pinned)) return pinned || null;
  throw new UnsprawlError(
    "config",
    "DOCKER_API_VERSION is not a version",
    "set DOCKER_API_VERSION=1.41, for example, or unset it",
  );
}

/** A response that breaks off is reported like any other engine error. */
async function* whole(
  answer: AsyncIterable<unknown>,
  what: string,
  connection: EngineConnection,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    if ((error as { name?: string }).name === "AbortError") throw error;
    throw engineError(error, what, connection);
  }
}

async function client(connection: EngineConnection, pinned: string | null): Promise<Docker> {
  const Dockerode = await (await import("./dockerode.ts")).loadDockerode();
  // dockerode also reads DOCKER_HOST and the certificate variables, and would prefer them over a context.
  const kept = Object.entries(process.env).filter(([name]) => /^DOCKER_(HOST|TLS_VERIFY|CERT_PATH)$/.test(name));
  for (const [name] of kept) delete process.env[name];
  const version = pinned === null ? {} : { version: `v${pinned}` };
  try {
    if (connection.via === "unix") return new Dockerode({ socketPath: connection.socketPath ?? "", ...version });
    if (connection.via === "ssh") {
      const options = {
        host: "engine",
        port: 80,
        protocol: "http",
        agent: (await import("./ssh-agent.ts")).sshAgent(connection),
        ...version,
      } as const;
      return new Dockerode(options);
    }
    const { host, port, tls } = connection;
    return new Dockerode({
      host: host ?? "",
      port: port ?? 2375,
      protocol: tls ? "https" : "http",
      ...tls,
      ...version,
    });
  } finally {
    for (const [name, value] of kept) process.env[name] = value;
  }
}

function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : null;
}

/**
 * Converts a client error. Keeps the engine's message, in which the faces redact known values, but no request object.
 */
export function engineError(error: unknown, what: string, connection: EngineConnection): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  const status = statusOf(error);
  const said = engineMessage(error);
  if (status !== null) {
    const code =
      status === 401 || status === 403
        ? "denied"
        : status === 409
          ? "conflict"
          : status === 304 || SWARM_CHANGED.test(said)
            ? "changed"
            : "failed";
    return new UnsprawlError(code, `${what}: the engine says: ${said}`, hintFor(status, said), causeOf(error));
  }
  const { code } = error as { code?: unknown };
  const errno = typeof code === "string" ? code : "";
  if (errno === "EACCES" || errno === "EPERM") {
    return new UnsprawlError(
      "denied",
      `permission denied: ${connection.address}`,
      "run as root or as a member of the group that owns the socket",
      causeOf(error),
    );
  }
  if (errno === "ESSH" && /permission denied|authentication fail/i.test(said)) {
    const hint = cmd`ssh ${connection.host ?? ""} docker version`;
    return new UnsprawlError("denied", `${what}: ${connection.address}: ${said}`, hint, causeOf(error));
  }
  if (
    /ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)|ERR_SSL_.*(UNKNOWN_CA|CERTIFICATE)/.test(errno)
  ) {
    return new UnsprawlError(
      "denied",
      `${what}: the engine at ${connection.address} does not accept the client certificate`,
      "check cert.pem and key.pem in DOCKER_CERT_PATH (or in the context)",
      errno,
    );
  }
  const why = errno === "ENOENT" ? "no such socket" : errno === "ECONNREFUSED" ? "nothing listens there" : said;
  const hint =
    connection.via === "ssh"
      ? cmd`ssh ${connection.host ?? ""} docker version`
      : "start the engine, or set DOCKER_HOST; then: unsprawl doctor";
  return new UnsprawlError(
    "unreachable",
    `${what}: cannot reach the engine at ${connection.address}: ${why}`,
    hint,
    causeOf(error),
  );
}

/**
 * Swarm reports a check-and-set conflict with status 500. Source: moby/swarmkit, manager/state/store:
 * ErrSequenceConflict.
 */
const SWARM_CHANGED = /update out of sequence/;

/** The hint for an error response of the engine. */
function hintFor(status: number, said: string): string {
  if (status === 401 || status === 403) return "ask the engine's administrator which rights it grants";
  if (/unsprawl:/.test(said)) return "unsprawl runtime status";
  if (SWARM_CHANGED.test(said)) return "unsprawl plan again";
  if (/port is already allocated|address already in use/.test(said))
    return "docker ps, or ss -ltnp, shows who has the port";
  if (/error while mounting volume|failed to mount local volume/.test(said))
    return "docker volume inspect shows its options; once it can be mounted, try again";
  if (/container is running/.test(said)) return "docker stop it, if nobody needs it; then try again";
  if (/name .* is already in use/.test(said)) return "docker rename that container, or docker rm it";
  return "unsprawl doctor";
}

/** What the engine said, of an error that the client threw. */
export function engineMessage(error: unknown): string {
  const { json, reason } = error as { json?: { message?: unknown } | null; reason?: unknown };
  if (typeof json?.message === "string" && json.message !== "") return json.message;
  const [status, said] = [statusOf(error), error instanceof Error ? error.message : "unknown error"];
  if (status === null) return said;
  // What the client puts before an answer's text, if the answer has one: docker-modem `buildPayload`.
  const before = `(HTTP code ${status}) ${typeof reason === "string" ? reason : "unexpected"} - `;
  const text = (said.startsWith(before) ? said.slice(before.length) : said).trim();
  return text === "" ? `no reason, only the status ${status}` : text;
}
