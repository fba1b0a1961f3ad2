import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { cronOf } from "./calendar.ts";
import { SECRETS, SOCKET, STATE, UID, yaml } from "./container.ts";
import { CONFINED, labelsOf, LOGINS, metadataOf, NAMESPACE, OBJECT, podTemplate, RESOURCES } from "./kubernetes-pod.ts";
import { watchWords, type WatchInstallation, type InstallSettings } from "./model.ts";
import type { JsonObject } from "../../kit/json-object.ts";

const FILE = "unsprawl-kubernetes.yaml";

/**
 * Engines are watched on each node that has one (DaemonSet), registries from anywhere (CronJob); the fleet has its
 * server and its workers. Throws `usage` for a schedule that a CronJob cannot express.
 */
export function kubernetesManifests(settings: InstallSettings): WatchInstallation {
  const { watching, fleet, config } = settings;
  const { engines } = settings;
  const registries = watching.sources.filter((source) => !engines.includes(source));
  const objects = [
    namespace(engines.length > 0),
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "unsprawl", namespace: NAMESPACE },
      automountServiceAccountToken: false,
    },
    ...(fleet && config === null ? [fleetConfig()] : []),
    ...(fleet ? [fleetServer(settings), fleetWorkers(settings)] : []),
    ...(engines.length > 0 ? [nodes(settings, engines)] : []),
    ...(registries.length > 0 ? [claim(), registryJob(settings, registries)] : []),
  ];
  return {
    files: [{ path: FILE, text: objects.map((one) => yaml(one)).join("---\n") }],
    next: ([path = FILE]) => nextCommands(settings, path, engines.length > 0, registries.length > 0),
    notes: [
      ...settings.secrets.map(({ name }) => `in the configuration, ${name} is the file ${SECRETS}/${name}`),
      ...(engines.length > 0
        ? [
            `the DaemonSet is for nodes labelled container-engine=docker, whose engine listens on ${settings.socket ?? SOCKET}; containerd alone is no such engine`,
          ]
        : []),
    ],
  };
}

function namespace(engines: boolean): JsonObject {
  // The stricter levels forbid folders and sockets of the node.
  const level = engines ? "privileged" : "restricted";
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": level } },
  };
}

function nodes(settings: InstallSettings, sources: readonly string[]): JsonObject {
  const gid = settings.group === null ? UID : Number(settings.group);
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: metadataOf("watch"),
    spec: {
      selector: { matchLabels: labelsOf("watch") },
      template: {
        metadata: { labels: labelsOf("watch") },
        spec: podTemplate(settings, {
          name: "watch",
          words: watchWords({ ...settings.watching, sources, once: false }),
          host: "watch",
          // Changes are reported under the node's name.
          env: [{ name: "UNSPRAWL_HOST", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
          gid,
          mounts: [{ name: "socket", mountPath: SOCKET, readOnly: true }],
          volumes: [
            { name: "socket", hostPath: { path: settings.socket ?? SOCKET, type: "Socket" } },
            { name: "state", hostPath: { path: STATE, type: "DirectoryOrCreate" } },
          ],
          more: {
            nodeSelector: { "container-engine": "docker" },
            initContainers: [ownState(settings, gid)],
          },
        }),
      },
    },
  };
}

/** The node's folder belongs to root until it is given to the watch's user. */
function ownState({ image }: InstallSettings, gid: number): JsonObject {
  return {
    name: "own-state",
    image,
    command: ["node", "-e", `fs.chownSync("${STATE}", ${UID}, ${gid})`],
    securityContext: {
      ...CONFINED,
      runAsNonRoot: false,
      runAsUser: 0,
      capabilities: { drop: ["ALL"], add: ["CHOWN"] },
    },
    resources: RESOURCES,
    volumeMounts: [{ name: "state", mountPath: STATE }],
  };
}

function claim(): JsonObject {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metadataOf("registries"),
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

function registryJob(settings: InstallSettings, sources: readonly string[]): JsonObject {
  const spec = podTemplate(settings, {
    name: "watch",
    // Findings are reported, and are no reason to restart.
    words: [...watchWords({ ...settings.watching, sources, once: true }), "--fail-on", "never"],
    host: "registries",
    mounts: [],
    volumes: [{ name: "state", persistentVolumeClaim: { claimName: "registries" } }],
    more: { restartPolicy: "Never" },
  });
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: metadataOf("registries"),
    spec: {
      schedule: schedule(settings),
      // Two at once would query the registry twice.
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: { spec: { backoffLimit: 2, template: { metadata: { labels: labelsOf("registries") }, spec } } },
    },
  };
}

function schedule({ watching: { every, cron } }: InstallSettings): string {
  if (cron !== null) return cron;
  const found = cronOf(parseDuration(every ?? "15m", "--every"));
  if (found !== null) return found;
  throw new UnsprawlError(
    "usage",
    `--every ${every ?? ""} does not divide an hour or a day, so a CronJob cannot express it`,
    'such as --every 15m, or --cron "0 3 * * *"',
  );
}

/** One server: it schedules the work. What it knows is in the database. */
const fleetServer = (settings: InstallSettings): JsonObject => deployment(settings, "serve", 1);

/** Any number: each takes what no other has taken. */
const fleetWorkers = (settings: InstallSettings): JsonObject => deployment(settings, "worker", 2);

function deployment(settings: InstallSettings, role: "serve" | "worker", replicas: number): JsonObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(role),
    spec: {
      replicas,
      selector: { matchLabels: labelsOf(role) },
      template: {
        metadata: { labels: labelsOf(role) },
        spec: podTemplate(settings, {
          name: role,
          words: ["fleet", role],
          mounts: [],
          volumes: [{ name: "state", emptyDir: {} }],
        }),
      },
    },
  };
}

function fleetConfig(): JsonObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: OBJECT, namespace: NAMESPACE },
    data: { "config.yaml": yaml({ fleet: { database: { urlFile: `${SECRETS}/database.url` } } }) },
  };
}

function nextCommands(
  { secrets, config, fleet }: InstallSettings,
  path: string,
  engines: boolean,
  registries: boolean,
): string[] {
  const create = cmd`kubectl -n ${NAMESPACE} create`;
  const files = secrets.map(({ name, file }) => cmd` --from-file=${name}=${file}`).join("");
  return [
    ...(engines ? ["kubectl label node NODE container-engine=docker"] : []),
    cmd`kubectl apply -f ${path}`,
    ...(secrets.length > 0 ? [`${create} secret generic ${OBJECT}${files}`] : []),
    ...(config === null ? [] : [cmd`${bare(create)} configmap ${OBJECT} --from-file=config.yaml=${config}`]),
    ...(registries || fleet
      ? [`${create} secret generic ${LOGINS} --from-file=config.json=FILE  # for private registries`]
      : []),
  ];
}
