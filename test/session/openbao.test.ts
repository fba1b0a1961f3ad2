import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { sample } from "../support/deep.ts";
import { answer } from "./ask.ts";
import { KEY, type Terminal } from "./driver.ts";
import { begin, container, engine, home, secret, secrets, useStage, world } from "./stage.ts";

useStage();

let bao: OpenBao;

beforeAll(async () => {
  bao = await startOpenBao({ tls: true });
});

afterAll(() => bao.stop());

const vault = (): Record<string, string> => ({
  VAULT_ADDR: bao.address,
  VAULT_TOKEN: bao.token,
  VAULT_CACERT: bao.caFile ?? "",
});

const stored = async (subject: string): Promise<unknown> => {
  const { data } = await bao.api("GET", `secret/data/apps/${subject}`);
  return (data as { readonly data: unknown }).data;
};

/** From the first look to the plan, with every secret that there is. */
async function planAll(terminal: Terminal, secretsInPlaces: string): Promise<void> {
  await terminal.until(secretsInPlaces);
  await terminal.press("a");
  await terminal.until("marked");
  await terminal.press("m");
  await terminal.until("▸ vault");
  await terminal.press(KEY.enter);
  await terminal.until("→ vault");
}

// The smallest or the largest; what follows is on one in between.
describe.each(
  sample(
    [
      [60, 15],
      [300, 100],
    ] as const,
    1,
  ),
)("on a terminal of %i×%i", (columns, rows) => {
  it("moves three secrets of two containers into OpenBao, and proves it", async () => {
    const [shop, worker] = [`shop-${columns}`, `worker-${columns}`];
    const [db, token, other] = [secret(), secret(), secret()];
    container(shop, { DB_PASSWORD: db, API_TOKEN: token, GREETING: "hello" });
    container(worker, { DB_PASSWORD: other });
    const before = world();
    const terminal = begin(columns, rows, vault());
    await planAll(terminal, "3 secrets in 3 places");
    expect(terminal.screen()).toContain("Migrate 3 secrets in 2 containers → vault");
    expect(world()).toBe(before);
    await terminal.press("y");
    await terminal.until("Apply → vault");
    await terminal.until("Proof");
    await terminal.until(`✓ migrated  ${shop}`);
    // What was verified is listed at the end: on a small screen it is further down.
    await terminal.press("G");
    await terminal.until(/received +the application has DB_PASSWORD/);
    expect(await stored(shop)).toEqual({ DB_PASSWORD: db, API_TOKEN: token });
    expect(await stored(worker)).toEqual({ DB_PASSWORD: other });
    const inspected = engine.docker("inspect", shop, worker);
    for (const value of secrets) expect(inspected).not.toContain(value);
    expect(engine.docker("exec", shop, "cat", "/proc/1/environ")).toContain(token);
    expect(engine.docker("exec", worker, "cat", "/proc/1/environ")).toContain(other);
    await terminal.press("r");
    await terminal.until("no secrets found");
    await terminal.press("q");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen()).toContain(`done: ${shop}, ${worker}`);
  });
});

