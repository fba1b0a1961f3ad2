import { randomBytes } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { detector, kit } from "../../src/detect/index.ts";
import { HIDDEN_NAME } from "../../src/model/candidate.ts";
import { nameMayHoldSecret, type SecretPart } from "../../src/model/finding.ts";
import { alarms, ask, masked, urlOf } from "./ask.ts";

const make = kit(7);

const secret = (): string => randomBytes(9).toString("hex");
const token = (): string => `ghp_${make.alnum(36)}`;

describe("a name that holds a secret", () => {
  test.each<[what: string, name: (secret: string) => string, value: string, make: () => string]>([
    ["a URL that was pasted without a name", (s) => urlOf("postgres", "api", s, "db/api?sslmode"), "require", secret],
    ["a token as a variable's name", (s) => s, "1", token],
    ["a token as a label's key", (s) => `token=${s}`, "yes", token],
    ["a token behind a label's namespace", (s) => `com.example.${s}`, "yes", token],
  ])("%s is found, and told nowhere", (_what, nameOf, value, makeSecret) => {
    const inside = makeSecret();
    const name = nameOf(inside);
    const verdict = ask(name, value, "label");
    expect(verdict.secret && verdict.part.in).toBe("name");
    const told = [JSON.stringify(verdict), detector.name(name), masked(name, value, "label")].join("\n");
    expect(told).not.toContain(inside.slice(4));
  });

  test.each([
    "DB_PASSWORD",
    "APIKey2",
    "com.docker.compose.project.working_dir",
    "org.opencontainers.image.source",
    "traefik.http.routers.whoami-secure.rule",
    "SPRING_DATASOURCE_PASSWORD",
    "io.kubernetes.container.terminationMessagePath",
    "POSTGRES_PASSWORD_FILE",
    "SQLALCHEMY_DATABASE_URI",
    "fs.azure.account.key.mystorage.blob.core.windows.net",
    "KEY_FOR_2024",
    "SONAR_AUTH_JWTBASE64HS256SECRET",
    "AUTH_JWTRS256BASE64PASSWORD",
  ])("%s is told as it stands", (name) => {
    expect(detector.name(name)).toBe(name);
    expect(alarms(name, "${X}")).toBe(false);
  });
});

test("a run of capitals and digits is no name, unless it ends as names do", () => {
  const run = `K${make.alnum(23).toUpperCase()}7Q`;
  expect(detector.name(run)).toBe(HIDDEN_NAME);
  expect(detector.name(`APP_${run}`)).toBe(HIDDEN_NAME);
});

describe("whether a name may hold a secret", () => {
  const part = { in: "value", path: "", start: 0, length: 9 } as const;

  it.each<[what: string, name: string, part: SecretPart, holds: boolean]>([
    ["a secret in the value of a shown name", "DB_PASSWORD", part, false],
    ["a secret in a field called name", "CONFIG", { ...part, path: "name" }, false],
    ["a secret in the name", "host:443", { ...part, in: "name", path: "name → url" }, true],
    ["a name that was hidden", HIDDEN_NAME, part, true],
  ])("%s", (_what, name, at, holds) => {
    expect(nameMayHoldSecret({ name, part: at })).toBe(holds);
  });
});

describe("a masked URL", () => {
  it("keeps user, host and path when they are words", () => {
    const url = urlOf("postgres", "api", secret(), "db.internal:5432/orders");
    expect(masked("DATABASE_URL", url)).toBe("postgres://api:••••@db.internal:5432/orders");
  });

  it("shows none of them when it may be a token", () => {
    for (let round = 0; round < 50; round++) {
      const random = make.alnum(16);
      for (const url of [
        urlOf("https", random, secret(), "db/x"),
        urlOf("https", "api", secret(), `${random}.example.org/x`),
        urlOf("https", "api", secret(), `db/${random}`),
      ])
        expect(masked("SERVICE_URL", url)).not.toContain(random);
    }
  });
});

describe("the way to a part", () => {
  it("names no key that looks random", () => {
    for (let round = 0; round < 50; round++) {
      const random = make.alnum(20);
      const verdict = ask("CONFIG", JSON.stringify({ [random]: { password: secret() } }));
      expect(verdict.secret).toBe(true);
      expect(JSON.stringify(verdict)).not.toContain(random);
    }
  });

  it("ends where the secret stands, not where its text stands before", () => {
    const word = secret();
    const text = JSON.stringify({ note: word, password: word });
    const verdict = ask("CONFIG", text);
    expect(verdict.secret && verdict.part.start).toBe(text.lastIndexOf(word));
  });
});
