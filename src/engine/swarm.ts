import type Docker from "dockerode";
import { UnsprawlError } from "../model/error.ts";
import { keyedDigest, type Fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { Secret } from "../model/secret.ts";
import type { Engine } from "./engine.ts";
import type { Healthcheck } from "./types.ts";
import type { JsonObject } from "../kit/json-object.ts";

/**
 * As in types.ts, only the parts that unsprawl reads; everything else is passed through. Source: Engine API v1.41 to
 * v1.45.
 */

/** How a Swarm secret or config is mounted. */
export type Mounted = JsonObject & {
  readonly SecretName?: string;
  readonly ConfigName?: string;
  readonly File?: { readonly Name: string; readonly UID: string; readonly GID: string; readonly Mode: number };
};

export type ContainerSpec = JsonObject & {
  readonly Image?: string;
  readonly Command?: readonly string[] | null;
  readonly Args?: readonly string[] | null;
  readonly Env?: readonly string[] | null;
  readonly Labels?: { readonly [key: string]: string } | null;
  readonly Healthcheck?: Healthcheck | null;
  readonly Secrets?: readonly Mounted[] | null;
  readonly Configs?: readonly Mounted[] | null;
};

export type TaskSpec = JsonObject & { readonly ContainerSpec?: ContainerSpec };

export type ServiceSpec = JsonObject & {
  readonly Name: string;
  readonly Labels?: { readonly [key: string]: string } | null;
  readonly TaskTemplate: TaskSpec;
  readonly Mode?: JsonObject;
};

export type ServiceDoc = JsonObject & {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: ServiceSpec;
  readonly PreviousSpec?: ServiceSpec | null;
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string; readonly StartedAt?: string } | null;
};

export type TaskDoc = JsonObject & {
  readonly ID: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly CreatedAt?: string;
  readonly Spec: TaskSpec;
  readonly DesiredState: string;
  readonly Status: {
    readonly State: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string } | null;
  };
};

/** `Data` is base64, and present only for configs: the engine never returns a secret's data. */
export type ObjectDoc = JsonObject & {
  readonly ID: string;
  readonly Spec: JsonObject & {
    readonly Name: string;
    readonly Labels?: { readonly [key: string]: string } | null;
    readonly Data?: string;
  };
};

export type ObjectKind = "secret" | "config";

/** The swarm that an engine manages. Throws like `Engine.call`. */
export type Swarm = {
  readonly nodes: number;
  services(): Promise<readonly ServiceDoc[]>;
  service(idOrName: string): Promise<ServiceDoc | null>;
  /** The tasks of one service, or of all, including finished ones in the swarm's history. */
  tasks(service?: string): Promise<readonly TaskDoc[]>;
  objects(kind: ObjectKind): Promise<readonly ObjectDoc[]>;
  /** How many finished tasks the swarm keeps per slot. */
  taskHistory(): Promise<number>;
  /** Replaces the whole spec. Throws `changed` if the service was modified since `doc` was read. */
  update(doc: ServiceDoc, spec: ServiceSpec): Promise<void>;
  /** Throws `conflict` if the name is taken. */
  create(kind: ObjectKind, name: string, labels: { readonly [key: string]: string }, data: Secret): Promise<void>;
  remove(kind: ObjectKind, id: string): Promise<void>;
};

/** The engine's swarm. Throws `refused` if the engine is not a swarm manager. */
export async function swarmOf(engine: Engine): Promise<Swarm> {
  const about = (await engine.info())["Swarm"] as { ControlAvailable?: boolean; Nodes?: number } | undefined;
  if (about?.ControlAvailable !== true)
    throw new UnsprawlError(
      "refused",
      `the engine at ${engine.connection.address} manages no swarm`,
      "set DOCKER_HOST to a manager; docker swarm init makes a swarm of this engine",
    );
  const ask = async <T>(what: string, act: (docker: Docker) => Promise<unknown>): Promise<T | null> =>
    (await engine.call(what, async () => act(await engine.docker()))) as T | null;
  const list = async <T>(what: string, act: (docker: Docker) => Promise<unknown>): Promise<readonly T[]> =>
    (await ask<readonly T[]>(what, act)) ?? [];
  return {
    nodes: about.Nodes ?? 1,
    services: () => list("list services", async (docker) => docker.listServices()),
    service: (id) => ask(`inspect service ${id}`, async (docker) => docker.getService(id).inspect()),
    tasks: (service) => {
      const filters = service === undefined ? {} : { filters: JSON.stringify({ service: [service] }) };
      return list("list tasks", async (docker) => docker.listTasks(filters));
    },
    objects: (kind) =>
      list(`list ${kind}s`, async (docker) => (kind === "secret" ? docker.listSecrets() : docker.listConfigs())),
    async taskHistory() {
      const swarm = await ask<{ Spec?: { Orchestration?: { TaskHistoryRetentionLimit?: number } } }>(
        "inspect swarm",
        async (docker) => docker.swarmInspect(),
      );
      return swarm?.Spec?.Orchestration?.TaskHistoryRetentionLimit ?? 5;
    },
    async update({ ID, Version, Spec }, spec) {
      // Keeps the service's registry credentials.
      const options = { _query: { version: Version.Index, registryAuthFrom: "spec" }, _body: spec };
      const answer = await ask(`update service ${Spec.Name}`, async (docker) => docker.getService(ID).update(options));
      if (answer === null)
        throw new UnsprawlError("changed", `the service ${Spec.Name} is gone`, "unsprawl plan again");
    },
    async create(kind, name, labels, data) {
      const body = { Name: name, Labels: { ...labels }, Data: data.expose().toString("base64") };
      await ask(`create ${kind} ${name}`, async (docker) =>
        kind === "secret" ? docker.createSecret(body) : docker.createConfig(body),
      );
    },
    async remove(kind, id) {
      await ask(`remove ${kind} ${id}`, async (docker) =>
        (kind === "secret" ? docker.getSecret(id) : docker.getConfig(id)).remove(),
      );
    },
  };
}

/** A variable in the spec of a service or task; null if it is not set. */
export function specVariable(spec: TaskSpec | undefined, name: string): string | null {
  const entry = spec?.ContainerSpec?.Env?.find((one) => one.startsWith(`${name}=`));
  return entry === undefined ? null : entry.slice(name.length + 1);
}

/** Keyed digest of a spec, independent of key order. */
export function specDigest(spec: ServiceSpec, key: FingerprintKey): Fingerprint {
  const sorted = (_name: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return keyedDigest(JSON.stringify(spec, sorted), key);
}

/** Whether a task has this spec rather than an earlier one. */
export function taskHasSpec({ Spec }: TaskDoc, spec: ServiceSpec): boolean {
  return JSON.stringify(Spec.ContainerSpec) === JSON.stringify(spec.TaskTemplate.ContainerSpec);
}
