import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import { crc32c } from "../../providers/gcp-secret-manager/crc32c.ts";
import { GcpFailure } from "../../providers/gcp-secret-manager/answer.ts";
import { failed } from "../../providers/gcp-secret-manager/errors.ts";
import type { GcpSettings } from "../../providers/gcp-secret-manager/settings.ts";
import type { Provider } from "../../src/contract/provider.ts";
import type { Json } from "../../src/model/json.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { crc32 } from "../services/secret-manager-checksum.ts";
import { startSecretManager, type SecretManager } from "../services/secret-manager.ts";
import { gcpSpec } from "./gcp-world.ts";

// What is Secret Manager's own: versions, etags, a `latest` that lags, secrets of others, states, regions.

const ORIGIN = { runId: "20261202-000000-test", subject: "web" };
const NAME = "shop--web--A";
const KEY = { path: NAME, field: "" };
const [ONE, TWO, THREE] = [Secret.of("one"), Secret.of("two"), Secret.of("three")];

async function world(config: { readonly [key: string]: Json } = {}): Promise<{
  readonly double: SecretManager;
  readonly store: Provider;
  readonly other: () => Promise<Provider>;
}> {
  const double = await startSecretManager();
  onTestFinished(() => double.stop());
  const other = (): Promise<Provider> => openSpec(gcpSpec(double, "writer", config));
  return { double, store: await other(), other };
}

/** As `gcloud secrets create` and `versions add` would. */
function byHand({ secrets }: SecretManager, name: string, ...texts: readonly string[]): void {
  const own = { replication: { automatic: {} }, labels: { team: "ops" }, annotations: { note: "ours" } };
  if (secrets.peek(name) === null) secrets.create(name, { ...own, versionAliases: {} });
  for (const text of texts) secrets.add(name, Buffer.from(text));
}

test("a secret that unsprawl makes is marked, named and replicated as said", async () => {
  const { double, store } = await world({ locations: ["europe-west3", "europe-west4"] });
  await store.put(store.key({ subject: "web", project: "shop", name: "A" }), ONE, null, ORIGIN);
  expect(double.secrets.peek(NAME)).toMatchObject({
    labels: { "managed-by": "unsprawl" },
    annotations: { "unsprawl-run": ORIGIN.runId },
    replication: { userManaged: { replicas: [{ location: "europe-west3" }, { location: "europe-west4" }] } },
  });
});

test("what was written is read back while `latest` still lags, and nobody writes over it", async () => {
  const { double, store, other } = await world();
  const first = await store.put(KEY, ONE, null, ORIGIN);
  double.secrets.freeze();
  await store.put(KEY, TWO, first.version, ORIGIN);
  expect((await store.get(KEY))?.value).toEqual(TWO);
  // Another host still reads the old value, and yet cannot replace what it has not seen.
  const there = await (await other()).get(KEY);
  expect(there?.value).toEqual(ONE);
  const late = (await other()).put(KEY, THREE, there?.version ?? "", ORIGIN);
  await expect(late).rejects.toMatchObject({ code: "conflict" });
  await expect((await other()).remove(KEY, (one) => one.equals(ONE))).rejects.toMatchObject({ code: "conflict" });
  double.secrets.thaw();
  expect((await (await other()).get(KEY))?.value).toEqual(TWO);
  // A secret whose first version is not seen yet is not absent.
  double.secrets.freeze();
  const fresh = { path: "shop--web--B", field: "" };
  await store.put(fresh, ONE, null, ORIGIN);
  await expect((await other()).put(fresh, TWO, null, ORIGIN)).rejects.toMatchObject({ code: "conflict" });
});

test("a secret that was deleted and made again elsewhere is read, not remembered", async () => {
  const { double, store } = await world();
  const first = await store.put(KEY, ONE, null, ORIGIN);
  await store.put(KEY, TWO, first.version, ORIGIN);
  double.secrets.remove(NAME);
  expect(await store.get(KEY)).toBe(null);
  byHand(double, NAME, "three");
  expect((await store.get(KEY))?.value).toEqual(THREE);
});

test("what a killed writer began is taken over once its claim has ended, and not before", async () => {
  const { double, store } = await world();
  const claimed = (at: number): void => {
    const annotations = { "unsprawl-write": `1 somebody ${at}`, "unsprawl-run": "r" };
    const labels = { "managed-by": "unsprawl" };
    double.secrets.create(NAME, { replication: { automatic: {} }, labels, annotations, versionAliases: {} });
  };
  claimed(0);
  const waiting = store.put(KEY, ONE, null, ORIGIN);
  await expect.poll(() => double.log.filter((line) => line === `GET secrets/${NAME} 200`).length).toBeGreaterThan(2);
  expect(double.secrets.peek(NAME)?.versions).toEqual([]);
  // As if a quarter of a minute had passed on the server.
  Object.assign(double.secrets.find(NAME), { createTime: new Date(Date.now() - 16_000).toISOString() });
  await waiting;
  expect((await store.get(KEY))?.value).toEqual(ONE);
});

