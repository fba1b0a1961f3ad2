import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { masterKeys, type MasterKeys } from "./master-keys.ts";

/** Files under several master keys at once, against the real sops with the real age, a real OpenBao, and moto as AWS. */

let keys: MasterKeys;
beforeAll(async () => {
  keys = await masterKeys();
});
afterAll(() => keys?.stop());

type Kind = keyof MasterKeys["logins"];
const KINDS: readonly Kind[] = ["age", "kms", "hc_vault"];

const whole = (file: string, ...kinds: readonly Kind[]): unknown =>
  JSON.parse(keys.sops(["decrypt", "--output-type", "json", file], env(...kinds)).toString("utf8")) as unknown;
const env = (...kinds: readonly Kind[]): { [name: string]: string } =>
  Object.assign({}, ...kinds.map((kind) => keys.logins[kind])) as { [name: string]: string };

/** One key of each kind, as a group of a creation rule names it. */
const group = (kind: Kind): object =>
  ({
    age: { age: [keys.recipient] },
    kms: { kms: [{ arn: keys.arns[0], context: { App: "api", Env: "prod" } }] },
    hc_vault: { hc_vault: [keys.transit] },
  })[kind];

describe.for(["yaml", "json", "env"])("in %s form", (form) => {
  const file = (folder: string): string => `${folder}/{subject}.sops.${form}`;

  test("ours opens for the real sops by each of its keys alone", async () => {
    keys.rules(`ours-${form}`, {
      age: keys.recipient,
      kms: keys.arns.join(","),
      hc_vault_transit_uri: keys.transit,
    });
    const store = await keys.open(env(...KINDS), file(`ours-${form}`));
    await keys.put(store, "A", "first");
    const path = await keys.put(store, "B", 'it\'s "second"');
    for (const kind of KINDS) expect(whole(path, kind)).toEqual({ A: "first", B: 'it\'s "second"' });
    expect(() => whole(path)).toThrow(/sops decrypt/);
  });

  test("theirs opens for us by each of its keys alone, takes a value, and keeps its keys", async () => {
    const dir = keys.rules(`theirs-${form}`, { key_groups: [Object.assign({}, ...KINDS.map(group)) as object] });
    const path = join(dir, `api.sops.${form}`);
    writeFileSync(path, { yaml: "A: a\n", json: '{"A": "a"}', env: "A=a\n" }[form] ?? "");
    keys.sops(["--config", join(dir, ".sops.yaml"), "encrypt", "-i", path], env(...KINDS));
    keys.rules(`theirs-${form}`, { age: keys.recipient });
    for (const kind of KINDS) {
      const store = await keys.open(env(kind), file(`theirs-${form}`));
      expect(await keys.get(store, "A")).toBe("a");
      await keys.put(store, kind, kind);
    }
    for (const kind of KINDS)
      expect(whole(path, kind)).toEqual({ A: "a", age: "age", kms: "kms", hc_vault: "hc_vault" });
  });

  test("with its key split over three groups, any two open it, theirs and ours; one does not", async () => {
    const folder = `groups-${form}`;
    const dir = keys.rules(folder, { shamir_threshold: 2, key_groups: KINDS.map(group) });
    const ours = await keys.put(await keys.open(env(...KINDS), file(folder)), "A", "ours");
    const theirs = join(dir, `theirs.sops.${form}`);
    writeFileSync(theirs, { yaml: "A: ours\n", json: '{"A": "ours"}', env: "A=ours\n" }[form] ?? "");
    keys.sops(["--config", join(dir, ".sops.yaml"), "encrypt", "-i", theirs], env(...KINDS));
    for (const without of KINDS) {
      const pair = KINDS.filter((kind) => kind !== without);
      const store = await keys.open(env(...pair), file(folder));
      expect(whole(ours, ...pair)).toEqual({ A: "ours" });
      expect(await keys.get(store, "A")).toBe("ours");
      const key = { ...store.key({ subject: "theirs", project: "", name: "A" }) };
      expect((await store.get(key))?.value.expose().toString()).toBe("ours");
    }
    expect(() => whole(ours, "age")).toThrow(/sops decrypt/);
    const lonely = await keys.open({ ...env("age"), VAULT_ADDR: "http://127.0.0.1:1" }, file(folder));
    await expect(keys.get(lonely, "A")).rejects.toMatchObject({
      message: expect.stringMatching(
        /2 of its 3 key groups are needed, and 1 can be used here \(.*kms arn:aws:kms:.*hc_vault http.*VAULT_ADDR is http:\/\/127\.0\.0\.1:1/,
      ) as string,
    });
  });
});

test("a key that a role is for is used as that role, by us and by the real sops", async () => {
  const role = "arn:aws:iam::123456789012:role/reader";
  const dir = keys.rules("role", { kms: `${keys.arns[1]}+${role}` });
  const store = await keys.open(env("kms"), "role/{subject}.sops.yaml", [role]);
  const path = await keys.put(store, "A", "a");
  expect(readFileSync(path, "utf8")).toContain(`role: "${role}"`);
  expect(whole(path, "kms")).toEqual({ A: "a" });
  const theirs = join(dir, "theirs.sops.yaml");
  writeFileSync(theirs, "A: theirs\n");
  keys.sops(["--config", join(dir, ".sops.yaml"), "encrypt", "-i", theirs], env("kms"));
  const found = await store.get(store.key({ subject: "theirs", project: "", name: "A" }));
  expect(found?.value.expose().toString()).toBe("theirs");
  const nowhere = await keys.open(
    { ...env("kms"), AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1" },
    "role/{subject}.sops.yaml",
    [role],
  );
  await expect(keys.get(nowhere, "A")).rejects.toMatchObject({ message: expect.stringContaining("STS") as string });
});

test("a role that only a file or a rule names is not assumed: whoever wrote it would choose as whom the login acts", async () => {
  const role = "arn:aws:iam::123456789012:role/other";
  keys.rules("unnamed-role", { kms: `${keys.arns[1]}+${role}` });
  const file = "unnamed-role/{subject}.sops.yaml";
  const path = await keys.put(await keys.open(env("kms"), file, [role]), "A", "a");
  // It would be reached, and is not asked.
  for (const roles of [[], [`${role}2`]]) {
    const store = await keys.open({ ...env("kms"), AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1" }, file, roles);
    const denied = {
      message: expect.stringContaining(`the role ${role}, which the store's configuration does not name`) as string,
      hint: `roles: [${role}] in the store's configuration, if this role is yours to use`,
    };
    await expect(keys.get(store, "A")).rejects.toMatchObject(denied);
    const shown = [{ file: path, added: [], removed: [] }];
    expect(await store.rewrap?.(shown)).toMatchObject([{ error: denied }]);
  }
});

test("a file names every key that it has and what each lacks", async () => {
  keys.rules("lacking", { age: keys.recipient, hc_vault_transit_uri: keys.transit });
  await keys.put(await keys.open(env(...KINDS), "lacking/{subject}.sops.yaml"), "A", "a");
  await expect(keys.get(await keys.open({}, "lacking/{subject}.sops.yaml"), "A")).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(
      /none of its keys can be used here \(age age1\w+: .*there is no age identity.*; hc_vault http:\/\/.*: the key is in the Vault at .*, and VAULT_ADDR is not set\)/,
    ) as string,
  });
});

test("without an age identity a rule's other keys are enough: the check says by which, and no key file has to be backed up", async () => {
  keys.rules("keyless", { kms: keys.arns[0], hc_vault_transit_uri: keys.transit });
  const store = await keys.open(env("kms", "hc_vault"), "keyless/{subject}.sops.yaml");
  const checks = await store.check();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(checks.find(({ right }) => right === "authenticate")?.text).toMatch(/^kms arn:.*, hc_vault .*, as rule 1 of /);
  expect(await store.keyFiles?.([store.key({ subject: "api", project: "", name: "A" })])).toEqual([]);
  expect(existsSync(join(keys.dir, "nobody/.config"))).toBe(false);
});

test("an address that only the file names gets no token, whatever it is", async () => {
  const seen: string[] = [];
  const thief = createServer((request, response) => {
    seen.push(request.url ?? "");
    response.end("{}");
  });
  await once(thief.listen(0, "127.0.0.1"), "listening");
  const theirs = `http://127.0.0.1:${(thief.address() as AddressInfo).port}`;
  keys.rules("thief", { age: keys.recipient, hc_vault_transit_uri: keys.transit });
  const path = await keys.put(await keys.open(env(...KINDS), "thief/{subject}.sops.yaml"), "A", "a");
  writeFileSync(path, readFileSync(path, "utf8").replace(keys.bao.address, theirs));
  const store = await keys.open(env("hc_vault"), "thief/{subject}.sops.yaml");
  await expect(keys.get(store, "A")).rejects.toMatchObject({
    code: "denied",
    hint: expect.stringContaining(
      `; or export VAULT_ADDR=${theirs}, if you trust it with your token; then vault login`,
    ) as string,
  });
  keys.rules("thief", { age: keys.recipient, hc_vault_transit_uri: `${theirs}/v1/keys/transit/keys/app` });
  const all = await keys.open(env(...KINDS), "thief/{subject}.sops.yaml");
  const shown = (await all.rewraps?.()) ?? [];
  expect(await all.rewrap?.(shown)).toMatchObject([{ file: path, error: { code: "denied" } }]);
  expect(seen).toEqual([]);
  thief.close();
});

test("an engine that only the file calls transit gets nothing: what is sent there could be written", async () => {
  await keys.bao.api("POST", "sys/mounts/notes", { type: "kv", options: { version: "1" } });
  keys.rules("notes", { age: keys.recipient, hc_vault_transit_uri: keys.transit });
  const path = await keys.put(await keys.open(env(...KINDS), "notes/{subject}.sops.yaml"), "A", "a");
  const text = readFileSync(path, "utf8");
  const transit = await keys.open(env("hc_vault"), "notes/{subject}.sops.yaml");
  for (const [field, to, message] of [
    ["engine_path", "notes", "does not say that notes/ is a transit engine"],
    ["key_name", "a/b", "the name of a transit key has a slash"],
  ] as const) {
    writeFileSync(path, text.replace(new RegExp(`${field}: .*`), `${field}: ${to}`));
    await expect(keys.get(transit, "A")).rejects.toMatchObject({ message: expect.stringContaining(message) as string });
  }
  await expect(keys.bao.api("GET", "notes/decrypt?list=true")).rejects.toThrow("404");
});

test("a split that is given up is said before it is", async () => {
  keys.rules("split", { shamir_threshold: 2, key_groups: [group("age"), group("hc_vault")] });
  await keys.put(await keys.open(env(...KINDS), "split/{subject}.sops.yaml"), "A", "a");
  keys.rules("split", { age: keys.recipient, hc_vault_transit_uri: keys.transit });
  const store = await keys.open(env(...KINDS), "split/{subject}.sops.yaml");
  expect(await store.rewraps?.()).toMatchObject([
    {
      added: ["any of its keys alone"],
      removed: [expect.stringMatching(/^a key of 2 of these groups: age age1\w+; hc_vault http/)],
    },
  ]);
});

test("a text that is called a boolean, which nothing authenticates, is no value in another case", async () => {
  keys.rules("typed", { age: keys.recipient });
  const store = await keys.open(env("age"), "typed/{subject}.sops.yaml");
  const path = await keys.put(store, "A", "MixedCase");
  writeFileSync(path, readFileSync(path, "utf8").replace("type:str", "type:bool"));
  await expect(keys.get(store, "A")).rejects.toMatchObject({ code: "malformed" });
});

test("a wrapped key that was changed is no reason to try less: the file opens by another", async () => {
  keys.rules("changed", { age: keys.recipient, hc_vault_transit_uri: keys.transit });
  const path = await keys.put(await keys.open(env(...KINDS), "changed/{subject}.sops.yaml"), "A", "a");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/vault:v1:\S{8}/, "vault:v1:AAAAAAAA"));
  expect(await keys.get(await keys.open(env(...KINDS), "changed/{subject}.sops.yaml"), "A")).toBe("a");
  await expect(keys.get(await keys.open(env("hc_vault"), "changed/{subject}.sops.yaml"), "A")).rejects.toMatchObject({
    message: expect.stringMatching(/does not decrypt with keys\/transit\/keys\/app/) as string,
  });
});
