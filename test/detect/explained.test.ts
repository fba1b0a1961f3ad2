import { describe, expect, test } from "vitest";
import { detector, explain, kit as makeKit, rules } from "../../src/detect/index.ts";
import type { Where } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { ask, askExample, urlOf } from "./ask.ts";

// Every finding says what it is, and says nothing of a name that it does not have.

const kit = makeKit(31);
const V = `${kit.base62(16)}8aQ`;
const TAKES = "the password that redis-server takes";

test("each rule's examples are explained by more than their checksum or their place", () => {
  const bare = rules.flatMap((rule) =>
    rule.examples(kit).flatMap((example) => {
      const verdict = askExample(example);
      if (!verdict.secret) return [];
      const told = verdict.why.filter(
        (line) => !/^checksum valid$|^format verified$|^in a label$|^kept out of sight$/.test(line),
      );
      return told.length === 0 ? [`${rule.id}: ${verdict.why.join(", ")}`] : [];
    }),
  );
  expect(bare).toEqual([]);
});

test.each<readonly [name: string, value: string, where: Where]>([
  ["Cmd", `redis-cli -a ${V} ping`, "cmd"],
  ["DATABASE_URL", urlOf("postgres", "app", V, "db/app"), "env"],
  ["Cmd", `curl -u admin:${V} https://a`, "cmd"],
  ["HEADERS", `Authorization: Basic ${Buffer.from(`admin:${V}`).toString("base64")}`, "env"],
])("%s does not say PASSWORD: %s", (name, value, where) => {
  const verdict = ask(name, value, where);
  expect(verdict.secret).toBe(true);
  const steps = verdict.why.join("\n");
  if (!/password/i.test(steps.replace(/name says PASSWORD/g, ""))) expect(steps).not.toContain("name says");
  expect(steps).not.toMatch(/(\bheader\b) → \1/);
});

test("an address has a place for a password and no name, and each finding says more than that it looks random", () => {
  for (const password of [V, "postgres", "Quiet-harbor7"])
    expect(ask("DATABASE_URL", urlOf("postgres", "postgres", password, "db/app")).why.join("\n")).not.toMatch(
      /name says/,
    );
  expect(ask("JWT_SECRET", "jwt_secret").why[0]).toBe("classified by its name");
});

test("a form whose description has a mark of each secret of its kind is named all the same", () => {
  const verdict = ask("users", `admin:$apr1$${kit.base62(8)}$${kit.base62(22)}`, "label");
  expect(verdict.why).toContain("has the form of: password hash");
});

test("a password by its name is one in plain text", () => {
  expect(ask("DB_PASSWORD", ["hun", "ter2"].join("")).why).toEqual(["name says PASSWORD", "a password in plain text"]);
});

describe("a command shows its program and flag, and says whose password it is", () => {
  test.each<readonly [name: string, value: string, masked: string, first: string, where: Where]>([
    [
      "Cmd",
      `redis-server --requirepass ${V}`,
      "redis-server --requirepass ••••",
      "the password that redis-server takes",
      "cmd",
    ],
    ["Cmd", JSON.stringify(["mysql", `-p${V}`]), "mysql -p••••", "the password that mysql takes", "cmd"],
    ["Cmd", `sh -c 'curl -u app:${V} http://a'`, "curl -u ••••", "the password that curl takes", "cmd"],
    [
      "Cmd",
      `rabbitmqctl add_user app ${V}`,
      "rabbitmqctl add_user … ••••",
      "the password that rabbitmqctl takes",
      "cmd",
    ],
    ["Cmd", `app --db-password=${V}`, "--db-password=••••", "the value of --db-password", "cmd"],
    ["Cmd", `java -Ddb.password=${V} -jar a.jar`, "java -Ddb.password=••••", "the value of -Ddb.password", "cmd"],
    ["JAVA_OPTS", `-Xmx1g -Ddb.password=${V}`, "java -Ddb.password=••••", "the value of -Ddb.password", "env"],
    ["CURL_OPTS", `-u app:${V}`, "curl -u ••••", "the password that curl takes", "env"],
    ["history", `CMD ["redis-server" "--requirepass" "${V}"]`, "redis-server --requirepass ••••", TAKES, "history"],
  ])("%s %s", (name, value, masked, first, where) => {
    const question = { name, where, value: Secret.of(value) };
    const verdict = detector.classify(question);
    expect(verdict.why[0]).toBe(first);
    expect(verdict.why.join("\n")).not.toMatch(/flag of this program|\boption\b/);
    expect(detector.mask(question)).toBe(masked);
  });

  test("an entrypoint's program is shown before its arguments", () => {
    const value = Secret.of(JSON.stringify(["-a", V]));
    const question = { name: "Cmd", where: "cmd", value, lead: JSON.stringify(["redis-cli"]) } as const;
    expect(detector.classify(question).secret).toBe(true);
    expect(detector.mask(question)).toBe("redis-cli -a ••••");
  });

  test.each([
    ["redis-server", "--requirepass", "requirepass1"],
    ["redis-server", "--requirepass", "redis"],
    ["mysql", "-uroot", "-pmysql"],
    [V, "--db-password", "Tango-4471"],
    ["app", `--${V}-password`, "Tango-4471"],
    ["app", `-D${V}.password=Tango-4471`],
  ])("what repeats the secret, or may be another, is not shown: %s %s", (...words: string[]) => {
    const question = { name: "Cmd", where: "cmd", value: Secret.of(JSON.stringify(words)) } as const;
    const part = detector.part(question)?.exposeText() ?? "";
    const masked = detector.mask(question);
    if (part !== "") expect(masked.toLowerCase()).not.toContain(part.toLowerCase());
    expect(masked).not.toContain(V);
    expect(detector.classify(question).why.join("\n")).not.toContain(V);
  });
});

test("the prefix that is shown is the secret's own, not that of the text around it", () => {
  const password = `Basalt-${kit.digits(4)}`;
  const token = kit.jwt({ sub: "a" });
  const encoded = Buffer.from(JSON.stringify({ password, user: "a" })).toString("base64");
  const shown = (value: string): string => {
    const question = { name: "SETTINGS", where: "env", value: Secret.of(value) } as const;
    expect(detector.classify(question).secret).toBe(true);
    return detector.mask(question);
  };
  expect(shown(encoded)).toBe("••••••••");
  expect(shown(JSON.stringify({ token }))).toMatch(/^(?:eyJ)?•{8}$/);
});

test.each([
  ["app --user admin -p Mocha1234", "the value of -p, next to a user name"],
  ["app users add alice Mocha1234", "the argument that this command expects to be confidential"],
])("%s: what stands before a reader is a sentence's part", (text, said) => {
  const { why } = detector.classify({ name: "Cmd", where: "cmd", value: Secret.of(text) });
  expect(why[0]).toBe(said);
});

test.each([
  ["npm-token", "checksum valid", "by shape and checksum"],
  ["bip39-mnemonic", "checksum valid", "by shape and checksum"],
  ["private-key", "format verified", "by shape and format"],
  ["jwt", "format verified", "by shape and format"],
])("tells a checksum from a value that only decodes: %s has its %s", (id, why, checked) => {
  const rule = rules.find((one) => one.id === id) as (typeof rules)[number];
  const verdicts = rule
    .examples(kit)
    .map((example) => askExample(example).why.filter((line) => /valid|verified/.test(line)));
  expect(verdicts.length).toBeGreaterThan(0);
  for (const lines of verdicts) expect(lines).toEqual([why]);
  expect(explain(rule)).toMatchObject({ checked });
});