test("what a killed writer made and left empty is taken away with it", async () => {
  const { double, store } = await world();
  const labels = { "managed-by": "unsprawl" };
  double.secrets.create(NAME, { replication: { automatic: {} }, labels, annotations: {}, versionAliases: {} });
  expect(await store.get(KEY)).toBe(null);
  expect(await store.remove(KEY, () => true)).toBe(false);
  expect(double.secrets.peek(NAME)).toBe(null);
  byHand(double, NAME);
  expect(await store.remove(KEY, () => true)).toBe(false);
  expect(double.secrets.peek(NAME)).not.toBe(null);
});

test("another tool that writes in between is reported, and both values stay", async () => {
  const { double, store } = await world();
  const { version } = await store.put(KEY, ONE, null, ORIGIN);
  const add = double.secrets.add.bind(double.secrets);
  vi.spyOn(double.secrets, "add").mockImplementationOnce(
    (name, data) => (add(name, Buffer.from("theirs")), add(name, data)),
  );
  await expect(store.put(KEY, TWO, version, ORIGIN)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("another writer put version 2"),
    hint: expect.stringContaining(`gcloud secrets versions list ${NAME} --project unsprawl-test`),
  });
  expect(double.secrets.peek(NAME)?.versions.map(({ data }) => String(data))).toEqual(["one", "theirs", "two"]);
});

test("a writer that changes the secret between looking and claiming is seen by the etag", async () => {
  const { double, store, other } = await world();
  const { version } = await store.put(KEY, ONE, null, ORIGIN);
  const [slow, quick] = await Promise.all([other(), other()]);
  const both = await Promise.allSettled([slow.put(KEY, TWO, version, ORIGIN), quick.put(KEY, THREE, version, ORIGIN)]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(double.secrets.peek(NAME)?.versions).toHaveLength(2);
});

test("somebody else's secret is replaced only by its version, keeps what it has, and is never deleted", async () => {
  const { double, store } = await world();
  byHand(double, NAME, "one");
  await expect(store.put(KEY, TWO, null, ORIGIN)).rejects.toMatchObject({ code: "conflict" });
  const there = await store.get(KEY);
  await store.put(KEY, TWO, there?.version ?? "", ORIGIN);
  const { labels, annotations } = double.secrets.find(NAME);
  expect([labels, annotations["note"]]).toEqual([{ team: "ops" }, "ours"]);
  await expect(store.remove(KEY, () => true)).rejects.toMatchObject({
    code: "conflict",
    hint: `gcloud secrets delete ${NAME} --project unsprawl-test`,
  });
  expect((await store.earlier?.(KEY, (one) => one.equals(ONE)))?.equals(ONE)).toBe(true);
});

test.each([
  ["DISABLED", "disabled", `gcloud secrets versions enable latest --secret ${NAME} --project unsprawl-test`],
  ["DESTROYED", "destroyed", `gcloud secrets versions list ${NAME} --project unsprawl-test shows the others`],
] as const)("a latest version that is %s is not absent, and nothing is written over it", async (state, word, hint) => {
  const { double, store } = await world();
  byHand(double, NAME, "one", "two");
  double.secrets.change(NAME, "2", state);
  const error = { code: "denied", message: expect.stringContaining(`the latest version of ${NAME} is ${word}`), hint };
  await expect(store.get(KEY)).rejects.toMatchObject(error);
  await expect(store.put(KEY, THREE, null, ORIGIN)).rejects.toMatchObject({ code: "denied" });
  await expect((await openSpec(gcpSpec(double, "accessor"))).get(KEY)).rejects.toMatchObject({
    message: expect.stringContaining("is disabled or destroyed"),
  });
  // The one before is passed over where an earlier value is looked for.
  byHand(double, NAME, "three");
  expect((await store.earlier?.(KEY, (one) => one.equals(ONE)))?.equals(ONE)).toBe(true);
});

test("references of vals: a version, an alias, a field of a document, no project", async () => {
  const { double, store } = await world();
  byHand(double, NAME, "one", '{"db":{"password":"two"},"port":5432}', "db:\n  password: three\n");
  double.secrets.find(NAME).versionAliases = { stable: "2" };
  const at = async (reference: string): Promise<string | undefined> => {
    const key = store.parse(reference);
    if (key === null) throw new Error(reference);
    expect(store.parse(store.reference(key))).toEqual(key);
    return (await store.get(key))?.value.exposeText();
  };
  const base = `ref+gcpsecrets://unsprawl-test/${NAME}`;
  expect(await at(`${base}?version=1`)).toBe("one");
  expect(await at(`${base}?version=latest#/db/password`)).toBe("three");
  expect(await at(`${base}#/db/password`)).toBe("three");
  expect(await at(`${base}?version=stable#/db/password`)).toBe("two");
  expect(await at(`${base}?version=2#/port`)).toBe("5432");
  expect(await at(`${base}#/db/nothing`)).toBe(undefined);
  expect(await at(`ref+gcpsecrets://${NAME}?version=1`)).toBe("one");
  expect(store.parse(`ref+gcpsecrets://other-project/${NAME}`)).toBe(null);
  for (const odd of [`${base}?fallback=x`, `${base}?version=`, `${base}#db`, `${base}/3`, "ref+gcpsecrets://"])
    expect(() => store.parse(odd)).toThrow(expect.objectContaining({ code: "malformed" }));
  const one = { path: `${NAME}/1`, field: "a" };
  await expect(store.get(one)).rejects.toMatchObject({ code: "malformed", message: `${NAME}/1 has no fields` });
  for (const key of [
    { ...one, field: "" },
    { ...one, path: NAME },
  ])
    await expect(store.put(key, ONE, null, ORIGIN)).rejects.toMatchObject({ code: "refused" });
});

test("names lead back to what they were made of, dashes and all", async () => {
  const { store } = await world();
  for (const names of [
    { project: "shop", subject: "web", name: "A" },
    { project: "", subject: "shop--web", name: "A" },
    { project: "shop", subject: "web-1", name: "AIRFLOW__CORE__FERNET_KEY" },
    { project: "a-", subject: "-b", name: "x.y/z-" },
  ])
    expect(store.names(store.key(names))).toEqual(names);
  const paths = ["a--b", "a-", "-a", "a", "a_x2d_"].map(
    (subject) => store.key({ project: "", subject, name: "N" }).path,
  );
  expect(new Set(paths).size).toBe(paths.length);
  expect(() => store.key({ project: "", subject: "a".repeat(250), name: "LONG" })).toThrow(/255/);
});

test("every page of the list is read, and a list needs a right of its own", async () => {
  const { double, store } = await world();
  for (let at = 0; at < 120; at++) byHand(double, `n${String(at).padStart(3, "0")}`, "x");
  const listed = (await store.list("n")).map(({ path }) => path);
  expect([listed.length, listed[0], listed.at(-1)]).toEqual([120, "n000", "n119"]);
  await expect((await openSpec(gcpSpec(double, "accessor"))).list("")).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining("secretmanager.secrets.list"),
  });
});

