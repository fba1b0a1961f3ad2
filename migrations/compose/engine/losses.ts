import type { ComposeConfig } from "./cli.ts";
import type { Settling } from "./matching-containers.ts";
import { acceptedLosses, lostLayer, lostPorts } from "../../../src/engine/recreate/losses.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

/** The containers of a service; `rewritten` are files that they write at each start. */
type PlannedContainers = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  readonly rewritten: readonly string[];
};

/** Warnings about what is lost when Compose recreates containers. Throws `refused` for losses that are not accepted. */
export async function lossWarnings(
  { engine, before: config }: Pick<Settling, "engine" | "before">,
  { service, docs, rewritten }: PlannedContainers,
  accept: ReadonlySet<string>,
): Promise<string[]> {
  const notes: string[] = [];
  const made = copiedIn(config, service);
  for (const doc of docs) {
    const layer = await lostLayer(engine, doc, "go with the old container, which Compose removes", { made, rewritten });
    // The files leave the choice to the engine, so every `up` may publish another port: that is no loss to accept.
    notes.push(...lostPorts(doc).map(({ text }) => `${text}, as at every docker compose up`));
    notes.push(...acceptedLosses(doc, layer.losses, accept), ...layer.notes);
  }
  return notes;
}

/**
 * Paths that Compose itself writes in the container's layer: configs and secrets with inline content or from a
 * variable. Default paths: Compose specification, 05-services.md, `configs` and `secrets`.
 */
function copiedIn({ services }: ComposeConfig, service: string): string[] {
  type Grant = { readonly source?: string; readonly target?: string };
  const of = (services?.[service] ?? {}) as {
    readonly configs?: readonly Grant[];
    readonly secrets?: readonly Grant[];
  };
  const place = ({ source = "", target = source }: Grant, folder: string): string =>
    target.startsWith("/") ? target : `${folder}/${target}`;
  return [
    ...(of.configs ?? []).map((one) => place(one, "")),
    ...(of.secrets ?? []).map((one) => place(one, "/run/secrets")),
  ];
}
