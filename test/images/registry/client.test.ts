import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Registry } from "../../../src/images/registry/client.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { bytesOf, clientOf, forever, OCI, pushImage, sha256 } from "../../support/pushed.ts";

async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of of) found.push(one);
  return found;
}

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe.each([undefined, "htpasswd", "token"] as const)("a real registry, login: %s", (auth) => {
  let server: TestRegistry;
  let registry: Registry;
  const layer = Buffer.from("a layer's bytes ".repeat(9000));

  beforeAll(async () => {
    server = await startRegistry(auth ? { auth } : {});
    registry = clientOf(server);
  });
  afterAll(async () => {
    registry?.close();
    await server?.stop();
  });

  it("pushes and reads back blobs, streamed or whole, and manifests by tag and digest", async () => {
    const { digest, config } = await pushImage(registry, "team/app", ["1.0", "latest"], { config: { Env: ["A=1"] } });
    expect(await registry.resolve("team/app", "1.0", forever)).toBe(digest);
    const byTag = await registry.manifest("team/app", "latest", forever);
    const byDigest = await registry.manifest("team/app", digest, forever);
    expect(byTag).toEqual(byDigest);
    expect(byTag).toMatchObject({ digest, mediaType: OCI.manifest, document: { schemaVersion: 2, config } });
    expect(await registry.json("team/app", config, forever)).toMatchObject({ config: { Env: ["A=1"] } });

    const streamed = await registry.putBlob("team/app", inPieces(layer, 10_007), forever);
    expect(streamed).toBe(sha256(layer));
    const descriptor = { digest: streamed, size: layer.length, mediaType: OCI.layer };
    expect(Buffer.concat(await all(registry.blob("team/app", descriptor, forever)))).toEqual(layer);
  });

  it("takes a blob over from another repository, and says what is there", async () => {
    const digest = await registry.putBlob("team/app", layer, forever);
    expect(await registry.exists("team/taken", digest, forever)).toBe(false);
    const before = registry.bytesRead;
    await registry.putBlob("team/taken", new Uint8Array(), forever, { repository: "team/app", digest });
    expect(await registry.exists("team/taken", digest, forever)).toBe(true);
    expect(registry.bytesRead - before).toBeLessThan(10_000);
  });

  it("lists tags and repositories", async () => {
    await pushImage(registry, "lists/b", ["z", "a-1", "v1.2"], {});
    await pushImage(registry, "lists/a", ["x"], {});
    expect((await all(registry.tags("lists/b", forever))).sort()).toEqual(["a-1", "v1.2", "z"]);
    expect((await all(registry.repositories(forever))).filter((name) => name.startsWith("lists/"))).toEqual([
      "lists/a",
      "lists/b",
    ]);
  });

  it("tells absent apart, and a blob that is not what its descriptor says", async () => {
    await expect(registry.manifest("team/nothing", "1", forever)).rejects.toMatchObject({ code: "absent" });
    await expect(registry.manifest("team/app", sha256(Buffer.of(1)), forever)).rejects.toMatchObject({
      code: "absent",
    });
    const digest = await registry.putBlob("team/app", bytesOf({ a: 1 }), forever);
    for (const size of [3, 8]) {
      const wrong = { digest, size, mediaType: OCI.config };
      await expect(registry.json("team/app", wrong, forever)).rejects.toMatchObject({ code: "malformed" });
      await expect(all(registry.blob("team/app", wrong, forever))).rejects.toMatchObject({ code: "malformed" });
    }
  });

  it("deletes a manifest with its tags", async () => {
    const { digest } = await pushImage(registry, "team/gone", ["1", "2"], { config: { Env: ["GONE=1"] } });
    expect(await registry.deleteManifest("team/gone", digest, forever)).toBe(true);
    await expect(registry.manifest("team/gone", "1", forever)).rejects.toMatchObject({ code: "absent" });
  });

  it("stops at once when it is called off", async () => {
    const called = new AbortController();
    called.abort();
    await expect(registry.manifest("team/app", "1.0", called.signal)).rejects.toThrow(/abort/i);
  });

  it.each(["../x", "a//b", "UP", "a/../b", "a b", "a?x=1", "", "a%2fb", "x".repeat(256)])(
    "sends nothing for a repository called %j",
    async (name) => {
      const before = registry.requests;
      await expect(registry.manifest(name, "1", forever)).rejects.toMatchObject({ code: "usage" });
      expect(registry.requests).toBe(before);
    },
  );
});

it("says false where a registry deletes nothing", async () => {
  const server = await startRegistry({ deletes: false });
  try {
    const registry = clientOf(server);
    const { digest } = await pushImage(registry, "kept", ["1"], {});
    expect(await registry.deleteManifest("kept", digest, forever)).toBe(false);
    expect((await registry.manifest("kept", "1", forever)).digest).toBe(digest);
  } finally {
    await server.stop();
  }
});
