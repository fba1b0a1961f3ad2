/**
 * An image's labels make its container no Compose service, however the image's documents are written: the OCI runtime
 * reads all of them, or counts no label.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { consumersOf } from "../../src/delivery/runtime/consumer.ts";
import { engineRecord } from "../../src/delivery/runtime/record.ts";
import { file, tar } from "../images/layers/tar-bytes.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";

const COMPOSE = {
  "com.docker.compose.project": "payroll",
  "com.docker.compose.service": "app",
  "com.docker.compose.config-hash": "0".repeat(64),
  "com.docker.compose.project.config_files": "/srv/payroll/compose.yaml",
  "com.docker.compose.project.working_dir": "/srv/payroll",
};
const SERVICE = "compose:payroll/app";

/** Blobs by path, and ways to add documents to them. */
class Blobs {
  readonly files = new Map<string, Buffer>();

  put(content: string | Buffer, mediaType: string, algorithm = "sha256"): Descriptor {
    const bytes = Buffer.from(content as string);
    const hex = createHash(algorithm).update(bytes).digest("hex");
    this.files.set(`blobs/${algorithm}/${hex}`, bytes);
    return { mediaType, digest: `${algorithm}:${hex}`, size: bytes.length };
  }

  manifest(config: object, layers: readonly object[], more: object = {}): Descriptor {
    return this.put(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers, ...more }), MANIFEST);
  }

  index(manifests: readonly object[]): Descriptor {
    return this.put(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }), INDEX);
  }
}

type Descriptor = { readonly mediaType: string; readonly digest: string; readonly size: number };

const OCI = "application/vnd.oci.image";
const [INDEX, MANIFEST, CONFIG] = [`${OCI}.index.v1+json`, `${OCI}.manifest.v1+json`, `${OCI}.config.v1+json`];

type Rootfs = { readonly layers: readonly Descriptor[]; readonly diffIds: readonly string[] };

const configText = ({ diffIds }: Rootfs, config: object, platform = "amd64"): string =>
  JSON.stringify({ architecture: platform, os: "linux", rootfs: { type: "layers", diff_ids: diffIds }, config });

/** The configuration with the labels; each writes them so that a plain `JSON.parse` sees none. */
const HIDDEN: { readonly [how: string]: (plain: string) => string } = {
  plainly: (plain) => plain,
  "in another case": (plain) => plain.replace('"config":', '"Config":').replace('"Labels":', '"LABELS":'),
  "in a key that is repeated": (plain) => plain.replace(/\}$/, ',"config":{}}'),
  escaped: (plain) => plain.replaceAll("com.docker", "\\u0063om.docker"),
};

/** An image whose real manifest stands among decoys, in indexes in indexes. */
const image = fc.record({
  how: fc.constantFrom(...Object.keys(HIDDEN)),
  before: fc.nat(150),
  after: fc.nat(5),
  depth: fc.nat(8),
  algorithm: fc.constantFrom("sha256", "sha384", "sha512"),
  key: fc.constantFrom("config", "Config", "CONFIG"),
  isEmbedded: fc.boolean(),
  others: fc.nat(3),
});

