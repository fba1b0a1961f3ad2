import { expect, test } from "vitest";
import { cleanConfig, type RemovedValue } from "../../../src/images/clean/clean.ts";
import { cleanTree, blobDigest, type BlobDescriptor } from "../../../src/images/clean/tree.ts";
import { Secret } from "../../../src/model/secret.ts";
import { twelveSecrets } from "../../support/secrets.ts";

const { DB_PASSWORD = "", SMTP_PASSWORD = "", SESSION_SECRET = "" } = twelveSecrets();
const reference = (name: string): string => `ref+vault://secret/apps/api#/${name}`;
const leaving = (name: string, value: string): RemovedValue => ({
  name,
  value: Secret.of(value),
  reference: reference(name),
});
const clean = (document: object, out: readonly RemovedValue[], stays: "reference" | "nothing" = "nothing"): object =>
  JSON.parse(cleanConfig(Buffer.from(JSON.stringify(document)), out, stays).bytes.toString("utf8")) as object;

test("a variable goes, or stays as its reference, and its neighbours keep their order", () => {
  const document = { config: { Env: ["PATH=/bin", `DB_PASSWORD=${DB_PASSWORD}`, "TZ=UTC"], Labels: null } };
  const out = [leaving("DB_PASSWORD", DB_PASSWORD)];
  expect(clean(document, out)).toEqual({ config: { Env: ["PATH=/bin", "TZ=UTC"], Labels: null } });
  expect(clean(document, out, "reference")).toEqual({
    config: { Env: ["PATH=/bin", `DB_PASSWORD=${reference("DB_PASSWORD")}`, "TZ=UTC"], Labels: null },
  });
});

test("the history, the label and what the builder kept lose it in every form, with dollars and quotes", () => {
  const encoded = Buffer.from(SMTP_PASSWORD).toString("base64");
  const document = {
    config: { Labels: { "smtp.password": SMTP_PASSWORD, vendor: "acme" } },
    container_config: { Cmd: ["/bin/sh", "-c", `#(nop) ENV SMTP_PASSWORD=${SMTP_PASSWORD}`] },
    history: [
      { created_by: `RUN |1 SMTP_PASSWORD=${SMTP_PASSWORD} /bin/sh -c echo ${encoded}`, empty_layer: true },
      {},
    ],
  };
  const put = reference("smtp.password");
  expect(clean(document, [leaving("smtp.password", SMTP_PASSWORD)])).toEqual({
    config: { Labels: { "smtp.password": put, vendor: "acme" } },
    container_config: { Cmd: ["/bin/sh", "-c", `#(nop) ENV SMTP_PASSWORD=${put}`] },
    history: [
      { created_by: expect.stringMatching(/^RUN \|1 SMTP_PASSWORD=ref\+vault/) as string, empty_layer: true },
      {},
    ],
  });
});

test("numbers keep their digits, and bytes from which nothing goes out stay as they are", () => {
  const text = `{"config":{"Env":["A=${DB_PASSWORD}"],"Healthcheck":{"Interval":9223372036854775807}},"n":1.0}`;
  const { bytes } = cleanConfig(Buffer.from(text), [leaving("A", DB_PASSWORD)], "nothing");
  expect(bytes.toString("utf8")).toBe(text.replace(`"A=${DB_PASSWORD}"`, ""));
});

test("a plain word goes out of its own variable and its own line, and is told where it stands by itself", () => {
  const document = {
    config: { Env: ["DB_PASSWORD=postgres", "DB_USER=postgres"], Cmd: ["postgres"] },
    history: [{ created_by: "ENV DB_PASSWORD=postgres DB_USER=postgres" }, { created_by: "RUN install postgres" }],
  };
  const { bytes, tolerated } = cleanConfig(
    Buffer.from(JSON.stringify(document)),
    [leaving("DB_PASSWORD", "postgres")],
    "nothing",
  );
  expect(JSON.parse(bytes.toString("utf8"))).toEqual({
    config: { Env: ["DB_USER=postgres"], Cmd: ["postgres"] },
    history: [
      { created_by: `ENV DB_PASSWORD=${reference("DB_PASSWORD")} DB_USER=postgres` },
      { created_by: "RUN install postgres" },
    ],
  });
  expect(tolerated.map(({ path }) => path)).toEqual(expect.arrayContaining(["Config.Env.DB_USER", "Config.Cmd[0]"]));
});

