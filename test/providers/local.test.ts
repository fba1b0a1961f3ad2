import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { provider } from "../../providers/local/index.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { newIdentity } from "../../src/stores-kit/sops/index.ts";
import { providerConformance, type StoreWorld } from "../conformance/provider.ts";
import { openSpec, type StoreSpec } from "../conformance/spec.ts";
import { Secret } from "../../src/model/secret.ts";

async function localWorld(file?: string): Promise<StoreWorld> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const spec = (key: string) => ({
    provider: "local",
    config: file === undefined ? {} : { file },
    env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, key) },
    dir,
  });
  const writer = spec("age/keys.txt");
  const { files } = await (await openSpec(writer)).issueReader();
  // A nested file is there before the stranger comes: it cannot even add to it.
  const store = await openSpec(writer);
  await store.put(store.key({ subject: "first", project: "shop", name: "FIRST" }), Secret.of("1"), null, {
    runId: "r",
    subject: "first",
  });
  return {
    writer,
    operator: writer,
    stranger: spec("other/keys.txt"),
    forbidden: null,
    unreachable: () => notMounted(writer, dir, file ?? "{subject}.sops.yaml"),
    credentials: files.map(({ content }) => content.expose().toString("utf8").trim().split("\n").at(-1) ?? ""),
    stop: async () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The store on a disk that is not mounted any more: a link leads to it. */
async function notMounted(writer: StoreSpec, dir: string, file: string): Promise<StoreSpec> {
  const disk = mkdtempSync(join(dir, "disk-"));
  symlinkSync(disk, join(dir, "mounted"));
  const spec = { ...writer, config: { file: join("mounted", file) } };
  const store = await openSpec(spec);
  const key = store.key({ subject: "first", project: "shop", name: "FIRST" });
  await store.put(key, Secret.of("1"), null, { runId: "r", subject: "first" });
  rmSync(disk, { recursive: true });
  return spec;
}

providerConformance("local, a file a subject", () => localWorld(), {
  server: false,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  acrossProcesses: true,
  checkAndSet: true,
  strangersCreate: true,
});
providerConformance("local, one file for all", () => localWorld("all.sops.yaml"), {
  server: false,
  reference: /^ref\+sops:\/\/\/\S+#\/\S+$/,
  acrossProcesses: true,
  checkAndSet: true,
  oneFile: true,
});

test("the check leaves no file, no folder and no identity behind", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const store = await openSpec({
    provider: "local",
    config: { file: "a/b/{subject}.sops.yaml" },
    env: { HOME: dir },
    dir,
  });
  expect((await store.check()).every((line) => line.ok)).toBe(true);
  expect(readdirSync(dir)).toEqual([]);
  rmSync(dir, { recursive: true });
});

test.each(["{project/}{subject}.sops.yaml", "{subject}/{name}.sops.yaml", "all.sops.yaml"])(
  "a killed check keeps nobody from using %s, and a later one removes what it left",
  async (file) => {
    const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
    const config = { file: `a/${file}` };
    const spec = { provider: "local", config, env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "keys.txt") }, dir };
    // As soon as the test value is written its process ends.
    const body = `import { openSpec } from ${JSON.stringify(new URL("../conformance/spec.ts", import.meta.url).href)};
      import { existsSync, readdirSync } from "node:fs";
      const store = await openSpec(${JSON.stringify(spec)});
      const left = () => existsSync("a") && readdirSync("a", { recursive: true }).some((name) => name.endsWith("yaml"));
      setInterval(() => left() && process.kill(process.pid, "SIGKILL"), 0);
      await store.check();`;
    expect(spawnSync(process.execPath, ["--input-type=module", "-e", body], { cwd: dir }).signal).toBe("SIGKILL");
    const left = (): string[] =>
      readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
    expect(left()).toHaveLength(1);
    const store = await openSpec(spec);
    const right = { right: "authenticate", ok: true };
    expect(await store.check()).toContainEqual(expect.objectContaining(right));
    const key = store.key({ subject: "web", project: "", name: "A" });
    await store.put(key, Secret.of("a"), null, { runId: "r", subject: "web" });
    expect(await store.list("")).toEqual([key]);
    for (const name of left()) utimesSync(join(dir, name), 0, 0);
    expect((await store.check()).every(({ ok }) => ok)).toBe(true);
    expect(left()).toHaveLength(1);
    expect((await store.get(key))?.value.exposeText()).toBe("a");
    rmSync(dir, { recursive: true });
  },
);

