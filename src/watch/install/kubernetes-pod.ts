import { octal, PLACES, SECRETS, STATE, UID } from "./container.ts";
import type { InstallSettings } from "./model.ts";
import type { JsonObject } from "../../kit/json-object.ts";

export const NAMESPACE = "unsprawl";
/** The ConfigMap with the configuration and the Secret with the files that it names; both may be created later. */
export const OBJECT = "unsprawl";
/** The Secret with registry logins, as `docker login` stores them. */
export const LOGINS = "unsprawl-registries";

const LOGINS_AT = "/etc/unsprawl-registries";

type PodContainer = {
  readonly name: string;
  readonly words: readonly string[];
  /** If its state outlives the pod: under the pod's name, a lock that it left would belong to another host. */
  readonly host?: string;
  readonly env?: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
  readonly volumes: readonly JsonObject[];
  /** The group of the engine's socket, or the pod's group. */
  readonly gid?: number;
  readonly more?: JsonObject;
};

/** A pod of one container, under the restricted Pod Security Standard except for the volumes that it is given. */
export function podTemplate({ image, secrets }: InstallSettings, of: PodContainer): JsonObject {
  const gid = of.gid ?? UID;
  const named = secrets.length > 0;
  return {
    ...(of.host !== undefined && { hostname: of.host }),
    serviceAccountName: "unsprawl",
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: gid,
      fsGroup: gid,
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...of.more,
    containers: [
      {
        name: of.name,
        image,
        // Kubernetes would replace `$(NAME)`.
        args: of.words.map((word) => word.replaceAll("$(", "$$$$(")),
        env: [
          ...Object.entries({ ...PLACES, DOCKER_CONFIG: LOGINS_AT }).map(([name, value]) => ({ name, value })),
          ...(of.env ?? []),
        ],
        securityContext: CONFINED,
        resources: RESOURCES,
        volumeMounts: [
          ...of.mounts,
          { name: "state", mountPath: STATE },
          { name: "tmp", mountPath: "/tmp" },
          { name: "config", mountPath: "/etc/unsprawl", readOnly: true },
          { name: "registries", mountPath: LOGINS_AT, readOnly: true },
          ...(named ? [{ name: "secrets", mountPath: SECRETS, readOnly: true }] : []),
        ],
      },
    ],
    volumes: [
      ...of.volumes,
      { name: "tmp", emptyDir: {} },
      { name: "config", configMap: { name: OBJECT, optional: true } },
      { name: "registries", secret: { secretName: LOGINS, optional: true, defaultMode: octal(0o440) } },
      ...(named ? [{ name: "secrets", secret: { secretName: OBJECT, defaultMode: octal(0o440) } }] : []),
    ],
  };
}

export const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** A request, so that it is scheduled; a limit, so that it takes down no node. */
export const RESOURCES = { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "1Gi" } } as const;

/** What names an object, and what selects its pods. */
export const metadataOf = (name: string): JsonObject => ({ name, namespace: NAMESPACE, labels: labelsOf(name) });
export const labelsOf = (name: string): JsonObject => ({
  "app.kubernetes.io/name": "unsprawl",
  "app.kubernetes.io/component": name,
});