test.each([
  ["a command", { config: { Cmd: ["server", `--password=${DB_PASSWORD}`] } }, "Config.Cmd[1]"],
  ["another variable", { config: { Env: [`URL=postgres://u:${DB_PASSWORD}@h/d`] } }, "Config.Env.URL"],
  ["an instruction for images built on it", { config: { OnBuild: [`ENV A=${DB_PASSWORD}`] } }, "Config.OnBuild[0]"],
])("a value that also stands in %s is not moved", (_where, document, path) => {
  expect(() => clean(document, [leaving("DB_PASSWORD", DB_PASSWORD)])).toThrow(
    expect.objectContaining({ code: "refused", message: expect.stringContaining(path) as string }),
  );
});

test.each(["", "[]", "null", "{", '"text"', "\u0000"])("%j is no config", (text) => {
  expect(() => cleanConfig(Buffer.from(text), [], "nothing")).toThrow(expect.objectContaining({ code: "malformed" }));
});

/** An index of two platforms, one of which holds the value, each with its attestation. */
function world(): { root: BlobDescriptor; documents: Map<string, Buffer>; put: (document: object) => BlobDescriptor } {
  const documents = new Map<string, Buffer>();
  const put = (document: object): BlobDescriptor => {
    const bytes = Buffer.from(JSON.stringify(document));
    documents.set(blobDigest(bytes), bytes);
    return { mediaType: "application/vnd.oci.image.config.v1+json", digest: blobDigest(bytes), size: bytes.length };
  };
  const layers = [{ digest: blobDigest(Buffer.from("layer")), size: 5 }];
  const image = (architecture: string, env: string): BlobDescriptor => ({
    ...put({
      schemaVersion: 2,
      config: put({ architecture, config: { Env: [env] } }),
      layers,
      annotations: { by: env },
    }),
    platform: { os: "linux", architecture },
  });
  const about = (of: BlobDescriptor): BlobDescriptor => ({
    ...put({ schemaVersion: 2, config: put({ about: of.digest }), layers: [] }),
    annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.digest },
  });
  const [clean, leaky] = [image("arm64", "TZ=UTC"), image("amd64", `SESSION_SECRET=${SESSION_SECRET}`)];
  const root = put({ schemaVersion: 2, manifests: [clean, leaky, about(clean), about(leaky)] });
  return { root, documents, put };
}

test("an index is written anew above the platform that changed; the others and what is said of them stay", async () => {
  const { root, documents } = world();
  const out = [leaving("SESSION_SECRET", SESSION_SECRET)];
  const read = async ({ digest }: BlobDescriptor): Promise<Buffer | null> => documents.get(digest) ?? null;
  const tree = await cleanTree(root, read, out, "nothing");
  expect(tree.blobs.map(({ kind }) => kind)).toEqual(["config", "manifest", "manifest"]);
  expect(Buffer.concat(tree.blobs.map(({ bytes }) => bytes)).toString("utf8")).not.toContain(SESSION_SECRET);
  for (const { descriptor, bytes } of tree.blobs) expect(descriptor.digest).toBe(blobDigest(bytes));
  const before = JSON.parse((documents.get(root.digest) ?? "").toString()) as { manifests: BlobDescriptor[] };
  const after = JSON.parse(tree.blobs.at(-1)?.bytes.toString() ?? "") as { manifests: BlobDescriptor[] };
  expect(after.manifests.map(({ digest }) => digest)).toEqual([
    before.manifests[0]?.digest,
    tree.blobs[1]?.descriptor.digest,
    before.manifests[2]?.digest,
  ]);
  expect(tree.voided).toEqual([before.manifests[3]?.digest]);
  // Done again, there is nothing to do.
  for (const { descriptor, bytes } of tree.blobs) documents.set(descriptor.digest, bytes);
  expect((await cleanTree(tree.root, read, out, "nothing")).root).toEqual(tree.root);
});

test("a platform that is not here is told, and its descriptor stays", async () => {
  const { root, documents } = world();
  const index = JSON.parse((documents.get(root.digest) ?? "").toString()) as { manifests: BlobDescriptor[] };
  documents.delete(index.manifests[0]?.digest ?? "");
  const read = async ({ digest }: BlobDescriptor): Promise<Buffer | null> => documents.get(digest) ?? null;
  const tree = await cleanTree(root, read, [leaving("SESSION_SECRET", SESSION_SECRET)], "nothing");
  expect(tree.missing).toContain("linux/arm64");
});
