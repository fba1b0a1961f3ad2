import pMap from "p-map";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FastReading } from "../../../src/fast/index.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import { registrySource } from "../../../migrations/registry/read/index.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { DEEP } from "../../support/deep.ts";
import { startGate, type Answer, type Gate } from "../../support/gate.ts";
import { bytesOf, clientAt, clientOf, forever, OCI, pushImage, put, sha256 } from "../../support/pushed.ts";

let server: TestRegistry;
let registry: Registry;
let gate: Gate;
let answer: Answer = () => false;

beforeAll(async () => {
  server = await startRegistry();
  registry = clientOf(server);
  gate = await startGate(server.host, (...all) => answer(...all));
});
afterAll(async () => {
  registry?.close();
  await gate?.stop();
  await server?.stop();
});

type Subject = Extract<FastReading, { kind: "subject" }>;
type Problem = Extract<FastReading, { kind: "error" }>;

async function scanned(what: string, by: Answer = () => false) {
  gate.seen.length = 0;
  answer = by;
  const all: FastReading[] = [];
  const notes: string[] = [];
  const source = registrySource(
    async (host) => clientAt(host),
    (text) => notes.push(text),
  );
  for await (const reading of source.read(`${gate.host}/${what}`, forever)) all.push(reading);
  return {
    subjects: all.filter((one): one is Subject => one.kind === "subject"),
    errors: all.filter((one): one is Problem => one.kind === "error"),
    notes,
    total: all.findLast((one) => one.kind === "total")?.subjects,
  };
}

const MANY = DEEP ? 2000 : 200;

/** `where name=value @ path` of every candidate. */
const lines = (subject: Subject | undefined): string[] =>
  (subject?.candidates ?? []).map(
    ({ name, value, location }) => `${location.where} ${name}=${value.expose().toString()} @ ${location.path}`,
  );

const gets = (part: string): number =>
  gate.lines().filter((line) => line.startsWith("GET") && line.includes(part)).length;