test("modes: what is made is for the owner alone, what was there keeps its own", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const store = await openSpec({ provider: "local", config: {}, env: { HOME: dir }, dir });
  const key = store.key({ subject: "api", project: "", name: "A" });
  const origin = { runId: "r", subject: "api" };
  await store.put(key, Secret.of("a"), null, origin);
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  expect([mode(join(dir, ".local/share/unsprawl/secrets")), mode(key.path)]).toEqual(["700", "600"]);
  chmodSync(key.path, 0o640);
  await store.put({ ...key, field: "B" }, Secret.of("b"), null, origin);
  expect(mode(key.path)).toBe("640");
  rmSync(dir, { recursive: true });
});

test("references: relative ones from the configuration's folder, those outside the store's folder are another's", async () => {
  const config = { file: "secrets/{subject}.sops.yaml" };
  const store = await openSpec({ provider: "local", config, env: { HOME: "/nowhere" }, dir: "/srv/my app" });
  const key = store.key({ subject: "api", project: "", name: "A B" });
  expect(store.reference(key)).toBe("ref+sops:///srv/my%20app/secrets/api.sops.yaml#/A%20B");
  expect(store.parse("ref+sops://secrets/api.sops.yaml#/A%20B")).toEqual(key);
  expect(store.parse("ref+sops://secrets/api.sops.yaml?key_type=filepath#/db/password")).toEqual({
    ...key,
    field: "db/password",
  });
  expect(store.parse("ref+sops:///etc/other.sops.yaml#/A")).toBe(null);
  expect(store.parse("ref+sops://secrets/../other.sops.yaml#/A")).toBe(null);
  expect(() => store.parse("ref+sops://secrets/api.sops.yaml?key_type=base64#/A")).toThrow(UnsprawlError);
});

test("a configuration that makes no sense is named", async () => {
  for (const config of [{ file: 5 }, { file: "" }, { readOnly: "true" }]) {
    await expect(openSpec({ provider: "local", config, env: {}, dir: "/" })).rejects.toMatchObject({ code: "config" });
  }
});

test("the list: every file that the template reaches, one subject's, those that begin so; others' files are left", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const open = (file: string, key = "key.txt") =>
    openSpec({ provider: "local", config: { file, ageKeyFile: key }, env: { HOME: dir }, dir });
  const store = await open("s/{project}/{subject}.sops.yaml");
  const keys = [
    store.key({ subject: "api", project: "shop", name: "B" }),
    store.key({ subject: "api", project: "shop", name: "A/1" }),
    store.key({ subject: "api v2", project: "shop", name: "A" }),
    store.key({ subject: "web", project: "other", name: "A" }),
  ];
  for (const key of keys) await store.put(key, Secret.of("x"), null, { runId: "r", subject: "api" });
  for (const name of ["notes.txt", "api.sops.yaml.lock", ".api.sops.yaml.0123456789ab.tmp", "a b.sops.yaml", "x.yaml"])
    writeFileSync(join(dir, "s/shop", name), "no SOPS file");
  const [b, a, v2, web] = keys;
  expect(await store.list("")).toEqual([web, v2, b, a]);
  expect(await store.list("s/shop")).toEqual([v2, b, a]);
  expect(await store.list("s/shop/api.sops.yaml")).toEqual([b, a]);
  expect(await store.list(join(dir, "s/other/web.sops.yaml"))).toEqual([web]);
  expect(await store.list("s/shop/no")).toEqual([]);
  for (const key of keys) expect(store.key(store.names(key))).toEqual(key);

  // One file for all: a subject is a map in it; what is not encrypted is no secret.
  const all = await open("all.json");
  const pair = ["api", "web"].map((subject) => all.key({ subject, project: "", name: "A" }));
  for (const key of pair) await all.put(key, Secret.of("x"), null, { runId: "r", subject: "api" });
  expect(await all.list("")).toEqual(pair);
  expect(await all.list("web")).toEqual(pair.slice(1));
  expect(await all.list("we")).toEqual([]);
  expect(await (await open("none.json")).list("")).toEqual([]);
  const stranger = await open("all.json", "other.txt");
  await expect(stranger.list("")).rejects.toMatchObject({ code: "denied" });
  rmSync(dir, { recursive: true });
});

