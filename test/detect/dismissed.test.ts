import { describe, expect, test } from "vitest";
import { createDetector, PLAIN } from "../../src/detect/detector.ts";
import type { Where } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { toml } from "./own/given.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

const question = (name: string, value: string, where: Where = "env") => ({ name, where, value: Secret.of(value) });

test.each([
  ["a maintenance window", "MAINTENANCE_WINDOW", "mon:03:00-mon:04:00", false],
  ["a line of .pgpass", "PGPASS_LINE", `db:5432:app:app:${make.base62(12)}`, true],
])("%s of colons: %s", (_what, name, value, isSecret) => {
  expect(createDetector().classify(question(name, value)).secret).toBe(isSecret);
});

test("what an environment holds is known once it was cleared twice, there and nowhere else", () => {
  const detector = createDetector();
  expect(detector.known("env", "LOG_LEVEL=debug")).toBe(false);
  expect(detector.classify(question("LOG_LEVEL", "debug")).secret).toBe(false);
  expect(detector.known("env", "LOG_LEVEL=debug")).toBe(false);
  expect(detector.classify(question("LOG_LEVEL", "debug")).secret).toBe(false);
  expect(detector.known("env", "LOG_LEVEL=debug")).toBe(true);
  expect(detector.known("image-env", "LOG_LEVEL=debug")).toBe(false);
  expect(detector.known("env", "LOG_LEVEL=info")).toBe(false);
});

test("elsewhere a value is known by its name, and where the value stands alone nothing is", () => {
  const detector = createDetector();
  for (let time = 0; time < 2; time++) detector.classify(question("max-size", "10m", "log-opt"));
  expect(detector.known("log-opt", "max-size", "10m")).toBe(true);
  expect(detector.known("log-opt", "max-size", "20m")).toBe(false);
  expect(detector.known("label", "max-size", "10m")).toBe(false);
  expect(detector.known("log-opt", "max-size=10m")).toBe(false);
});

test("a secret is never known, nor one that a stop word hid", () => {
  const value = make.base62(24);
  const entry = `DB_PASSWORD=${value}`;
  const detector = createDetector();
  for (let time = 0; time < 2; time++) expect(detector.classify(question("DB_PASSWORD", value)).secret).toBe(true);
  expect(detector.known("env", entry)).toBe(false);
  const hushing = createDetector({ ...PLAIN, stopWords: [value.toLowerCase()] });
  for (let time = 0; time < 2; time++)
    expect(hushing.classify(question("DB_PASSWORD", value))).toMatchObject({
      secret: false,
      suppressedBy: expect.any(String),
    });
  expect(hushing.known("env", entry)).toBe(false);
});

test("a name that holds `=` clears no other name", () => {
  const detector = createDetector();
  for (let time = 0; time < 2; time++) detector.classify(question("A=DB_PASSWORD", "x"));
  expect(detector.known("env", "A=DB_PASSWORD=x")).toBe(false);
});

describe("what Compose writes on each container itself", () => {
  const digest = make.hex(64);
  const written = [
    ["com.docker.compose.config-hash", digest],
    ["com.docker.compose.image", `sha256:${digest}`],
    ["com.docker.compose.project", "back-office"],
    ["com.docker.compose.service", "uploads-job-1"],
    ["com.docker.compose.service", "password"],
    ["com.docker.compose.service", "token_secret_key2"],
    ["com.docker.compose.service", "uploads-job-10000"],
  ] as const;

  test.each(written)("%s=%s is known at once, as a label only, and cleared whoever is asked", (name, value) => {
    const detector = createDetector();
    expect(detector.known("label", name, value)).toBe(true);
    expect(detector.known("annotation", name, value)).toBe(false);
    expect(detector.known("label", `${name}s`, value)).toBe(false);
    expect(createDetector().classify(question(name, value, "label"))).toMatchObject({ secret: false });
  });

  test("in another form it is judged as any label is", () => {
    const token = `ghp_${make.base62(36)}`;
    for (const [name] of written) expect(createDetector().known("label", name, token)).toBe(false);
    for (const value of [make.lower(24), `app-${make.hex(32)}`, "a b", "", "App"])
      expect(createDetector().known("label", "com.docker.compose.service", value)).toBe(false);
  });

  test("no rule finds anything in a name of this form", () => {
    const detector = createDetector();
    for (let time = 0; time < 2000; time++) {
      const groups = Array.from({ length: 1 + (time % 5) }, (_, at) => make.lower(1 + ((time + 7 * at) % 15)));
      const value = groups.join(time % 2 === 0 ? "-" : "_") + (time % 3 === 0 ? String((time * 397) % 1_000_000) : "");
      expect(detector.known("label", "com.docker.compose.service", value)).toBe(true);
      expect(detector.classify(question("com.docker.compose.service", value, "label")).secret).toBe(false);
    }
  });

  test("a team's own rules judge it all the same", async () => {
    const own = await toml('[[rules]]\nid = "web"\nregex = "web"');
    expect(createDetector({ ...PLAIN, own }).known("label", "com.docker.compose.service", "web")).toBe(false);
  });
});
