import { expect, it } from "vitest";
import type { VaultClient } from "../../providers/vault/client.ts";
import { databaseRoles } from "../../providers/vault/roles.ts";
import type { VaultSettings } from "../../providers/vault/settings.ts";

// Which of the engine's connections is meant, for a login on another machine than the store: the engine's answers are made
// up, as real ones cannot be had there. test/rotate/dynamic.test.ts has real ones.

const settings = (address: string): VaultSettings => ({
  ...{ address, mount: "database", path: "static-creds/{subject}", namespace: null, caCert: null, kvVersion: null },
  auth: { method: "token" },
});

function found(urls: { readonly [name: string]: string }): VaultClient {
  const config = (url: string): object => ({
    ...{ plugin_name: url.includes("tcp(") ? "mysql-database-plugin" : "postgresql-database-plugin" },
    ...{ allowed_roles: ["team-*", "app"], connection_details: { connection_url: url } },
  });
  const answer = (path: string): object | null => {
    if (path.includes("?list=true")) return path.includes("config") ? { keys: Object.keys(urls) } : null;
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
const at = (urls: { readonly [name: string]: string }, login = LOGIN, address = "https://vault.example:8200") =>
  databaseRoles(found(urls), settings(address)).find(login, null, 3600);

it("finds the server by its address in a URL of PostgreSQL's or MySQL's form", async () => {
  const one = await at({ pg: "postgresql://{{username}}:{{password}}@db.example:5432/shop?sslmode=require" });
  expect([one.connection, one.name, one.reference]).toEqual([
    ...["pg", "app", "ref+vault://database/static-creds/app#/password"],
  ]);
  const usual = await at({ pg: "postgresql://{{username}}:{{password}}@db.example/shop" });
  expect(usual.connection).toBe("pg");
  const mysql = { ...LOGIN, server: "mariadb", port: 3306 };
  expect((await at({ my: "{{username}}:{{password}}@tcp(db.example:3306)/" }, mysql)).connection).toBe("my");
  const v6 = { ...LOGIN, host: "fd00::5" };
  expect((await at({ six: "postgresql://{{username}}:{{password}}@[fd00::5]:5432/x" }, v6)).connection).toBe("six");
});

it("guesses none: not among two, nor by an address that is this machine's while the engine is elsewhere", async () => {
  const url = "postgresql://{{username}}:{{password}}@127.0.0.1:5432/shop";
  const local = { ...LOGIN, host: "127.0.0.1", isLocal: true };
  await expect(at({ pg: url }, local)).rejects.toThrow("is an address of this machine");
  expect((await at({ pg: url }, local, "http://127.0.0.1:8200")).connection).toBe("pg");
  await expect(at({ a: url, b: url }, local, "http://127.0.0.1:8200")).rejects.toThrow("more than one connection");
  await expect(at({ pg: url })).rejects.toThrow("no connection of database/ names db.example:5432");
  await expect(at({ pg: url }, { ...LOGIN, server: "redis" })).rejects.toThrow("not asked for logins of redis");
});

it("has roles of allowed names alone", async () => {
  const url = "postgresql://{{username}}:{{password}}@db.example:5432/shop";
  expect((await at({ pg: url }, { ...LOGIN, user: "team-web" })).name).toBe("team-web");
  await expect(at({ pg: url }, { ...LOGIN, user: "other" })).rejects.toThrow("allows no role other");
  await expect(at({ pg: url }, { ...LOGIN, user: "a/b" })).rejects.toThrow("no role of Vault's may have");
});
