import { basename, dirname } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { composeLabels } from "../../engine/labels.ts";
import type { EngineRecord } from "./record.ts";

/**
 * The kinds of consumer: `container:NAME`, `compose:PROJECT/SERVICE`, `swarm:SERVICE` on this host's engine, `id:ID` for
 * one container by full id, or `pod:NAMESPACE/CONTAINER` in Kubernetes.
 */
const FORMS: { readonly [kind: string]: RegExp } = {
  container: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
  compose: /^[a-z0-9][a-z0-9_-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/,
  swarm: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
  id: /^[0-9a-f]{64}$/,
  // Labels of RFC 1123 (Kubernetes, "Object Names and IDs").
  pod: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
};

/** `KIND:NAME`; null if the name is not valid for that kind. */
function consumerOf(kind: string, name: string): string | null {
  const form = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  return form?.test(name) === true ? `${kind}:${name}` : null;
}

/** Parses a consumer as a person types it; a bare name means a container. Throws `usage`. */
export function parseConsumer(text: string): string {
  const at = text.indexOf(":");
  const found = at < 0 ? consumerOf("container", text) : consumerOf(text.slice(0, at), text.slice(at + 1));
  if (found !== null) return found;
  throw new UnsprawlError(
    "usage",
    `not a consumer: ${JSON.stringify(text)}`,
    "container:NAME, compose:PROJECT/SERVICE, swarm:SERVICE, id:FULL-ID or pod:NAMESPACE/CONTAINER",
  );
}

/**
 * All consumers that the container with this id is, according to the engine's own record; without a record (null), only
 * its id. Labels inherited from the image do not count: they do not show who created the container.
 */
export function consumersOf(record: EngineRecord | null, id: string): readonly string[] {
  const compose = record === null ? null : composeLabels(record.labels, record.image);
  const service = record?.managed === true ? record.labels["com.docker.swarm.service.name"] : undefined;
  return [
    consumerOf("container", record?.name ?? ""),
    consumerOf("compose", compose === null ? "" : `${compose["project"]}/${compose["service"]}`),
    consumerOf("swarm", service ?? ""),
    consumerOf("id", id),
  ].filter((one) => one !== null);
}

/** Whether the consumer is a container of Kubernetes pods, which containerd starts and no engine knows. */
export const isOfPods = (consumer: string): boolean => consumer.startsWith("pod:");

/**
 * The same for a container of a Kubernetes pod, by what containerd's CRI says in its bundle: these annotations are set last,
 * so a pod's author cannot set them (containerd `pkg/cri/annotations`). None outside of the CRI's own namespace of containerd.
 */
export function podConsumersOf(bundle: string, annotations: { readonly [key: string]: unknown }): readonly string[] {
  const [space, name] = ["sandbox-namespace", "container-name"].map((one) => annotations[`io.kubernetes.cri.${one}`]);
  const isApplication = annotations["io.kubernetes.cri.container-type"] === "container";
  if (basename(dirname(bundle)) !== "k8s.io" || !isApplication) return [];
  return [consumerOf("pod", `${String(space)}/${String(name)}`)].filter((one) => one !== null);
}
