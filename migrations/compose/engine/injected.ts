import { posix } from "node:path";
import type { ComposeConfig } from "./cli.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { replicaNumber } from "../find.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** Files in a service's containers as tar archives, by replica number and path. */
export type Injected = ReadonlyMap<number, ReadonlyMap<string, Buffer>>;

/**
 * What Compose wrote into the containers of a service: configs and secrets with inline content or from a variable.
 * Compose writes them when it starts a container, so they are copied from the old container to the new one. Kept in
 * memory only. Skips files that are gone or larger than any config may be.
 */
export async function injectedIn(
  engine: Engine,
  config: ComposeConfig,
  service: string,
  docs: readonly ContainerDoc[],
): Promise<Injected> {
  const places = placesOf(config, service);
  const found = new Map<number, ReadonlyMap<string, Buffer>>();
  for (const doc of places.length === 0 ? [] : docs) {
    const files = new Map<string, Buffer>();
    for (const path of places.filter((one) => !isMounted(doc, one))) {
      const client = (await engine.docker()).getContainer(doc.Id);
      const stream = await engine.call(`read ${path}`, () => client.getArchive({ path }));
      const archive = stream === null ? null : await whole(stream);
      if (archive !== null) files.set(path, archive);
    }
    found.set(replicaNumber(doc), files);
  }
  return found;
}

/** Writes the files into containers that have not been started, except where something is mounted. */
export async function writeInjected(engine: Engine, files: Injected, docs: readonly ContainerDoc[]): Promise<void> {
  for (const doc of docs) {
    if (doc.State.Status !== "created") continue;
    const client = (await engine.docker()).getContainer(doc.Id);
    for (const [path, archive] of files.get(replicaNumber(doc)) ?? [])
      if (!isMounted(doc, path))
        await engine.call(`write ${path}`, async () => client.putArchive(archive, { path: posix.dirname(path) }));
  }
}

/** Including default paths: Compose specification, 05-services.md, `configs` and `secrets`. */
function placesOf(config: ComposeConfig, service: string): string[] {
  type Grant = { readonly source?: string; readonly target?: string };
  const of = config.services[service] ?? {};
  const places = (kind: "configs" | "secrets", folder: string): string[] =>
    ((of[kind] ?? []) as readonly Grant[]).flatMap(({ source = "", target = source }) => {
      const from = ((config[kind] ?? {}) as { readonly [name: string]: JsonObject | null })[source] ?? {};
      if (from["content"] === undefined && from["environment"] === undefined) return [];
      return [posix.normalize(target.startsWith("/") ? target : `${folder}/${target}`)];
    });
  return [...places("configs", ""), ...places("secrets", "/run/secrets")].filter((path) => path !== "/");
}

const isMounted = ({ Mounts }: ContainerDoc, path: string): boolean =>
  (Mounts ?? []).some(({ Destination }) => path === Destination || path.startsWith(`${Destination}/`));

async function whole(stream: NodeJS.ReadableStream): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    if ((size += chunk.length) > MOST_BYTES) return null;
  }
  return Buffer.concat(chunks);
}

const MOST_BYTES = 4 * 1024 * 1024;