test("the policy: the rule and the command that let one application's identity in", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const store = await openSpec({ provider: "local", config: {}, env: { HOME: dir }, dir });
  const key = store.key({ subject: "a.pi", project: "", name: "A" });
  await store.put(key, Secret.of("x"), null, { runId: "r", subject: "a.pi" });
  const recipient = /# public key: (\S+)/.exec(readFileSync(join(dir, ".config/sops/age/keys.txt"), "utf8"))?.[1] ?? "";
  const policy = await store.policy({ subject: "a.pi", project: "" });
  expect(policy).toContain(`age: ${recipient},`);
  expect(policy).toContain(`sops updatekeys ${key.path}`);
  const rule = /path_regex: '(.*)'/.exec(policy)?.[1] ?? "";
  expect(new RegExp(rule).test("secrets/a.pi.sops.yaml")).toBe(true);
  expect(new RegExp(rule).test("secrets/aXpi.sops.yaml")).toBe(false);
  rmSync(dir, { recursive: true });
});

test("a dotenv file cannot hold several containers, and keeps to one when it is named for it", async () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
  const spec = (file: string) => ({ provider: "local", config: { file }, env: { HOME: dir }, dir });
  await expect(openSpec(spec("all.env"))).rejects.toMatchObject({ code: "config" });
  const store = await openSpec(spec("{subject}.sops.env"));
  const key = store.key({ subject: "api", project: "", name: "A" });
  await store.put(key, Secret.of("x=y"), null, { runId: "r", subject: "api" });
  expect((await store.get(key))?.value).toEqual(Secret.of("x=y"));
  expect(store.reference(key)).toBe(`ref+sops://${dir}/api.sops.env?format=dotenv#/A`);
  expect(store.parse(store.reference(key))).toEqual(key);
  expect(() => store.parse(`ref+sops://${dir}/api.sops.env?format=json#/A`)).toThrow(UnsprawlError);
  rmSync(dir, { recursive: true });
});