describe("an image", () => {
  it("is read in every place where a value can sit, without a layer", async () => {
    const { digest } = await pushImage(
      registry,
      "team/all",
      ["1.0"],
      {
        config: {
          Env: ["A=env", "B=with=sign"],
          Cmd: ["run", "--x"],
          Entrypoint: ["/entry"],
          Labels: { "com.example.x": "label" },
          Healthcheck: { Test: ["CMD-SHELL", "probe"] },
          OnBuild: ["RUN onbuild"],
        },
        container_config: { Env: ["A=env", "GONE=only while building"], Cmd: ["/bin/sh", "-c", "#(nop) CMD"] },
        history: [
          { created_by: "/bin/sh -c #(nop) ADD file" },
          { created_by: "RUN |1 TOKEN=argument /bin/sh -c make # buildkit", comment: "a comment" },
        ],
      },
      { annotations: { "org.example.note": "annotation" } },
    );
    const { subjects, errors, total } = await scanned("team/all:1.0");
    expect(errors).toEqual([]);
    expect(total).toBe(1);
    expect(subjects.map(({ subject }) => subject)).toEqual([
      { kind: "image", name: `${gate.host}/team/all:1.0`, id: digest },
    ]);
    expect(lines(subjects[0])).toEqual([
      "image-env A=env @ Config.Env[0]",
      "image-env B=with=sign @ Config.Env[1]",
      'cmd Cmd=["run","--x"] @ Config.Cmd',
      'entrypoint Entrypoint=["/entry"] @ Config.Entrypoint',
      'healthcheck Healthcheck=["CMD-SHELL","probe"] @ Config.Healthcheck.Test',
      'label com.example.x=label @ Config.Labels["com.example.x"]',
      "onbuild OnBuild=RUN onbuild @ Config.OnBuild[0]",
      "history history=/bin/sh -c #(nop) ADD file @ History[0].CreatedBy",
      "build-arg TOKEN=argument @ History[1].CreatedBy",
      "history history=/bin/sh -c make # buildkit @ History[1].CreatedBy",
      "history comment=a comment @ History[1].Comment",
      "image-env GONE=only while building @ ContainerConfig.Env[1]",
      'cmd Cmd=["/bin/sh","-c","#(nop) CMD"] @ ContainerConfig.Cmd',
      'annotation org.example.note=annotation @ annotations["org.example.note"]',
    ]);
    expect(subjects[0]?.exposure).toEqual([`anyone who can reach ${gate.host}, without a login`]);
    expect(gets("/blobs/")).toBe(1);
  });

  it("by digest is called by it", async () => {
    const { digest } = await pushImage(registry, "team/bare", [], { config: { Env: ["BARE=1"] } });
    const { subjects } = await scanned(`team/bare@${digest}`);
    expect(subjects[0]?.subject).toEqual({
      kind: "image",
      name: `${gate.host}/team/bare@${digest.slice(0, 19)}`,
      id: digest,
    });
  });

  it("in no form that builders write is read as far as it goes, and the rest is told", async () => {
    await pushImage(registry, "team/odd", ["1"], {
      config: { Env: ["A=1", 7], Labels: ["x=y"], Cmd: "one text" },
      history: ["not an object", { created_by: 5 }],
    });
    const { subjects, errors } = await scanned("team/odd:1");
    expect(lines(subjects[0])).toEqual([
      "image-env A=1 @ Config.Env[0]",
      "cmd Cmd=one text @ Config.Cmd",
      "label x=y @ Config.Labels.x",
    ]);
    expect(errors).toMatchObject([
      { subject: `${gate.host}/team/odd:1`, message: expect.stringMatching(/Config\.Env, Config\.Labels/) as string },
    ]);
  });

  it("with a hundred tags is fetched and judged once, and its name tells them", async () => {
    const tags = Array.from({ length: 100 }, (_, at) => `v${String(at).padStart(3, "0")}`);
    const { digest, config } = await pushImage(registry, "team/tags", tags, { config: { Env: ["HUNDRED=1"] } });
    const { subjects } = await scanned("team/tags:*");
    expect(subjects.map(({ subject }) => subject.name)).toEqual([
      `${gate.host}/team/tags:v000, v001, v002 and 97 more`,
    ]);
    expect(gets("/manifests/")).toBe(1);
    expect(gets(`/manifests/${digest}`)).toBe(1);
    expect(gets(`/blobs/${config.digest}`)).toBe(1);
  });

  it("of which two manifests have one configuration: that is fetched once", async () => {
    const shared = { config: { Env: ["SHARED=1"] } };
    const { config } = await pushImage(registry, "team/shared", ["a"], shared);
    await pushImage(registry, "team/shared", ["b"], shared, { annotations: { other: "manifest" } });
    const { subjects } = await scanned("team/shared:*");
    expect(subjects.map((one) => lines(one)[0])).toEqual(Array(2).fill("image-env SHARED=1 @ Config.Env[0]"));
    expect(gets(`/blobs/${config.digest}`)).toBe(1);
  });
});

