import { expect, test } from "vitest";
import { createDetector, PLAIN } from "../../src/detect/detector.ts";
import type { Where } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { make } from "./ask.ts";

const question = (name: string, value: string, where: Where = "env") => ({ name, where, value: Secret.of(value) });

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
      hushedBy: expect.any(String),
    });
  expect(hushing.known("env", entry)).toBe(false);
});

test("a name that holds `=` clears no other name", () => {
  const detector = createDetector();
  for (let time = 0; time < 2; time++) detector.classify(question("A=DB_PASSWORD", "x"));
  expect(detector.known("env", "A=DB_PASSWORD=x")).toBe(false);
});