describe("without a file in its configuration", () => {
  const origin = { runId: "r", subject: "db" };
  const names = { subject: "db", project: "", name: "A" };
  const own = (dir: string, file: string): string => join(dir, "home/.local/share/unsprawl/secrets", file);
  const open = async (
    dir: string,
    more: { [name: string]: string } = {},
    cwd = join(dir, "work"),
    said: string[] = [],
  ) =>
    provider.open("local", {}, { env: { HOME: join(dir, "home"), ...more }, dir: cwd, say: (text) => said.push(text) });
  const made: string[] = [];
  const folder = (): string => {
    const dir = mkdtempSync(join(tmpdir(), "unsprawl-local-"));
    mkdirSync(join(dir, "work"));
    made.push(dir);
    return dir;
  };
  afterAll(() => {
    for (const dir of made) rmSync(dir, { recursive: true, force: true });
  });

  test("files are in one folder of the user's, wherever it is called, and a project has its own", async () => {
    const dir = folder();
    const store = await open(dir);
    expect(store.key(names).path).toBe(own(dir, "db.sops.yaml"));
    expect(store.key({ ...names, project: "shop" }).path).toBe(own(dir, "shop/db.sops.yaml"));
    expect((await open(dir, {}, "/")).target).toEqual(store.target);
    const moved = await open(dir, { XDG_DATA_HOME: join(dir, "data") });
    expect(moved.key(names).path).toBe(join(dir, "data/unsprawl/secrets/db.sops.yaml"));
    const keys = [store.key(names), store.key({ ...names, project: "shop" })];
    for (const key of keys) {
      await store.put(key, Secret.of("x"), null, origin);
      expect([store.key(store.names(key)), store.parse(store.reference(key))]).toEqual([key, key]);
    }
    expect(await store.list("")).toEqual(keys);
    expect([await store.list("db"), await store.list("shop/db")]).toEqual([[keys[0]], [keys[1]]]);
  });

  test("a folder that an earlier version used stays in use, says so before the first write, and has projects apart too", async () => {
    const dir = folder();
    const earlier = await provider.open(
      "local",
      { file: "secrets/{subject}.sops.yaml" },
      { env: { HOME: join(dir, "home") }, dir: join(dir, "work") },
    );
    const old = earlier.key(names);
    await earlier.put(old, Secret.of("old"), null, origin);
    const said: string[] = [];
    const store = await open(dir, {}, join(dir, "work"), said);
    expect(store.key(names)).toEqual(old);
    expect((await store.get(old))?.value.exposeText()).toBe("old");
    expect(store.key({ ...names, project: "shop" }).path).toBe(join(dir, "work/secrets/shop/db.sops.yaml"));
    expect(said).toEqual([]);
    await store.put({ ...old, field: "B" }, Secret.of("b"), null, origin);
    expect(said).toEqual([expect.stringContaining(`keeps its files in ${join(dir, "work/secrets")}`)]);
    // Elsewhere the user's own folder is the place; the references of both are resolved here.
    const away = await open(dir, {}, dir);
    expect(away.key(names).path).toBe(own(dir, "db.sops.yaml"));
    expect(store.parse(away.reference(away.key(names)))).toEqual(away.key(names));
    expect(away.parse(store.reference(old))).toBe(null);
  });

  test("a clone's own rules do not make its files ours; a file that was made here is, whomever its rule names", async () => {
    const dir = folder();
    const [mine, theirs] = [await newIdentity(), await newIdentity()];
    const tree = join(dir, "work");
    const at = (more: { [name: string]: string }, workTree: string | null) => {
      const env = { HOME: join(dir, "home"), SOPS_AGE_KEY: mine.identity, ...more };
      return provider.open("local", {}, { env, dir: tree, workTree });
    };
    const ruled = { creation_rules: [{ age: `${mine.recipient},${theirs.recipient}` }] };
    writeFileSync(join(tree, ".sops.yaml"), JSON.stringify(ruled));
    const first = await at({}, tree);
    const key = first.key(names);
    expect(key.path).toBe(join(tree, "secrets/db.sops.yaml"));
    await first.put(key, Secret.of("x"), null, origin);
    expect((await at({}, tree)).key(names)).toEqual(key);
    // For another machine, which has no record, it is what came with the clone.
    const elsewhere = { XDG_STATE_HOME: join(dir, "elsewhere") };
    expect((await at(elsewhere, tree)).key(names).path).toBe(own(dir, "db.sops.yaml"));
    expect((await at({ ...elsewhere, SOPS_AGE_RECIPIENTS: theirs.recipient }, tree)).key(names)).toEqual(key);
  });

  test("files of others in a folder of that name decide nothing, even when they open here", async () => {
    const dir = folder();
    const [mine, theirs] = [await newIdentity(), await newIdentity()];
    const planted = await provider.open(
      "local",
      { file: "secrets/{subject}.sops.yaml" },
      {
        env: { HOME: dir, SOPS_AGE_KEY: theirs.identity, SOPS_AGE_RECIPIENTS: mine.recipient },
        dir: join(dir, "work"),
      },
    );
    const key = planted.key(names);
    await planted.put(key, Secret.of("x"), null, origin);
    const store = await open(dir, { SOPS_AGE_KEY: mine.identity });
    expect(store.key(names).path).toBe(own(dir, "db.sops.yaml"));
    // What it resolves, it still does.
    expect((await store.get(key))?.value.exposeText()).toBe("x");
    expect(store.parse(store.reference(key))).toEqual(key);
  });
});
