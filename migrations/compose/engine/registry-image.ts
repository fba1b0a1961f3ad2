import type { ImageDoc } from "../../../src/engine/types.ts";
import {
  readLayerFiles,
  startFiles,
  type LayerFiles,
  type StartFiles,
} from "../../../src/images/layers/image-files.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import { descriptorsIn, manifestKind, open } from "../../../src/images/registry/kinds.ts";
import { parseReference } from "../../../src/images/registry/reference.ts";
import { UnsprawlError } from "../../../src/model/error.ts";

/** An image that nobody has pulled: how it starts, and the files by which it does. */
export type RemoteImage = { readonly image: ImageDoc; readonly files: () => Promise<StartFiles> };

/**
 * An image in its registry: the configuration is read, its layers are streamed when a file is asked for, and nothing is
 * pulled. Throws what the registry says; `absent` for a platform that the image is not made for.
 */
export async function remoteImage(
  openRegistry: (host: string) => Promise<Registry>,
  name: string,
  architecture: string,
  signal: AbortSignal,
): Promise<RemoteImage> {
  const { host, repository, digest, tag } = parseReference(name);
  if (repository === null) throw absent(name);
  const registry = await openRegistry(host);
  let manifest = await registry.manifest(repository, digest ?? tag ?? "latest", signal);
  if (manifestKind(manifest) === "index") {
    const platform = `linux/${ARCHITECTURES[architecture] ?? architecture}`;
    const own = descriptorsIn(manifest.document["manifests"]).find((one) =>
      `${one?.platform ?? ""}/`.startsWith(`${platform}/`),
    );
    if (!own) throw absent(`${name} for ${platform}`);
    manifest = await registry.manifest(repository, own.digest, signal);
  }
  const [config] = descriptorsIn([manifest.document["config"]]);
  if (manifestKind(manifest) !== "image" || !config) throw absent(name);
  const document = open(await registry.json(repository, config, signal));
  return {
    image: { Id: config.digest, Config: open(document["config"]) },
    files: async () => {
      const layers: LayerFiles[] = [];
      for (const layer of descriptorsIn(manifest.document["layers"])) {
        if (layer === null) throw new UnsprawlError("malformed", `${name} has a layer that cannot be read`);
        layers.push(await readLayerFiles(registry.blob(repository, layer, signal)));
      }
      return startFiles(layers);
    },
  };
}

/** What the engine calls architectures, by the names that images have for them. Source: uname(2), Go's GOARCH. */
const ARCHITECTURES: { readonly [machine: string]: string } = {
  ...{ x86_64: "amd64", aarch64: "arm64", armv7l: "arm", i686: "386" },
};

const absent = (what: string): UnsprawlError => new UnsprawlError("absent", `no registry has ${what}`);
