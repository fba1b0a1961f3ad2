import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, it } from "vitest";
import { provider } from "../../providers/vault/index.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";

// Logins of the database engine are not resolved: docs/rotation.md says so.

const LOGIN = "ref+vault://database/static-creds/app#/password";
let bao: OpenBao;

beforeAll(async () => {
  bao = await startOpenBao();
  await bao.api("POST", "sys/mounts/database", { type: "database" });
});
afterAll(() => bao.stop());

it("reads no login of the database engine, through a KV store or one on its mount", async () => {
  const dir = tmpdir();
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, HOME: dir };
  const kv = await provider.open("vault", {}, { env, dir });
  expect(kv.parse(LOGIN)).toBeNull();
  const there = await provider.open("db", { mount: "database" }, { env, dir });
  const key = there.parse(LOGIN);
  expect(key).toEqual({ path: "static-creds/app", field: "password" });
  if (key !== null) await expect(there.get(key)).rejects.toMatchObject({ code: "config" });
});
