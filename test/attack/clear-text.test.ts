import { createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clearTextWarning, storePlace } from "../../src/core/store-place.ts";
import { openDatabase } from "../../src/history/database.ts";
import { openSession } from "../../src/history/session.ts";
import { openQueue } from "../../src/fleet/queue.ts";
import { NAMED } from "../../src/kit/net/outgoing.ts";
import { kit } from "../../src/detect/rules/kit.ts";
import { mysqlLogin } from "../../src/verify/mysql.ts";
import { postgresLogin } from "../../src/verify/postgres.ts";
import type { GuardedTarget } from "../../src/verify/target.ts";
import { SEED } from "../support/deep.ts";

/** A server on another machine that offers no TLS, and asks for the password: it gets none, without a word from the user. */

const password = kit(SEED).base62(24);
/** This machine under a name by which anybody else would reach it; without any, one that is no loopback address. */
const elsewhere =
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "0.0.0.0";

let heard = "";
let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString("latin1");
      // "N": no TLS here. To the start-up message: the password in the clear, please.
      const asksForTls = bytes.length === 8 && bytes.readInt32BE(4) === 80_877_103;
      socket.write(asksForTls ? "N" : Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      if (heard.includes(password)) socket.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "0.0.0.0", done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

const urlOf = (rest: string, host = elsewhere): string => `postgres://fleet:${password}@${host}:${port}/fleet${rest}`;

test.each(["", "?application_name=x", "?ssl=0", `?host=${elsewhere}`])(
  "a database's URL without sslmode is refused before anything is sent: %j",
  async (rest) => {
    heard = "";
    const url = rest.startsWith("?host") ? urlOf(rest, "localhost") : urlOf(rest);
    const opening = [
      openDatabase(url, { patience: 0 }).then((database) => database.query("select 1")),
      openSession(url),
      openQueue(url, "status", null, () => undefined),
    ];
    for (const one of opening) {
      const error: unknown = await one.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "config", hint: expect.stringContaining("sslmode=verify-full") as string });
      expect(String((error as Error).message)).not.toContain(password);
    }
    expect(heard).toBe("");
  },
);

test("with sslmode nothing but the wish for TLS is sent; what is said explicitly is done", async () => {
  heard = "";
  await expect(openSession(urlOf("?sslmode=verify-full"))).rejects.toBeInstanceOf(Error);
  expect(heard).not.toContain(password);
  expect(heard).not.toContain("fleet");
  await expect(openSession(urlOf("?sslmode=disable"))).rejects.toBeInstanceOf(Error);
  expect(heard).toContain(password);
});

test("this machine itself needs none", async () => {
  heard = "";
  await expect(openSession(urlOf("", "127.0.0.1"))).rejects.toBeInstanceOf(Error);
  expect(heard).toContain(password);
});

test.each([
  ["postgres", postgresLogin],
  ["mysql", mysqlLogin],
] as const)("--verify does not fall back to a login in the clear elsewhere: %s", async (kind, login) => {
  heard = "";
  const mysql = kind === "mysql" ? await greeter() : null;
  const target: GuardedTarget = {
    reach: NAMED,
    ...{
      kind,
      host: elsewhere,
      port: mysql?.port ?? port,
      user: "app",
      password,
      database: "app",
      tls: "prefer",
    },
  };
  const said = await login(target, 3000, new AbortController().signal);
  expect(said.said).toBe("unclear");
  expect(said.why).toContain("not sent in the clear");
  expect(heard).not.toContain(password);
  expect(heard).not.toContain("app\0");
  mysql?.stop();
});

/** The greeting of a MySQL server that has no TLS and wants the password as it is. */
async function greeter(): Promise<{ readonly port: number; stop(): void }> {
  const made = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    const capabilities = 0x00_08_82_00; // 4.1 protocol, secure connection, authentication plug-ins
    const body = Buffer.concat([
      Buffer.from([10]),
      Buffer.from("8.0.36\0"),
      Buffer.from([1, 0, 0, 0]),
      Buffer.from("12345678\0"),
      Buffer.from([capabilities & 0xff, (capabilities >> 8) & 0xff, 0x21, 2, 0]),
      Buffer.from([(capabilities >> 16) & 0xff, (capabilities >> 24) & 0xff, 21]),
      Buffer.alloc(10),
      Buffer.from("123456789012\0"),
      Buffer.from("mysql_clear_password\0"),
    ]);
    socket.write(Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]));
  });
  await new Promise<void>((done) => made.listen(0, "0.0.0.0", done));
  return { port: (made.address() as AddressInfo).port, stop: () => made.close() };
}

test("a plan names where its store is, and warns of one elsewhere without TLS", () => {
  const at = (settings: { readonly [key: string]: string | object }, provider = "vault") => ({
    ...{ name: "prod", provider, settings: settings as Parameters<typeof storePlace>[0]["settings"] },
  });
  expect(storePlace(at({ address: "https://vault:8200", mount: "secret" }))).toBe("vault, https://vault:8200");
  expect(storePlace(at({ keyId: "alias/app", file: "s.yaml" }, "aws-kms"))).toBe("aws-kms, alias/app, s.yaml");
  expect(clearTextWarning(at({ address: "https://vault:8200" }))).toBe(null);
  for (const here of ["http://127.0.0.1:8200", "http://localhost:1", "http://[::1]:8200"])
    expect(clearTextWarning(at({ address: here }))).toBe(null);
  for (const there of ["http://vault:8200", "http://127.evil.example", "http://localhost.evil.example"])
    expect(clearTextWarning(at({ address: there }))).toContain("without TLS");
  expect(clearTextWarning(at({ auth: { authorityHost: "http://login.example" } }))).toContain("without TLS");
});
