import type { Engine } from "./engine.ts";
import type { ContainerDoc, ImageDoc } from "./types.ts";

type ContainerLabels = { readonly [key: string]: string };

/**
 * The container's labels that its image does not have: anyone who builds an image chooses its labels, and containers
 * inherit them. Without the image (null) none can be identified, so none is returned.
 */
export function ownLabels({ Config }: ContainerDoc, image: ImageDoc | null): ContainerLabels {
  if (image === null) return {};
  const theirs = image.Config?.Labels ?? {};
  return Object.fromEntries(Object.entries(Config.Labels ?? {}).filter(([key]) => !Object.hasOwn(theirs, key)));
}

/** Compose sets these on every container it creates, and on no image it builds: docker/compose `pkg/api/labels.go`. */
const BY_COMPOSE = ["config-hash", "project.config_files", "project.working_dir"];
const COMPOSE = "com.docker.compose.";

/**
 * Compose's labels, without their prefix, of a container that Compose created. Null for any other container, or if the
 * image's labels are unknown (`ofImage` null). Images built by Compose also have project and service labels, so these
 * count once the other labels are the container's own.
 */
export function composeLabels(labels: ContainerLabels, ofImage: ReadonlySet<string> | null): ContainerLabels | null {
  const isOwn = (key: string): boolean => ofImage?.has(key) === false && Boolean(labels[key]);
  if (!BY_COMPOSE.every((name) => isOwn(COMPOSE + name))) return null;
  const all = Object.entries(labels).filter(([key]) => key.startsWith(COMPOSE));
  const found = Object.fromEntries(all.map(([key, value]) => [key.slice(COMPOSE.length), value]));
  return found["project"] && found["service"] ? found : null;
}

/**
 * The project of a container created by Compose, or by a tool that sets the same label; null for any other container.
 */
export function composeProject(doc: ContainerDoc, image: ImageDoc | null): string | null {
  return labelsByCompose(doc, image)?.["project"] ?? ownLabels(doc, image)[`${COMPOSE}project`] ?? null;
}

/** The same as `composeLabels`, looking up the image; null if the container is null. */
export async function composeLabelsOf(engine: Engine, doc: ContainerDoc | null): Promise<ContainerLabels | null> {
  return doc === null ? null : labelsByCompose(doc, await engine.image(doc.Image));
}

function labelsByCompose({ Config }: ContainerDoc, image: ImageDoc | null): ContainerLabels | null {
  const theirs = image === null ? null : new Set(Object.keys(image.Config?.Labels ?? {}));
  return composeLabels(Config.Labels ?? {}, theirs);
}
