import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { resolved } from "../../support/in-process.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password, planOf } from "../files-world.ts";

// Two stores in a configuration may be one: a server has several addresses, a file several paths. What scrub removes from the
// old store must never be the last: each test ends by looking for the values.

let [bao, other]: (OpenBao | undefined)[] = [];
let world: World;
let values: { readonly A: string; readonly B: string };

beforeAll(async () => {
  bao = await startOpenBao();
  other = await startOpenBao();
  await bao.api("POST", "sys/mounts/one", { type: "kv", options: { version: "1" } });
});

afterAll(async () => {
  await bao?.stop();
  await other?.stop();
});

beforeEach(async () => {
  world?.remove();
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: bao?.address ?? "", VAULT_TOKEN: bao?.token ?? "" });
  values = { A: password(), B: password() };
  world.plant(values);
});

afterAll(() => world?.remove());

const vault = (path: string, more: object = {}): object => ({ provider: "vault", path, ...more });

function configure(stores: { readonly [name: string]: object }): void {
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores }));
}

const write = (path: string, of: OpenBao | undefined = bao): Promise<unknown> =>
  of?.api("POST", `secret/data/${path}`, { data: values }) ?? Promise.reject(new Error("no server"));

const stored = (path: string): Promise<unknown> =>
  resolved(world, { A: `ref+vault://secret/${path}#/A`, B: `ref+vault://secret/${path}#/B` });

async function migrated(source: string, more: readonly string[] = []): Promise<void> {
  const ran = await world.unsprawl(["migrate", source, "--to", "new", "--yes", ...more]);
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
}

const scrubbed = (): ReturnType<World["unsprawl"]> => world.unsprawl(["scrub", "last", "--yes", "--no-residue"]);

it("a store that is moved to itself is refused, entry by entry", async () => {
  await write("self/web");
  configure({ new: vault("self/{subject}") });
  const { steps, notMoved } = await planOf(world, "new:self", ["--to", "new"]);
  expect(steps).toEqual([]);
  expect(notMoved.map(({ reason }) => reason)).toEqual([
    "ref+vault://secret/self/web#/A is the entry of new that it would move to",
    "ref+vault://secret/self/web#/B is the entry of new that it would move to",
  ]);
});

it("a server by another address: the plan says that it may be the same, and scrub leaves the entries", async () => {
  await write("alias/web");
  const address = bao?.address.replace("127.0.0.1", "localhost");
  configure({ old: vault("alias/{subject}"), new: vault("alias/{subject}", { address }) });
  const { warnings } = await planOf(world, "old:alias", ["--to", "new"]);
  expect(warnings.map(({ text }) => text).join()).toContain("may be the old entry by another name");
  await migrated("old:alias");
  const { code, stdout } = await scrubbed();
  expect(code).toBe(5);
  expect(stdout).toContain("left: ref+vault://secret/alias/web#/A stays: it may be the entry that it was moved to");
  expect(await stored("alias/web")).toEqual(values);
});

it("a folder by another path is the same files", async () => {
  mkdirSync(join(world.dir, "real"));
  symlinkSync("real", join(world.dir, "linked"));
  await write("files/web");
  configure({
    old: vault("files/{subject}"),
    new: { provider: "local", file: "real/{subject}.sops.yaml" },
    linked: { provider: "local", file: "linked/{subject}.sops.yaml" },
  });
  await migrated("old:files");
  const { steps, notMoved } = await planOf(world, "new:", ["--to", "linked"]);
  expect(steps).toEqual([]);
  expect(notMoved[0]?.reason).toMatch(/is the entry of linked that it would move to$/);
});

it("entries that were in the new store already are told apart from the old ones, and these are removed", async () => {
  await write("both/web");
  await write("copied/web");
  configure({ old: vault("both/{subject}"), new: vault("copied/{subject}") });
  await migrated("old:both");
  const { code, stdout } = await scrubbed();
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("removed ref+vault://secret/both/web#/A"),
  });
  expect(await stored("copied/web")).toEqual(values);
});

it("a store that is another one by the time of the scrub is refused: nothing is removed there", async () => {
  await write("moved/web");
  await write("moved/web", other);
  const target = vault("target/{subject}");
  configure({ old: vault("moved/{subject}"), new: target });
  await migrated("old:moved");
  writeFileSync(join(world.dir, "token"), other?.token ?? "", { mode: 0o600 });
  const elsewhere = { address: other?.address, auth: { method: "token", tokenFile: join(world.dir, "token") } };
  configure({ old: vault("moved/{subject}", elsewhere), new: target });
  for (const verb of ["scrub", "rollback"]) {
    const { code, stderr } = await world.unsprawl([verb, "last", "--yes"]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("is not where it was") });
  }
  expect(await other?.api("GET", "secret/data/moved/web")).toMatchObject({ data: { data: values } });
  configure({ old: vault("moved/{subject}"), new: target });
  expect((await scrubbed()).code).toBe(0);
  expect(await stored("target/web")).toEqual(values);
});

it("the place of one entry that is the new place of another stays", async () => {
  // Equal values, so that neither is in the other's way.
  values = { A: values.A, B: values.A };
  await write("swap/web/api");
  await write("swap/api/web");
  configure({ old: vault("swap/{project}/{subject}"), new: vault("swap/{subject}/{project}") });
  await migrated("old:swap");
  const { code, stdout } = await scrubbed();
  expect(code).toBe(5);
  expect(stdout).not.toContain("removed");
  expect(await stored("swap/web/api")).toEqual(values);
  expect(await stored("swap/api/web")).toEqual(values);
});

it("an entry that a run has moved a file's secret to stays, as the file refers to it", async () => {
  configure({ old: vault("used/{subject}"), new: vault("after/{subject}") });
  writeFileSync(join(world.dir, "app.env"), `DB_PASSWORD=${values.A}\n`);
  const moved = await world.unsprawl(["migrate", "env:app.env", "--to", "old", "--yes"]);
  expect(moved.code, moved.stderr).toBe(0);
  await migrated("old:used");
  const { code, stdout } = await scrubbed();
  expect(code).toBe(5);
  expect(stdout).toMatch(/left: ref\+vault:\S+#\/DB_PASSWORD stays: \S+ \(run [-\da-f]+\) still uses it/);
  const reference = /ref\+vault:\S+/.exec(stdout)?.[0] ?? "";
  expect(await resolved(world, { A: reference })).toEqual({ A: values.A });
});

it("a value that was changed in the old store since stays there, and the rest is removed", async () => {
  await write("changed/web");
  configure({ old: vault("changed/{subject}"), new: vault("after/{subject}") });
  await migrated("old:changed");
  const newer = password();
  world.plant({ newer });
  await bao?.api("POST", "secret/data/changed/web", { data: { ...values, A: newer } });
  const { code, stdout } = await scrubbed();
  expect(code).toBe(5);
  expect(stdout).toContain(
    "left: ref+vault://secret/changed/web#/A stays: it has another value than the one that was moved",
  );
  expect(stdout).toContain("removed ref+vault://secret/changed/web#/B");
  expect(await resolved(world, { A: "ref+vault://secret/changed/web#/A" })).toEqual({ A: newer });
  expect(await stored("after/web")).toEqual(values);
});
