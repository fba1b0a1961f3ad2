import { expect, test } from "vitest";
import { remoteImage } from "../../../migrations/compose/engine/registry-image.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import { file, sha256, tar } from "../../images/layers/tar-bytes.ts";

// A registry in memory: an index of two platforms, each with a layer of its own.

const SIGNAL = new AbortController().signal;
const IMAGE = "application/vnd.oci.image.manifest.v1+json";

function registryOf(platforms: readonly string[]): { readonly registry: Registry; readonly streamed: string[] } {
  const blobs = new Map<string, Buffer>();
  const put = (bytes: Buffer, mediaType: string): { digest: string; size: number; mediaType: string } => {
    const digest = `sha256:${sha256(bytes)}`;
    blobs.set(digest, bytes);
    return { digest, size: bytes.length, mediaType };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const manifests = platforms.map((architecture) => {
    const config = put(
      json({ config: { Entrypoint: ["start.sh"], Env: ["PATH=/bin"], User: "app" } }),
      "application/vnd.oci.image.config.v1+json",
    );
    const layer = put(
      tar(file("bin/start.sh", `#!/bin/sh\nfile_env ${architecture.toUpperCase()}\n`)),
      "application/vnd.oci.image.layer.v1.tar",
    );
    const made = put(json({ config, layers: [layer] }), IMAGE);
    return { ...made, platform: { os: "linux", architecture } };
  });
  const index = json({ manifests });
  const streamed: string[] = [];
  const registry = {
    async manifest(_repository: string, reference: string) {
      const bytes = blobs.get(reference) ?? index;
      return { digest: reference, mediaType: IMAGE, bytes, document: JSON.parse(bytes.toString()) as object };
    },
    json: async (_repository: string, { digest }: { digest: string }) =>
      JSON.parse(blobs.get(digest)?.toString() ?? "") as object,
    async *blob(_repository: string, { digest }: { digest: string }) {
      streamed.push(digest);
      yield blobs.get(digest) ?? Buffer.alloc(0);
    },
  } as unknown as Registry;
  return { registry, streamed };
}

test("the configuration and the entrypoint of the engine's own platform; layers come when a file is asked for", async () => {
  const { registry, streamed } = registryOf(["arm64", "amd64"]);
  const { image, files } = await remoteImage(async () => registry, "team.example/app:1", "x86_64", SIGNAL);
  expect(image.Config).toMatchObject({ Entrypoint: ["start.sh"], User: "app" });
  expect(streamed).toEqual([]);
  expect((await files()).readFile("/bin/start.sh")?.toString()).toContain("file_env AMD64");
  expect(streamed).toHaveLength(1);
});

test("an image that is not made for the engine's platform, and a name that is none, are absent", async () => {
  const { registry } = registryOf(["arm64"]);
  const open = async (): Promise<Registry> => registry;
  await expect(remoteImage(open, "team.example/app:1", "x86_64", SIGNAL)).rejects.toMatchObject({ code: "absent" });
  await expect(remoteImage(open, "team.example", "x86_64", SIGNAL)).rejects.toMatchObject({ code: "absent" });
});