describe("what the engine's store holds", () => {
  let root: string;
  beforeAll(() => (root = mkdtempSync(join(tmpdir(), "unsprawl-store-"))));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const store = (blobs: Blobs): void => {
    for (const [name, bytes] of blobs.files) {
      const path = join(root, "containerd/daemon/io.containerd.content.v1.content", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  };

  /** What a container of this image is, with labels as the engine records them: the image's, and these. */
  function consumers(image: string, own: { readonly [key: string]: string } = COMPOSE): readonly string[] {
    const id = randomBytes(32).toString("hex");
    mkdirSync(join(root, "containers", id), { recursive: true });
    writeFileSync(
      join(root, "containers", id, "config.v2.json"),
      JSON.stringify({ ID: id, Name: "/x", Image: image, Config: { Labels: own } }),
    );
    return consumersOf(engineRecord(root, id), id);
  }

  const rootfs: Rootfs = { layers: [], diffIds: [`sha256:${"1".repeat(64)}`] };
  const harmless = (blobs: Blobs, nth: number): Descriptor =>
    blobs.manifest(blobs.put(configText(rootfs, { Labels: { n: String(nth) } }), CONFIG), []);

  it("an image that brings the labels is no service, wherever its configuration stands", () => {
    fc.assert(
      fc.property(image, ({ how, before, after, depth, algorithm, key, isEmbedded, others }) => {
        const blobs = new Blobs();
        const text = HIDDEN[how]?.(configText(rootfs, { Labels: COMPOSE })) ?? "";
        const config = isEmbedded
          ? { mediaType: CONFIG, digest: `sha256:${"2".repeat(64)}`, data: Buffer.from(text).toString("base64") }
          : blobs.put(text, CONFIG, algorithm);
        const decoy = blobs.put(configText(rootfs, {}), CONFIG);
        let real: object = blobs.manifest(decoy, [], { [key]: config });
        for (let nth = 0; nth < depth; nth++) real = blobs.index([real]);
        const absent = Array.from({ length: others }, () => ({
          digest: `sha256:${randomBytes(32).toString("hex")}`,
        }));
        const decoys = Array.from({ length: before + after }, (_, nth) => harmless(blobs, nth));
        const top = blobs.index([...absent, ...decoys.slice(0, before), real, ...decoys.slice(before)]);
        store(blobs);
        expect(consumers(top.digest)).not.toContain(SERVICE);
      }),
      { numRuns: 25 },
    );
  });

  it("a container that Compose made is its service, also of an image with platforms that are not here", () => {
    const blobs = new Blobs();
    const built = { "com.docker.compose.project": "payroll", "com.docker.compose.service": "app" };
    const config = blobs.put(configText(rootfs, { Labels: built }), CONFIG);
    const manifest = blobs.manifest(config, []);
    const absent = { digest: `sha256:${"3".repeat(64)}` };
    const top = blobs.index([absent, manifest, blobs.index([absent])]);
    store(blobs);
    for (const { digest } of [top, manifest]) expect(consumers(digest)).toContain(SERVICE);
  });

  it("no label counts where something is not read: too much, too large, no JSON, or no configuration at all", () => {
    const cases: ((blobs: Blobs) => Descriptor)[] = [
      (blobs) => blobs.index(Array.from({ length: 2100 }, (_, nth) => harmless(blobs, nth))),
      (blobs) => blobs.index([harmless(blobs, 0), blobs.put(`{"a":"${"x".repeat(9_000_000)}"}`, MANIFEST)]),
      (blobs) => blobs.index([harmless(blobs, 0), blobs.put("{ no JSON", MANIFEST)]),
      (blobs) => blobs.index([{ digest: `sha256:${"4".repeat(64)}` }]),
      () => ({ mediaType: INDEX, digest: `sha256:${"5".repeat(64)}`, size: 1 }),
    ];
    for (const make of cases) {
      const blobs = new Blobs();
      const { digest } = make(blobs);
      store(blobs);
      expect(consumers(digest)).not.toContain(SERVICE);
    }
  });
});

describe("on a real engine", () => {
  const password = `${randomBytes(12).toString("base64url")}aA1`;
  const reference = "ref+vault://secret/apps/payroll/app#/DB_PASSWORD";
  let bao: Awaited<ReturnType<typeof startOpenBao>>;
  let classic: WorkerEngine;
  let snapshotter: TestEngine;
  const worlds: World[] = [];

  beforeAll(async () => {
    const config = { features: { "containerd-snapshotter": true } };
    [bao, classic, snapshotter] = await Promise.all([startOpenBao(), workerEngine(), startEngine({ config })]);
    await Promise.all([
      makeImages(snapshotter),
      bao.api("POST", "secret/data/apps/payroll/app", { data: { DB_PASSWORD: password } }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([classic?.clean(), snapshotter?.stop(), bao?.stop()]);
    for (const world of worlds) world.remove();
  });

  type Engine = Pick<TestEngine, "host" | "configFile" | "docker">;

  async function worldOf(engine: Engine): Promise<World> {
    const world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    worlds.push(world);
    for (const args of [
      ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile],
      ["runtime", "allow", SERVICE, "DB_PASSWORD", reference],
    ]) {
      const ran = await world.unsprawl(args);
      expect(ran.code, ran.stderr).toBe(0);
    }
    return world;
  }

  /** The layers of the test image in this engine, as the archive of `docker save` has them. */
  function saved(engine: Engine, world: World): { readonly blobs: Blobs; readonly rootfs: Rootfs } {
    const [archive, dir] = [join(world.dir, "busybox.tar"), join(world.dir, "busybox")];
    engine.docker("save", "-o", archive, BUSYBOX);
    mkdirSync(dir);
    execFileSync("tar", ["-xf", archive, "-C", dir]);
    const json = (path: string): unknown => JSON.parse(readFileSync(join(dir, path), "utf8"));
    const [entry] = json("manifest.json") as { readonly Config: string; readonly Layers: readonly string[] }[];
    const config = json(entry?.Config ?? "") as {
      readonly rootfs: { readonly diff_ids: readonly string[] };
    };
    const blobs = new Blobs();
    const layers = (entry?.Layers ?? []).map((layer) =>
      blobs.put(readFileSync(join(dir, layer)), `${OCI}.layer.v1.tar+gzip`),
    );
    return { blobs, rootfs: { layers, diffIds: config.rootfs.diff_ids } };
  }

  /** A container of the image is made with the labels, under the runtime, and gets no value. */
  function expectRefused(engine: Engine, image: string): void {
    const name = `attack-${randomBytes(4).toString("hex")}`;
    engine.docker("create", "--name", name, "--network", "none", "--runtime", "unsprawl", image);
    const labels = engine.docker("inspect", "-f", "{{json .Config.Labels}}", name);
    expect(JSON.parse(labels)).toMatchObject({ "com.docker.compose.service": "app" });
    let said: string;
    try {
      said = engine.docker("start", "-a", name);
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
      said = stdout + stderr;
    }
    expect(said).toContain("may not use");
    expect(said).not.toContain(password);
  }

  const evil = (rootfs: Rootfs, how: string): string =>
    HIDDEN[how]?.(configText(rootfs, { Labels: COMPOSE, Env: [`DB_PASSWORD=${reference}`], Cmd: ["/bin/env"] })) ?? "";

  it("the engine's own image store, with the labels in every way that the engine understands", async () => {
    const world = await worldOf(classic);
    const { blobs, rootfs } = saved(classic, world);
    for (const how of Object.keys(HIDDEN)) {
      const tag = `evil:${how.replaceAll(" ", "-")}`;
      const text = evil(rootfs, how);
      const config = blobs.put(text, CONFIG);
      const path = ({ digest }: Descriptor): string => `blobs/${digest.replace(":", "/")}`;
      const manifest = [{ Config: path(config), RepoTags: [tag], Layers: rootfs.layers.map(path) }];
      load(classic, world, [...blobs.files, ["manifest.json", Buffer.from(JSON.stringify(manifest))]]);
      expectRefused(classic, tag);
    }
  });

  it("containerd's image store: 100 decoys, an index in an index, and the same ways", async () => {
    const world = await worldOf(snapshotter);
    const { blobs, rootfs } = saved(snapshotter, world);
    const platform = { architecture: "amd64", os: "linux" };
    const decoys = Array.from({ length: 100 }, (_, nth) => ({
      ...blobs.manifest(blobs.put(configText(rootfs, { Labels: { n: String(nth) } }, "s390x"), CONFIG), []),
      platform: { ...platform, architecture: "s390x" },
    }));
    const real = (how: string, more: object = {}): object => ({
      ...blobs.manifest(blobs.put(evil(rootfs, how), CONFIG), rootfs.layers, more),
      platform,
    });
    const hidden = blobs.put(evil(rootfs, "plainly"), CONFIG);
    const plain = blobs.put(configText(rootfs, {}), CONFIG);
    const images: { readonly [tag: string]: Descriptor } = {
      "evil:decoys": blobs.index([...decoys, real("plainly")]),
      "evil:nested": blobs.index([decoys[0] ?? {}, blobs.index([blobs.index([real("plainly")])])]),
      "evil:keys": blobs.index([{ ...blobs.manifest(plain, rootfs.layers, { Config: hidden }), platform }]),
      ...Object.fromEntries(
        Object.keys(HIDDEN).map((how) => [`evil:${how.replaceAll(" ", "-")}`, blobs.index([real(how)])]),
      ),
    };
    for (const [tag, top] of Object.entries(images)) {
      const annotations = { "io.containerd.image.name": `docker.io/library/${tag}` };
      const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [{ ...top, annotations }] });
      load(snapshotter, world, [
        ...blobs.files,
        ["index.json", Buffer.from(index)],
        ["oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
      ]);
      expectRefused(snapshotter, tag);
    }
  });

  function load(engine: Engine, world: World, files: readonly (readonly [string, Buffer])[]): void {
    const archive = join(world.dir, "evil.tar");
    writeFileSync(archive, tar(...files.map(([name, bytes]) => file(name, bytes))));
    engine.docker("load", "-i", archive);
  }
});
