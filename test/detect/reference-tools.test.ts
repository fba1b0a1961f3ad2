import { describe, expect, test } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { REFERENCE_TOOLS } from "../../src/detect/patterns.ts";
import { example as template } from "../../src/detect/rules/template.ts";
import { createDetector } from "../../src/detect/index.ts";
import { alarms, ask } from "./ask.ts";

// What another tool resolves is left, and its tool named; a password that merely begins alike is a finding.

const SEEDS = [1, 2, 3, 4];
const NAMES = ["DB_PASSWORD", "API_TOKEN", "JWT_SECRET"];

describe.each(REFERENCE_TOOLS)("$tool", ({ tool, example, counterExample, pattern }) => {
  const made = (text: string): readonly string[] => SEEDS.map((seed) => template(text)(kit(seed)));

  test("its reference is left, and its tool named", () => {
    for (const value of made(example))
      for (const name of NAMES)
        expect(ask(name, value), value).toMatchObject({
          secret: false,
          rule: "reference",
          why: [`refers to a value stored elsewhere (${tool})`],
        });
  });

  test("in a file and on a command line too", () => {
    for (const value of made(example)) {
      const { spotted } = createDetector().text(Buffer.from(`db:\n  password: "${value}"\n`), "values.yaml");
      expect(spotted, value).toEqual([]);
      expect(alarms("Cmd", JSON.stringify(["terraform", `-var=db_password=${value}`]), "cmd"), value).toBe(false);
    }
  });

  test("a secret that begins alike is found", () => {
    for (const value of made(counterExample)) {
      expect(pattern.test(value)).toBe(false);
      for (const name of NAMES) expect(alarms(name, value), value).toBe(true);
    }
  });

  test("no other tool's row is needed for it", () => {
    for (const value of made(example))
      expect(REFERENCE_TOOLS.filter((row) => row.pattern.test(value)).map((row) => row.tool)).toEqual([tool]);
  });
});

test.each([
  "op://prod/db/password",
  "{{resolve:ssm-secure:/prod/db:1}}",
  "@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/db/)",
  "${{vault.db.password}}",
  "vault:secret/data/db#${.user}:${.password}",
  "ref+gcpsecrets://acme-prod/db?version=3",
  "arn:aws:ssm:us-east-1:123456789012:parameter/prod/db",
])("%s has a tool", (value) => {
  expect(ask("DB_PASSWORD", value).why?.[0]).toMatch(/^refers to a value stored elsewhere \([A-Z1v][\w ]+\)$/);
});

test.each([
  "vault://web:${base62:22}@db.example:8200/x",
  "kubernetes://admin:${base62:22}@10.0.0.1",
  "consul://:${base62:22}@10.0.0.1:8500",
  "secret://web:${base62:22}@host",
])("%s has a password in it, and is a secret, whatever its scheme is", (text) => {
  for (const seed of SEEDS) for (const name of NAMES) expect(alarms(name, template(text)(kit(seed))), name).toBe(true);
});

test("what has a default of its own is a secret still, whatever its name", () => {
  const found = (text: string): number => createDetector().text(Buffer.from(text), "application.yaml").spotted.length;
  for (const seed of SEEDS) {
    const password = kit(seed).base62(22);
    for (const name of ["secrets", "vault", "db.password"])
      expect(found(`spring:\n  password: "\${${name}:${password}}"\n`), name).toBe(1);
  }
  expect(found('spring:\n  password: "${vault:secret/web:password}"\n')).toBe(0);
});
