import { expect, it } from "vitest";
import type { VaultClient } from "../../providers/vault/client.ts";
import { databaseRoles } from "../../providers/vault/roles.ts";
import type { VaultSettings } from "../../providers/vault/settings.ts";

// Which of the engine's connections is meant, for a login on another machine than the store: the engine's answers are made
// up, as real ones cannot be had there. test/rotate/dynamic.test.ts has real ones.

const SETTINGS: VaultSettings = {
  ...{
    address: "https://vault.example:8200",
    mount: "database",
    path: "static-creds/{subject}",
    namespace: null,
    caCert: null,
    kvVersion: null,
  },
  auth: { method: "token" },
};

function found(urls: { readonly [name: string]: string }): VaultClient {
  const config = (url: string): object => ({
    plugin_name: "postgresql-database-plugin",
    ...{
      allowed_roles: ["team-*", "app", "engine", "taken"],
      connection_details: { connection_url: url, username: "engine" },
    },
  });
  const answer = (path: string): object | null => {
    if (path.includes("?list=true"))
      return path.includes("config") ? { keys: Object.keys(urls) } : { keys: ["others"] };
    if (path.endsWith("static-roles/others")) return { db_name: "elsewhere", username: "taken" };
    const url = urls[path.replace("database/config/", "")];
    return url === undefined ? null : config(url);
  };
  return {
    call: async (_method: string, path: string) => {
      const data = answer(path);
      return { status: data === null ? 404 : 200, body: data === null ? null : { data }, errors: [] };
    },
  } as unknown as VaultClient;
}

const LOGIN = { server: "postgres", host: "db.example", port: 5432, user: "app", isLocal: false };
const at = (urls: { readonly [name: string]: string }, login = LOGIN, connection: string | null = null) =>
  databaseRoles(found(urls), SETTINGS).find(login, connection, 3600);

it("finds the server by its address in the engine's URL", async () => {
  const one = await at({ pg: "postgresql://{{username}}:{{password}}@db.example:5432/shop?sslmode=require" });
  expect([one.connection, one.name, one.reference]).toEqual([
    ...["pg", "app", "ref+vault://database/static-creds/app#/password"],
  ]);
  const usual = await at({ pg: "postgresql://{{username}}:{{password}}@db.example/shop" });
  expect(usual.connection).toBe("pg");
});

it("guesses none: not among two, nor by an address that may be another server's where the engine is", async () => {
  const named = "postgresql://{{username}}:{{password}}@db.example:5432/shop";
  await expect(at({ a: named, b: named })).rejects.toThrow("more than one connection");
  await expect(at({ pg: named.replace("db.", "other.") })).rejects.toThrow("names db.example:5432");
  for (const host of ["127.0.0.1", "10.0.0.5", "db", "fd00::5"]) {
    const url = `postgresql://{{username}}:{{password}}@${host.includes(":") ? `[${host}]` : host}:5432/shop`;
    await expect(at({ pg: url }, { ...LOGIN, host }), host).rejects.toThrow("may be another server");
    expect((await at({ pg: url }, { ...LOGIN, host }, "pg")).connection).toBe("pg");
  }
  await expect(at({ pg: named }, { ...LOGIN, isLocal: true })).rejects.toThrow("may be another server");
  await expect(at({ pg: named }, { ...LOGIN, server: "redis" })).rejects.toThrow("not asked for logins of redis");
});

it("never takes the login that the engine itself logs in with, nor one that a role has, whatever its connection", async () => {
  const named = "postgresql://{{username}}:{{password}}@db.example:5432/shop";
  await expect(at({ pg: named }, { ...LOGIN, user: "engine" })).rejects.toThrow("would lock the engine out");
  await expect(at({ pg: named }, { ...LOGIN, user: "taken" })).rejects.toThrow("has a static role others already");
});

it("has roles of allowed names alone", async () => {
  const url = "postgresql://{{username}}:{{password}}@db.example:5432/shop";
  expect((await at({ pg: url }, { ...LOGIN, user: "team-web" })).name).toBe("team-web");
  await expect(at({ pg: url }, { ...LOGIN, user: "other" })).rejects.toThrow("allows no role other");
  await expect(at({ pg: url }, { ...LOGIN, user: "a/b" })).rejects.toThrow("no role of Vault's may have");
});
