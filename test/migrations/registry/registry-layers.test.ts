import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Registry } from "../../../src/images/registry/client.ts";
import { file } from "../../images/layers/tar-bytes.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { startGate, type Gate } from "../../support/gate.ts";
import { bytesOf, clientOf, forever, OCI, put, sha256 } from "../../support/pushed.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

let server: TestRegistry;
let registry: Registry;
let gate: Gate;
let world: World;

beforeAll(async () => {
  server = await startRegistry();
  registry = clientOf(server);
  gate = await startGate(server.host, () => false);
  world = makeWorld("unix:///nobody");
});
afterAll(async () => {
  registry?.close();
  world?.remove();
  await gate?.stop();
  await server?.stop();
});

const end = Buffer.alloc(1024);
const { DB_PASSWORD = "" } = twelveSecrets();

/** Pushes an image of these layers, as they are or packed. */
async function push(repository: string, tars: readonly Buffer[], pack: (tar: Buffer) => Buffer): Promise<void> {
  const config = bytesOf({ architecture: "amd64", os: "linux", config: {}, rootfs: { diff_ids: tars.map(sha256) } });
  const layers = tars.map(pack);
  for (const blob of [config, ...layers]) await registry.putBlob(repository, blob, forever);
  const named = (mediaType: string, bytes: Buffer): object => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI.manifest,
    config: named(OCI.config, config),
    layers: layers.map((bytes) => named(OCI.layer, bytes)),
  };
  await put(registry, repository, ["1"], bytesOf(manifest));
}

it("the files of images are streamed, each layer once, and what a later layer takes away is told", async () => {
  const base = Buffer.concat([file("app/.env", `DB_PASSWORD=${DB_PASSWORD}\n`), end]);
  const above = Buffer.concat([file("app/.wh..env", ""), end]);
  await push("team/one", [base, above], gzipSync);
  await push("team/two", [base], gzipSync);
  await push("team/three", [base], zstdCompressSync);
  gate.seen.length = 0;
  const ran = await world.unsprawl(["scan", `registry:${gate.host}/team/*`, "--layers", "--json"]);
  expect(ran.code, ran.stderr).toBe(3);
  expect(ran.stdout + ran.stderr).not.toContain(DB_PASSWORD);
  const { findings } = JSON.parse(ran.stdout) as { findings: { location: { subjectName: string; path: string } }[] };
  expect(findings.map(({ location }) => `${location.subjectName.split("/").at(-1)} ${location.path}`).sort()).toEqual([
    "one:1 /app/.env line 1, layer 1 of 2, deleted in layer 2",
    "three:1 /app/.env line 1, layer 1 of 1",
    "two:1 /app/.env line 1, layer 1 of 1",
  ]);
  // One tar in two packings: whichever image is read first, the layer is fetched in that packing alone.
  const packings = [gzipSync(base), zstdCompressSync(base)].map((blob) => `blobs/${sha256(blob)}`);
  const fetched = gate.lines().filter((line) => line.startsWith("GET") && packings.some((blob) => line.includes(blob)));
  expect(fetched).toHaveLength(1);
});

it("without being asked no layer is fetched", async () => {
  const lone = Buffer.concat([file("a.txt", "nothing"), end]);
  await push("other/one", [lone], gzipSync);
  gate.seen.length = 0;
  const quiet = await world.unsprawl(["scan", `registry:${gate.host}/other/one:1`]);
  expect(quiet.code, quiet.stderr).toBe(0);
  const layer = sha256(gzipSync(lone));
  expect(gate.lines().some((line) => line.includes(layer))).toBe(false);
});