describe("an index", () => {
  const platforms = ["amd64", "arm64"] as const;
  let attestation: string;

  beforeAll(async () => {
    const entries: object[] = [];
    for (const architecture of platforms) {
      const { digest, size } = await pushImage(registry, "team/multi", [], {
        architecture,
        config: { Env: [`ARCH=${architecture}`] },
      });
      entries.push({ mediaType: OCI.manifest, digest, size, platform: { os: "linux", architecture } });
    }
    const { predicate, size, digest } = await provenance();
    attestation = digest;
    const about = (entries[1] as { digest: string }).digest;
    entries.push({
      mediaType: OCI.manifest,
      digest,
      size,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": about },
    });
    const index = { schemaVersion: 2, mediaType: OCI.index, manifests: entries, annotations: { of: "the index" } };
    await put(registry, "team/multi", ["1", "latest"], bytesOf(index));
    expect(predicate).toBeGreaterThan(0);
  });

  /** As `docker buildx build --provenance=mode=max` writes it. */
  async function provenance() {
    const statement = bytesOf({
      _type: "https://in-toto.io/Statement/v0.1",
      predicateType: "https://slsa.dev/provenance/v0.2",
      predicate: {
        invocation: {
          parameters: { frontend: "dockerfile.v0", args: { "build-arg:NPM_TOKEN": "argument", "label:team": "blue" } },
          environment: { platform: "linux/arm64" },
        },
        buildConfig: {
          llbDefinition: [
            { op: { Op: { exec: { meta: { args: ["/bin/sh", "-c", "make"], env: ["STEP=environment"] } } } } },
          ],
        },
        metadata: {
          "https://mobyproject.org/buildkit@v1#metadata": {
            source: {
              infos: [
                { filename: "Dockerfile", data: Buffer.from("FROM x\nARG ONE=two\nRUN make it\n").toString("base64") },
              ],
            },
          },
        },
      },
    });
    const [config, layer, sbom] = [
      bytesOf({ architecture: "unknown", os: "unknown", config: {} }),
      statement,
      bytesOf({ sbom: 1 }),
    ];
    for (const bytes of [config, layer, sbom]) await registry.putBlob("team/multi", bytes, forever);
    const entry = (bytes: Buffer, mediaType: string, type?: string): object => ({
      mediaType,
      digest: sha256(bytes),
      size: bytes.length,
      ...(type ? { annotations: { "in-toto.io/predicate-type": type } } : {}),
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI.manifest,
      config: entry(config, OCI.config),
      layers: [
        entry(sbom, "application/vnd.in-toto+json", "https://spdx.dev/Document"),
        entry(layer, "application/vnd.in-toto+json", "https://slsa.dev/provenance/v0.2"),
      ],
    };
    return { predicate: layer.length, ...(await put(registry, "team/multi", [], bytesOf(manifest))) };
  }

  it("is read with every platform, its attestations and its own annotations", async () => {
    const { subjects, errors, total } = await scanned("team/multi:*");
    expect(errors).toEqual([]);
    const name = `${gate.host}/team/multi:1, latest`;
    expect(subjects.map(({ subject }) => subject.name)).toEqual([
      `${name} (index)`,
      `${name} linux/amd64`,
      `${name} linux/arm64`,
      `${name} linux/arm64 (attestation)`,
    ]);
    expect(total).toBe(4);
    expect(lines(subjects[0])).toContain('annotation of=the index @ annotations["of"]');
    expect(lines(subjects[2])).toEqual(["image-env ARCH=arm64 @ Config.Env[0]"]);
  });

  it("has build arguments, environments, commands and the Dockerfile in its provenance; the SBOM is not fetched", async () => {
    const { subjects } = await scanned("team/multi:1");
    const found = subjects.find(({ subject }) => subject.id === attestation);
    const at = "layers[1].predicate";
    expect(
      lines(found)
        .filter((line) => !line.startsWith("annotation"))
        .sort(),
    ).toEqual(
      [
        `build-arg NPM_TOKEN=argument @ ${at}.invocation.parameters.args["build-arg:NPM_TOKEN"]`,
        `label team=blue @ ${at}.invocation.parameters.args["label:team"]`,
        `build-arg platform=linux/arm64 @ ${at}.invocation.environment.platform`,
        `cmd args=["/bin/sh","-c","make"] @ ${at}.buildConfig.llbDefinition[0].op.Op.exec.meta.args`,
        `build-arg STEP=environment @ ${at}.buildConfig.llbDefinition[0].op.Op.exec.meta.env[0]`,
        `build-arg ONE=two @ ${at}.metadata["https://mobyproject.org/buildkit@v1#metadata"].source.infos[0].data, line 2`,
        `history RUN=make it @ ${at}.metadata["https://mobyproject.org/buildkit@v1#metadata"].source.infos[0].data, line 3`,
      ].sort(),
    );
    expect(gets("/blobs/")).toBe(3);
  });

  it("of indexes is read three deep, and no deeper", async () => {
    const { digest, size } = await pushImage(registry, "team/deep", [], { config: { Env: ["DEEP=1"] } });
    let below: object = { mediaType: OCI.manifest, digest, size, platform: { os: "linux", architecture: "amd64" } };
    for (const tag of ["one", "two", "three"]) {
      const made = await put(
        registry,
        "team/deep",
        [tag],
        bytesOf({ schemaVersion: 2, mediaType: OCI.index, manifests: [below], annotations: { tag } }),
      );
      below = { mediaType: OCI.index, ...made };
    }
    expect(
      (await scanned("team/deep:two")).subjects.map(({ subject }) => subject.name.slice(gate.host.length)),
    ).toEqual(["/team/deep:two (index)", "/team/deep:two (index)", "/team/deep:two linux/amd64"]);
    const { errors } = await scanned("team/deep:three");
    expect(errors).toMatchObject([{ message: expect.stringContaining("nested more than 3 deep") as string }]);
    // Tagged one by one as well: then everything is at the top.
    const whole = await scanned("team/deep:*");
    expect(whole.subjects).toHaveLength(4);
    expect(whole.errors).toEqual([]);
  });

  it("with an entry of another size or without a digest is told as such, and the rest is read", async () => {
    const { digest } = await pushImage(registry, "team/wrong", [], { config: { Env: ["W=1"] } });
    const listed = { mediaType: OCI.manifest, digest, size: 5, platform: { os: "linux", architecture: "s390x" } };
    const lying = { schemaVersion: 2, mediaType: OCI.index, manifests: [listed, { digest: "sha256:12" }] };
    const bytes = bytesOf(lying);
    const { subjects, errors } = await scanned("team/wrong:x", ({ path }, response) => {
      if (!path.endsWith("/manifests/x")) return false;
      response.writeHead(200, { "content-type": OCI.index }).end(bytes);
      return true;
    });
    expect(subjects.map(({ subject }) => subject.id)).toEqual([sha256(bytes)]);
    expect(errors.map(({ message }) => message).join()).toMatch(/not a descriptor.*does not have the size/s);
  });
});

describe("what is no image", () => {
  it("is told as an artifact, and its annotations are read", async () => {
    const chart = { mediaType: "application/vnd.cncf.helm.config.v1+json" };
    const config = bytesOf({ name: "chart", version: "1" });
    await registry.putBlob("charts/app", config, forever);
    const described = { ...chart, digest: sha256(config), size: config.length };
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI.manifest,
      config: described,
      layers: [],
      annotations: { a: "b" },
    };
    await put(registry, "charts/app", ["1"], bytesOf(manifest));
    const { subjects, errors, notes } = await scanned("charts/app:1");
    expect(errors).toEqual([]);
    expect(notes).toEqual([
      `registry:${gate.host}/charts/app:1: 1 of its manifests is not an image but ${chart.mediaType}: annotations were read`,
    ]);
    expect(subjects[0]?.subject.name).toBe(`${gate.host}/charts/app:1 (artifact ${chart.mediaType})`);
    expect(lines(subjects[0])).toEqual(['annotation a=b @ annotations["a"]']);
    expect(gets("/blobs/")).toBe(0);
  });

  it("and no manifest at all is an error of its own", async () => {
    await pushImage(registry, "team/some", ["fine", "strange"], { config: { Env: ["S=1"] } });
    const strange = bytesOf({ hello: "world" });
    const { subjects, errors } = await scanned("team/some:*", ({ method, path }, response) => {
      if (!path.endsWith(`/manifests/strange`) && !path.endsWith(sha256(strange))) return false;
      response
        .writeHead(200, { "content-type": "application/json", "docker-content-digest": sha256(strange) })
        .end(method === "HEAD" ? undefined : strange);
      return true;
    });
    expect(subjects).toHaveLength(1);
    expect(errors).toMatchObject([{ subject: `${gate.host}/team/some:strange` }]);
  });
});

