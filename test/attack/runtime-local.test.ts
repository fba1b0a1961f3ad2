/**
 * The OCI runtime reads local files by an identity of its own: none of the operator's leaves its place, and what others
 * keep in files of the same folder is not given to a container that is not allowed it.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { provider } from "../../providers/local/index.ts";
import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
import { Secret } from "../../src/model/secret.ts";
import { newIdentity } from "../../src/stores-kit/sops/index.ts";

const origin = { runId: "r", subject: "web" };
const fresh = (): string => randomBytes(18).toString("base64url");
const identitiesIn = (text: string): string[] => text.match(/AGE-SECRET-KEY-\w+/g) ?? [];

let dir: string;
let env: { [name: string]: string };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-readers-"));
  mkdirSync(join(dir, "config/sops/age"), { recursive: true });
  const mine = [await newIdentity(), await newIdentity(), await newIdentity()].map(({ identity }) => identity);
  writeFileSync(join(dir, "config/sops/age/keys.txt"), `${mine[0] ?? ""}\n${mine[1] ?? ""}\n`, { mode: 0o600 });
  env = { XDG_CONFIG_HOME: join(dir, "config"), HOME: dir, SOPS_AGE_KEY: mine[2] ?? "" };
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const open = (more: { readonly [key: string]: string | boolean } = {}, from = env): Promise<Provider> =>
  provider.open("local", { file: "s/{subject}.sops.yaml", ...more }, { env: from, dir });

/** The store as the runtime opens it: the reader's own files and configuration, nothing of the environment. */
async function reader(files: readonly ReaderFile[], place: string, file = "s/{subject}.sops.yaml"): Promise<Provider> {
  mkdirSync(join(dir, place), { recursive: true });
  for (const { name, content } of files) writeFileSync(join(dir, place, name), content.expose(), { mode: 0o600 });
  return open({ file, ageKeyFile: join(dir, place, "age.key"), readOnly: true }, {});
}

async function put(store: Provider, subject: string, value: string): Promise<ReturnType<Provider["key"]>> {
  const key = store.key({ subject, project: "p", name: "API_TOKEN" });
  await store.put(key, Secret.of(value), null, origin);
  return key;
}

test("a reader gets one identity, none of the operator's; files from before and from then on open with it", async () => {
  const store = await open();
  const [before, after] = [fresh(), fresh()];
  const old = await put(store, "old", before);
  const { files } = await store.issueReader();
  const given = files.flatMap(({ content }) => identitiesIn(content.exposeText()));
  expect(given).toHaveLength(1);
  const operators = [...identitiesIn(readFileSync(join(dir, "config/sops/age/keys.txt"), "utf8")), env["SOPS_AGE_KEY"]];
  expect(operators).toHaveLength(3);
  for (const one of operators) expect(given).not.toContain(one);

  const key = await put(await open(), "new", after);
  const theirs = await reader(files, "runtime");
  expect((await theirs.get(old))?.value.exposeText()).toBe(before);
  expect((await theirs.get(key))?.value.exposeText()).toBe(after);
  // Who could open the file still can, by each identity that it was encrypted for.
  expect((await store.get(old))?.value.exposeText()).toBe(before);
  await expect(theirs.put(key, Secret.of("x"), null, origin)).rejects.toMatchObject({ code: "denied" });
});

test("the reader's identity opens no other store of the same operator", async () => {
  const { files } = await (await open()).issueReader();
  const other = await open({ file: "private/{subject}.sops.yaml" });
  const key = await put(other, "ceo", fresh());
  const theirs = await reader(files, "runtime2", "private/{subject}.sops.yaml");
  await expect(theirs.get(key)).rejects.toMatchObject({ code: "denied" });
});

test("an identity that it holds already is kept, unless it is one of the operator's", async () => {
  const store = await open();
  const { files } = await store.issueReader();
  const again = await store.issueReader(files);
  const text = (list: readonly ReaderFile[]): string[] => identitiesIn(list[0]?.content.exposeText() ?? "");
  expect(text(again.files)).toEqual(text(files));
  const copied = [{ name: "age.key", content: Secret.of(readFileSync(join(dir, "config/sops/age/keys.txt"))) }];
  const replaced = await store.issueReader(copied);
  expect(text(replaced.files)).toHaveLength(1);
  expect(identitiesIn(copied[0]?.content.exposeText() ?? "")).not.toContain(text(replaced.files)[0]);
});

test("a file that the operator cannot open is named and left; rewrap keeps the reader", async () => {
  const said: string[] = [];
  const stranger = await open({ ageKeyFile: "stranger.txt" }, {});
  const foreign = await put(stranger, "foreign", fresh());
  const before = readFileSync(foreign.path, "utf8");
  const store = await provider.open(
    "local",
    { file: "s/{subject}.sops.yaml" },
    { env, dir, say: (text) => said.push(text) },
  );
  const { files } = await store.issueReader();
  expect(said).toEqual([expect.stringContaining("the runtime will not read")]);
  expect(readFileSync(foreign.path, "utf8")).toBe(before);
  rmSync(foreign.path);

  const key = store.key({ subject: "new", project: "p", name: "API_TOKEN" });
  await store.rewrap?.((await store.rewraps?.()) ?? []);
  expect(await (await reader(files, "runtime3")).get(key)).not.toBeNull();
  expect(existsSync(join(dir, "config/sops/age/unsprawl-readers.json"))).toBe(true);
});

test("a file that came later gets the reader with the first value, by the plan; one that cannot is refused before", async () => {
  const store = await open();
  const { files } = await store.issueReader();
  const operators = (await store.keyFiles?.([store.key({ subject: "none", project: "p", name: "A" })])) ?? [];
  const colleague = await open({ ageKeyFile: "colleague.txt" }, { SOPS_AGE_RECIPIENTS: operators[0]?.id ?? "" });
  const key = await put(colleague, "later", fresh());
  const theirs = await reader(files, "runtime4");
  await expect(theirs.get(key)).rejects.toMatchObject({ code: "denied" });
  const next = { ...key, field: "SECOND" };
  const preview = await store.mayPut?.(next);
  expect(preview?.notes.join("\n")).toMatch(/for age age1\w+ too, by which the OCI runtime reads it/);
  const { recipients = [] } = preview ?? {};
  await store.put(next, Secret.of("second"), null, { ...origin, recipients });
  expect((await theirs.get(next))?.value.exposeText()).toBe("second");

  const text = readFileSync(key.path, "utf8");
  const entry = ["    pgp:", '        - created_at: "2026-01-02T03:04:05Z"', "          enc: x", "          fp: F1"];
  writeFileSync(
    key.path,
    text.replace(/^ {4}age:\n(?: {8}.*\n)+/m, (age) => `${withoutReader(age)}${entry.join("\n")}\n`),
  );
  await expect(store.mayPut?.({ ...key, field: "THIRD" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(
      /does not open for this host's OCI runtime, and cannot be made to: .*pgp F1/,
    ) as string,
    hint: expect.stringMatching(/sops rotate -i --add-age age1\w+/) as string,
  });
  rmSync(key.path);

  /** The wrapped keys without the last, which is the reader's. */
  function withoutReader(age: string): string {
    return age.slice(0, age.lastIndexOf("        - recipient:"));
  }
});
