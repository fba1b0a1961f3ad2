import { keyedDigest, type FingerprintKey } from "../model/fingerprint.ts";
import type { Engine } from "./engine.ts";
import type { ImageDoc } from "./types.ts";

/** A service whose file repeats what its image runs, and a digest of that. */
type RepeatedService = { readonly project: string; readonly service: string; readonly words: string };

/** A keyed digest of what an image runs by itself. */
export function imageWords({ Config }: ImageDoc, key: FingerprintKey): string {
  const words = [Config?.Entrypoint, Config?.Cmd, Config?.Healthcheck?.Test].map((list) => list ?? []);
  return keyedDigest(JSON.stringify(words), key);
}

/** Those whose image, by the name that their containers have it by, runs something else by now; with that name. */
export async function withOtherImage<T extends RepeatedService>(
  engine: Engine,
  all: readonly T[],
  key: FingerprintKey,
): Promise<readonly (T & { readonly image: string })[]> {
  const listed = await engine.containers();
  const found: (T & { readonly image: string })[] = [];
  for (const one of all) {
    const container = listed.find(
      ({ Labels = {} }) =>
        Labels["com.docker.compose.project"] === one.project && Labels["com.docker.compose.service"] === one.service,
    );
    const name = container === undefined ? undefined : (await engine.container(container.Id))?.Config.Image;
    const image = name === undefined ? null : await engine.image(name);
    if (name !== undefined && image !== null && imageWords(image, key) !== one.words)
      found.push({ ...one, image: name });
  }
  return found;
}