it("reads images of Docker's first schema", async () => {
  const layer = (document: object): object => ({ v1Compatibility: JSON.stringify(document) });
  const manifest = bytesOf({
    schemaVersion: 1,
    name: "old/app",
    tag: "1",
    architecture: "amd64",
    fsLayers: [{ blobSum: sha256(Buffer.of(1)) }, { blobSum: sha256(Buffer.of(2)) }],
    history: [
      layer({ config: { Env: ["OLD=env"] }, container_config: { Cmd: ["/bin/sh", "-c", "#(nop) ENV OLD=env"] } }),
      layer({ container_config: { Cmd: ["/bin/sh", "-c", "make"] }, comment: "first" }),
    ],
  });
  const { subjects, errors } = await scanned("old/app:1", ({ path }, response) => {
    if (!path.startsWith("/v2/old/app/manifests/")) return false;
    response.writeHead(200, { "content-type": "application/vnd.docker.distribution.manifest.v1+json" }).end(manifest);
    return true;
  });
  expect(errors).toEqual([]);
  expect(lines(subjects[0])).toEqual([
    "image-env OLD=env @ Config.Env[0]",
    "history history=/bin/sh -c #(nop) ENV OLD=env @ History[0].CreatedBy",
    "history history=/bin/sh -c make @ History[1].CreatedBy",
    "history comment=first @ History[1].Comment",
    'cmd Cmd=["/bin/sh","-c","#(nop) ENV OLD=env"] @ ContainerConfig.Cmd',
  ]);
});

