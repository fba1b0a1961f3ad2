import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRegistry, type Registry } from "../../src/images/registry/client.ts";
import type { Descriptor } from "../../src/images/registry/digest.ts";
import type { HostFolders } from "../../src/images/registry/hosts.ts";
import type { TestRegistry } from "../services/registry.ts";
import { atFileEnd } from "./file-end.ts";

export const OCI = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** Never aborted. */
export const forever = new AbortController().signal;

/** No certificates, no daemon.json. */
export const NO_FOLDERS: HostFolders = { certificates: "/nowhere", daemons: [] };

/** A folder with a `config.json` that holds this registry's login, as DOCKER_CONFIG names it. */
export function dockerConfig(registry: TestRegistry, content?: object): string {
  const dir = folder("docker-config");
  const auth = Buffer.from(`${registry.username}:${registry.password}`).toString("base64");
  writeFileSync(join(dir, "config.json"), JSON.stringify(content ?? { auths: { [registry.host]: { auth } } }), {
    mode: 0o600,
  });
  return dir;
}

/** A client with the registry's login and nothing else of this machine's. */
export function clientOf(registry: TestRegistry): Registry {
  return clientAt(registry.host, { DOCKER_CONFIG: dockerConfig(registry) });
}

/** A client with nothing of this machine's but what is given. */
export function clientAt(
  host: string,
  more: { readonly [name: string]: string } = {},
  folders: HostFolders = NO_FOLDERS,
): Registry {
  return openRegistry(host, {
    env: { HOME: folder("home"), PATH: process.env["PATH"], ...more },
    know: () => undefined,
    folders,
  });
}

/** An empty folder until the test file that runs now has ended. */
function folder(name: string): string {
  const made = mkdtempSync(join(tmpdir(), `unsprawl-${name}-`));
  atFileEnd(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export const bytesOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));

export type Pushed = { readonly digest: string; readonly size: number; readonly config: Descriptor };

/** Pushes an image: its config as given, and one layer. Gives its manifest's digest. */
export async function pushImage(
  registry: Registry,
  repository: string,
  tags: readonly string[],
  config: object,
  more: {
    readonly annotations?: object;
    readonly layer?: Uint8Array;
    /** The layer is in the repository already. */
    readonly uploaded?: boolean;
    readonly manifest?: object;
  } = {},
): Promise<Pushed> {
  const layer = more.layer ?? Buffer.alloc(1024);
  const document = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [sha256(layer)] },
    ...config,
  };
  const bytes = bytesOf(document);
  const [digest] = await Promise.all([
    registry.putBlob(repository, bytes, forever),
    more.uploaded ? "" : registry.putBlob(repository, layer, forever),
  ]);
  const described = { mediaType: OCI.config, digest, size: bytes.length };
  const manifest = bytesOf({
    schemaVersion: 2,
    mediaType: OCI.manifest,
    config: described,
    layers: [{ mediaType: OCI.layer, digest: sha256(layer), size: layer.length }],
    ...(more.annotations ? { annotations: more.annotations } : {}),
    ...more.manifest,
  });
  return { ...(await put(registry, repository, tags, manifest)), config: described };
}

/** Pushes a manifest under tags, or under its digest alone. */
export async function put(
  registry: Registry,
  repository: string,
  tags: readonly string[],
  manifest: Buffer,
): Promise<{ readonly digest: string; readonly size: number }> {
  const { mediaType = OCI.manifest } = JSON.parse(manifest.toString("utf8")) as { mediaType?: string };
  const digest = sha256(manifest);
  for (const reference of tags.length === 0 ? [digest] : tags)
    await registry.putManifest(repository, reference, mediaType, manifest, forever);
  return { digest, size: manifest.length };
}
