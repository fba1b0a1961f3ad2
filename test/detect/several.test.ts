import { describe, expect, test } from "vitest";
import { detector } from "../../src/detect/index.ts";
import { kit as makeKit } from "../../src/detect/index.ts";
import type { Where } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { urlOf } from "./ask.ts";

// One value may hold several secrets, and a command may begin in another field.

const kit = makeKit(23);
const [V, W] = [`${kit.base62(15)}7aQ`, `${kit.base62(17)}4Zb`];

/** All secret parts of a value. */
function parts(name: string, text: string, where: Where = "env", lead?: string): string[] {
  const question = { name, where, value: Secret.of(text), ...(lead !== undefined && { lead }) };
  if (!detector.classify(question).secret) return [];
  const first = detector.part(question);
  return [first, ...detector.more(question).map(({ part }) => part)].flatMap((part) => part?.exposeText() ?? []);
}

describe("several secrets in one value", () => {
  test.each([
    ["JAVA_OPTS", `-Xmx1g -Ddb.password=${V} -Dapi.token=${W}`],
    ["SETTINGS", JSON.stringify({ db: { password: V }, list: [{ name: "API_TOKEN", value: W }] })],
    ["BLOB", Buffer.from(`DB_PASSWORD=${V}\nAPI_TOKEN=${W}\n`).toString("base64")],
    ["HOSTS", `${urlOf("amqp", "a", V, "mq1:5672")},${urlOf("amqp", "b", W, "mq2:5672")}`],
    ["Cmd", JSON.stringify(["app", "--db-password", V, "--api-token", W]), "cmd"],
    ["Cmd", `app --db-password=${V} --api-token=${W}`, "cmd"],
    ["history", `RUN curl -u admin:${V} https://a && mysql -u root -p${W} -e 1`, "history"],
    ["TOKENS", `${kit.jwt({ sub: "a" })} ${kit.jwt({ sub: "b" })}`],
  ] as const)("%s %s", (name: string, text: string, where: Where = "env") => {
    const found = parts(name, text, where);
    expect(new Set(found).size).toBe(2);
    if (name !== "TOKENS") expect(found.toSorted()).toEqual([V, W].toSorted());
  });

  test.each([
    ["DB_PASSWORD", V],
    ["DATABASE_URL", urlOf("postgres", "app", V, "db/app")],
    ["TLS_KEY", kit.pem("RSA PRIVATE KEY")],
    ["AUTHORIZATION", `Bearer ${V}`],
    ["API", JSON.stringify({ token: V, url: "https://a" })],
    // What a secret is encoded in is no other secret.
    ["EXTRAHEADER", `Authorization: Basic ${Buffer.from(`ci:${V}`).toString("base64")}`],
    ["SETTING", JSON.stringify({ auth: Buffer.from(`ci:${V}`).toString("base64") })],
  ])("one is one: %s", (name, text) => {
    expect(parts(name, text)).toHaveLength(1);
  });

  test("a secret in a name is found again after the rest of its value was looked for", () => {
    const name = urlOf("postgres", "api", V, "db/api?sslmode");
    expect([parts(name, "require"), parts(name, "require")]).toEqual([[V], [V]]);
  });

  test("a hostile value costs no more than a few looks", () => {
    const many = Array.from({ length: 3000 }, (_, at) => `K${at}_PASSWORD=${kit.base62(12)}9a`).join("\n");
    expect(parts("SETTINGS", many).length).toBeLessThan(40);
  });
});

describe("an entrypoint and its arguments", () => {
  test.each([
    [["redis-cli"], ["-a", V], V],
    [["/usr/bin/curl"], ["-fsS", "-u", `admin:${V}`, "https://a"], V],
    [["sh", "-c"], [`mysql -u root -p${V} -e 1`], V],
    [["mysql", "-u", "root"], [`-p${V}`], V],
  ])("%j %j", (entrypoint, cmd, part) => {
    expect(parts("Cmd", JSON.stringify(cmd), "cmd", JSON.stringify(entrypoint))).toEqual([part]);
  });

  test.each([
    [["redis-cli"], ["-h", "cache", "ping"]],
    [["mkdir"], ["-p", "/data/x"]],
    [["app", "--password", V], ["serve"]],
  ])("nothing is found twice, or where nothing is: %j %j", (entrypoint, cmd) => {
    expect(parts("Cmd", JSON.stringify(cmd), "cmd", JSON.stringify(entrypoint))).toEqual([]);
  });

  test("what is cached of one entrypoint says nothing of another", () => {
    const value = JSON.stringify(["-a", "Mocha1234"]);
    for (let turn = 0; turn < 3; turn++) {
      expect(parts("Cmd", value, "cmd", JSON.stringify(["my-app"]))).toEqual([]);
      expect(parts("Cmd", value, "cmd", JSON.stringify(["redis-cli"]))).toEqual(["Mocha1234"]);
    }
  });
});