it("puts back what a sealed store cut off; unsealed, the rest goes on, and can be undone", async () => {
  const [token, db] = [secret(), secret()];
  container("shop-sealed", { API_TOKEN: token });
  container("worker-sealed", { DB_PASSWORD: db });
  const terminal = begin(100, 30, vault());
  await planAll(terminal, "2 secrets in 2 places");
  await terminal.press("y");
  await terminal.until(/▸ working +shop-sealed +(?:waiting until the process|checking that) /);
  await bao.seal();
  await terminal.until("✗ 1 of 2 migrated; then: the Vault at");
  for (const said of ["is sealed", "✓ migrated  shop-sealed", "↶ as before  worker-sealed", "next: unsprawl rollback"])
    expect(terminal.screen()).toContain(said);
  expect(engine.docker("inspect", "shop-sealed")).not.toContain(token);
  expect(engine.docker("inspect", "worker-sealed")).toContain(db);
  expect(engine.docker("ps", "--format", "{{.Names}}").split("\n").sort()).toEqual(["shop-sealed", "worker-sealed"]);
  await bao.unseal();
  await terminal.press("r");
  await terminal.until("kept for rollback");
  await terminal.press("/worker-sealed");
  await terminal.press(KEY.enter);
  await terminal.press("m");
  await terminal.until("▸ vault");
  await terminal.press(KEY.enter);
  await terminal.until("Migrate 1 secret in 1 container → vault");
  await terminal.press("y");
  await terminal.until("✓ migrated  worker-sealed");
  expect(engine.docker("inspect", "worker-sealed")).not.toContain(db);
  expect(await stored("worker-sealed")).toEqual({ DB_PASSWORD: db });
  await terminal.press("u");
  await terminal.until("? Undo run");
  await terminal.press("y");
  await terminal.until("↶ as before");
  expect(engine.docker("inspect", "worker-sealed")).toContain(db);
  await expect(stored("worker-sealed")).rejects.toThrow("404");
  expect(await stored("shop-sealed")).toEqual({ API_TOKEN: token });
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("changes store, delivery, path and key name in a form on 60×15, and plans by it", async () => {
  container("shop-form", { DB_PASSWORD: secret() });
  const before = world();
  const terminal = begin(60, 15, { ...vault(), NO_COLOR: "1" });
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("▸ vault");
  await terminal.press("c");
  await terminal.until("‹ vault ›");
  await terminal.press(KEY.right);
  await terminal.until(/‹ local ›[^]*-form.sops.yaml/);
  await terminal.press(KEY.left);
  await terminal.until(/‹ vault ›[^]*apps\/shop-form/);
  await terminal.press(`${KEY.tab}${KEY.tab}`);
  await terminal.until("‹ auto ›");
  await terminal.press(KEY.right);
  await terminal.until("‹ file ›");
  await terminal.press(`${KEY.tab}potrs${KEY.tab}`);
  // Told as the field is left, under it.
  await terminal.until("potrs: did you mean ports?");
  await terminal.press(`${KEY.ctrlU}/`);
  await terminal.until(/▸ path +\/▏/);
  // Nothing is planned: the first that is wrong is the chosen one.
  await terminal.press(KEY.enter);
  await terminal.until("▸ accept");
  await terminal.press(KEY.ctrlU);
  await terminal.until(/▸ accept +▏/);
  await terminal.press(KEY.enter);
  await terminal.until(/▸ path +\/▏\s+✗ /);
  await terminal.until(/type one as\s+apps\/shop-form/);
  await terminal.press(`${KEY.ctrlU}apps/moved/y${KEY.tab}${KEY.ctrlU}db`);
  await terminal.until(/▸ key name +db▏/);
  await terminal.press(KEY.enter);
  await terminal.until(/apps\/moved\/y +db/);
  await terminal.until(/deliver +by file/);
  expect(world()).toBe(before);
  // Back and forth keeps what was decided.
  await terminal.press(KEY.esc);
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until(/apps\/moved\/y +db/);
  await terminal.press("c");
  await terminal.until("Where it goes");
  await terminal.press(KEY.esc);
  await terminal.until("y apply");
  expect(terminal.raw()).not.toMatch(/\u001b\[[34]\dm/);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("line by line changes store, delivery, path and key name, puts the secret there, and reads the receipts", async () => {
  const password = secret();
  container("shop-spoken", { DB_PASSWORD: password, API_TOKEN: secret() });
  const editor = join(home.dir, "editor");
  writeFileSync(editor, `#!/bin/sh\necho at work\nsed -i 's/field: db/field: pw/' "$1"\n`, { mode: 0o755 });
  const terminal = begin(80, 50, { ...vault(), EDITOR: editor }, ["--accessible"]);
  await answer(terminal, "2. high, DB_PASSWORD", "m 2");
  await answer(terminal, "or enter for vault", "c 2");
  await answer(terminal, /1. store: local[^]*3. shop-spoken, delivery: auto[^]*enter plans with these/, "3");
  await answer(terminal, "delivery: auto. one of auto, file, runtime, shim, volume; enter keeps it", "flie");
  await answer(terminal, "did you mean file?", "file");
  await answer(terminal, "3. shop-spoken, delivery: file", "1");
  await answer(terminal, "store: local. one of vault, local", "vault");
  await answer(
    terminal,
    /store: vault[^]*delivery: file[^]*5. shop-spoken {2}DB_PASSWORD, path: apps\/shop-spoken/,
    "4-6",
  );
  await answer(terminal, "accept: nothing. type another", "?");
  await answer(terminal, "what may be lost or changed", "");
  await answer(terminal, "path: apps/shop-spoken. type another", "/");
  await answer(terminal, "type one as apps/shop-spoken", "apps/spoken");
  await answer(terminal, "key name: DB_PASSWORD. type another", "db");
  await answer(terminal, /path: apps\/spoken[^]*key name: db/, "");
  await answer(terminal, /apps\/spoken +db[^]*Apply it/, "b");
  await answer(terminal, "or enter for vault", "");
  await answer(terminal, /apps\/spoken +db[^]*by file[^]*Apply it/, "e");
  await answer(terminal, /at work[^]*apps\/spoken +pw[^]*by file[^]*Apply it/, "y");
  await answer(terminal, "migrated  shop-spoken", "L");
  await answer(terminal, /1. done[^]*A number reads/, "1");
  await answer(terminal, /done +put DB_PASSWORD into[^]*Receipts[^]*intent/, "q");
  expect(await terminal.exit()).toBe(0);
  expect(await stored("spoken")).toEqual({ pw: password });
  expect(engine.docker("inspect", "shop-spoken")).not.toContain(password);
  expect(terminal.raw()).not.toContain("\u001b");
});
