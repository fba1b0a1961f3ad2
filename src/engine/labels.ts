import type { Engine } from "./engine.ts";
import type { ContainerDoc, ImageDoc } from "./types.ts";

type ContainerLabels = { readonly [key: string]: string };

/**
 * The labels that a container has and its image does not: whoever makes an image chooses its labels, and the container
 * inherits them. Without the image (null) none can be told apart, so none counts.
 */
export function ownLabels({ Config }: ContainerDoc, image: ImageDoc | null): ContainerLabels {
  if (image === null) return {};
  const theirs = image.Config?.Labels ?? {};
  return Object.fromEntries(Object.entries(Config.Labels ?? {}).filter(([key]) => !Object.hasOwn(theirs, key)));
}

/** Set by Compose on every container that it creates, and on no image that it builds: docker/compose `pkg/api/labels.go`. */
const BY_COMPOSE = ["config-hash", "project.config_files", "project.working_dir"];
const COMPOSE = "com.docker.compose.";

/**
 * Compose's labels of a container that Compose created, without their prefix; null for any other container, and where
 * the labels that its image brings are not known (null). Images that Compose builds carry the project and the service
 * too, so those count as soon as the rest is the container's own.
 */
export function composeLabels(labels: ContainerLabels, ofImage: ReadonlySet<string> | null): ContainerLabels | null {
  const isOwn = (key: string): boolean => ofImage?.has(key) === false && Boolean(labels[key]);
  if (!BY_COMPOSE.every((name) => isOwn(COMPOSE + name))) return null;
  const all = Object.entries(labels).filter(([key]) => key.startsWith(COMPOSE));
  const found = Object.fromEntries(all.map(([key, value]) => [key.slice(COMPOSE.length), value]));
  return found["project"] && found["service"] ? found : null;
}

/** The project that Compose, or a tool that labels as it does, created a container for; null for any other container. */
export function composeProject(doc: ContainerDoc, image: ImageDoc | null): string | null {
  return labelsByCompose(doc, image)?.["project"] ?? ownLabels(doc, image)[`${COMPOSE}project`] ?? null;
}

/** Compose's labels of a container that Compose created, without their prefix, with its image looked up; else null. */
export async function composeLabelsOf(engine: Engine, doc: ContainerDoc | null): Promise<ContainerLabels | null> {
  return doc === null ? null : labelsByCompose(doc, await engine.image(doc.Image));
}

function labelsByCompose({ Config }: ContainerDoc, image: ImageDoc | null): ContainerLabels | null {
  const theirs = image === null ? null : new Set(Object.keys(image.Config?.Labels ?? {}));
  return composeLabels(Config.Labels ?? {}, theirs);
}
