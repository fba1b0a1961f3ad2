import type { ComposeConfig } from "./cli.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { acceptedLosses, lostLayer, lostPorts } from "../../../src/engine/losses.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";

/** What Compose does not keep of a container when it makes it anew. Throws `refused` for what is not accepted. */
export async function losses(
  engine: Engine,
  docs: readonly ContainerDoc[],
  config: ComposeConfig,
  service: string,
  accept: ReadonlySet<string>,
): Promise<string[]> {
  const notes: string[] = [];
  const made = copiedIn(config, service);
  for (const doc of docs) {
    const layer = await lostLayer(engine, doc, "go with the old container, which Compose removes", made);
    notes.push(...acceptedLosses(doc, [...lostPorts(doc), ...layer.losses], accept), ...layer.notes);
  }
  return notes;
}

/**
 * Where Compose itself writes into the layer: configs and secrets whose content stands in the file or a variable. Their
 * default places: Compose specification, 05-services.md, `configs` and `secrets`.
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