describe("many", () => {
  beforeAll(async () => {
    for (const name of ["glob/one", "glob/two", "glob/deep/three"])
      for (const tag of ["v1.0", "v1.1", "v2.0"])
        await pushImage(registry, name, [tag], { config: { Env: [`N=${name}:${tag}`] } });
  });

  const named = (subjects: readonly Subject[]): string[] =>
    subjects.map(({ subject }) => subject.name.slice(gate.host.length + 1));

  it("repositories and tags are chosen by globs, in which * matches slashes", async () => {
    expect(named((await scanned("glob/one:v1.*")).subjects)).toEqual(["glob/one:v1.0", "glob/one:v1.1"]);
    expect(named((await scanned("glob/*:v2.*")).subjects)).toEqual([
      "glob/deep/three:v2.0",
      "glob/one:v2.0",
      "glob/two:v2.0",
    ]);
    expect(named((await scanned("glob/{one,two}")).subjects)).toHaveLength(6);
    const all = named((await scanned("*")).subjects);
    expect(all.filter((name) => name.startsWith("glob/"))).toHaveLength(9);
    expect(all.some((name) => name.startsWith("team/"))).toBe(true);
  });

  it("an image that is in two repositories is read once, and both are named", async () => {
    const config = { config: { Env: ["PROMOTED=1"] } };
    await pushImage(registry, "stage/app", ["7"], config);
    await pushImage(registry, "prod/app", ["7", "live"], config);
    expect(named((await scanned("{stage,prod}/*")).subjects)).toEqual([`prod/app:7, live; ${gate.host}/stage/app:7`]);
  });

  it("a repository without tags is none; one that cannot be read is told, and the rest is read", async () => {
    const { digest } = await pushImage(registry, "glob-empty/gone", ["1"], { config: { Env: ["GONE=1"] } });
    await registry.deleteManifest("glob-empty/gone", digest, forever);
    await pushImage(registry, "glob-empty/there", ["1"], { config: { Env: ["THERE=1"] } });
    await pushImage(registry, "glob-empty/closed", ["1"], { config: { Env: ["CLOSED=1"] } });
    const { subjects, errors } = await scanned("glob-empty/*", ({ path }, response) => {
      if (!path.startsWith("/v2/glob-empty/closed")) return false;
      response.writeHead(403).end();
      return true;
    });
    expect(named(subjects)).toEqual(["glob-empty/there:1"]);
    expect(errors.map(({ subject }) => subject)).toEqual([`${gate.host}/glob-empty/closed`]);
  });

  it("names that the registry makes up go into no URL, and are told", async () => {
    const list = {
      "/v2/_catalog": { repositories: ["../evil", "a b", "glob/one"] },
      "/v2/glob/one/tags/list": { tags: ["v1.0", "x/../y", "\u001b[2J"] },
    };
    const { subjects, errors } = await scanned("*", ({ path }, response) => {
      const found = Object.entries(list).find(([at]) => path.startsWith(at));
      if (!found) return false;
      response.writeHead(200).end(JSON.stringify(found[1]));
      return true;
    });
    expect(named(subjects)).toEqual(["glob/one:v1.0"]);
    expect(errors).toHaveLength(4);
    expect(gate.lines().filter((line) => /evil|\.\.|\s\S*\s\S*\s/.test(line))).toEqual([]);
  });

  it("a name that matches nothing is absent; Docker Hub has no catalog", async () => {
    await expect(scanned("glob/one:nothing*")).rejects.toMatchObject({ code: "absent" });
    await expect(scanned("glob/nothing:1")).rejects.toMatchObject({ code: "absent" });
    await expect(scanned("nothing*/x")).rejects.toMatchObject({ code: "absent" });
    const source = registrySource(
      async (host) => clientAt(host),
      () => undefined,
    );
    await expect(source.read("docker.io/team/*", forever)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("one whose configuration is gone, changed or far too large is an error, and the rest is read", async () => {
    const pushed = [];
    for (const tag of ["a", "b", "c", "d"])
      pushed.push(await pushImage(registry, "team/broken", [tag], { config: { Env: [`BROKEN=${tag}`] } }));
    const [gone, changed, cut] = pushed.map(({ config }) => config);
    const { subjects, errors } = await scanned("team/broken:*", ({ path }, response) => {
      if (path.endsWith(gone?.digest ?? "-")) response.writeHead(404).end();
      else if (path.endsWith(changed?.digest ?? "-")) response.writeHead(200).end("x".repeat(changed?.size ?? 0));
      else if (path.endsWith(cut?.digest ?? "-")) response.writeHead(200).end("{}");
      else return false;
      return true;
    });
    expect(named(subjects)).toEqual(["team/broken:d"]);
    expect(errors.map(({ subject }) => subject?.slice(-1))).toEqual(["a", "b", "c"]);
    expect(errors.map(({ message }) => message).join("\n")).toMatch(
      /there is no .*\n.*digest and size.*\n.*digest and size/,
    );
  });
});

it(`a registry of ${MANY} images is read whole: each digest once, and a fiftieth of the layers' bytes at most`, async () => {
  const own = await startRegistry();
  const pusher = clientOf(own);
  const [images, repositories, layer] = [MANY, 10, Buffer.alloc(256 * 1024, 7)];
  for (let at = 0; at < repositories; at++) await pusher.putBlob(`all/r${at}`, layer, forever);
  const configs = await pMap(
    Array.from({ length: images }, (_, at) => at),
    async (at) => {
      const config = { config: { Env: [`N=${at}`] }, history: [{ created_by: "RUN /bin/sh -c make # buildkit" }] };
      // Every tenth has a second tag.
      const tags = at % 100 < repositories ? [`v${at}`, `stable-${at}`] : [`v${at}`];
      return (await pushImage(pusher, `all/r${at % repositories}`, tags, config, { layer, uploaded: true })).config
        .digest;
    },
    { concurrency: 8 },
  );
  const counted = await startGate(own.host);
  let reader: Registry | null = null;
  const source = registrySource(
    async (host) => (reader = clientAt(host)),
    () => undefined,
  );
  const ids: string[] = [];
  const values = new Set<string>();
  for await (const reading of source.read(`${counted.host}/*`, forever)) {
    expect(reading.kind).not.toBe("error");
    if (reading.kind !== "subject") continue;
    ids.push(reading.subject.id);
    for (const { name, value } of reading.candidates) if (name === "N") values.add(value.expose().toString());
  }
  expect(new Set(configs).size).toBe(images);
  expect([ids.length, new Set(ids).size, values.size]).toEqual([images, images, images]);
  const fetched = counted.lines().filter((line) => /^GET .*\/(?:blobs|manifests)\//.test(line));
  expect([fetched.length, new Set(fetched).size]).toEqual([2 * images, 2 * images]);
  expect(counted.lines().filter((line) => line.startsWith("HEAD"))).toHaveLength(images + images / 10);
  const read = (reader as Registry | null)?.bytesRead ?? Infinity;
  expect(read * 50).toBeLessThan(images * layer.length);
  pusher.close();
  await counted.stop();
  await own.stop();
}, 300_000);