test("an answer whose checksum is wrong, or that is another server's, is neither a value nor absent", async () => {
  const { double, store } = await world();
  byHand(double, NAME, "one");
  vi.spyOn(double.secrets, "payloadJson").mockReturnValueOnce({
    name: `projects/1/secrets/${NAME}/versions/1`,
    payload: { data: Buffer.from("two").toString("base64"), dataCrc32c: String(crc32(Buffer.from("one"))) },
  });
  await expect(store.get(KEY)).rejects.toMatchObject({
    code: "malformed",
    message: expect.stringContaining("checksum"),
  });
  expect((await store.get(KEY))?.value).toEqual(ONE);
  const page = createServer((_, response) => void response.writeHead(404, { "content-type": "text/html" }).end("<p>"));
  onTestFinished(() => void page.close());
  await once(page.listen(0, "127.0.0.1"), "listening");
  const { port } = page.address() as { port: number };
  const wrong = await openSpec(gcpSpec(double, "writer", { endpoint: `http://127.0.0.1:${port}` }));
  await expect(wrong.get(KEY)).rejects.toMatchObject({ code: "malformed" });
  expect(await wrong.check()).toMatchObject([{ right: "reach", ok: false }]);
});

test.each([
  [401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "denied", "gcloud auth application-default login"],
  [403, "PERMISSION_DENIED", "SERVICE_DISABLED", "denied", "gcloud services enable secretmanager.googleapis.com"],
  [403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "denied", "--scopes cloud-platform"],
  [403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "denied", "--role roles/secretmanager.secretAccessor"],
  [400, "INVALID_ARGUMENT", "", "refused", "unsprawl stores check"],
  [409, "ABORTED", "", "conflict", "try again"],
  [429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "throttled", "quota"],
  [500, "INTERNAL", "", "unreachable", "try again later"],
] as const)("%s %s %s is %s, and says what to type", (status, code, reason, as, hint) => {
  const settings = { projectId: "team", endpoint: "https://secretmanager.googleapis.com" } as GcpSettings;
  const act = { permission: "versions.access", name: NAME } as const;
  expect(failed(new GcpFailure(status, code, reason), act, settings)).toMatchObject({
    code: as,
    hint: expect.stringContaining(hint),
  });
});

test("the checksum is CRC32C", () => {
  // RFC 3720, B.4, and the check value of the catalogue of CRCs.
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});
