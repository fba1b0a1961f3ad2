import { expect, test } from "vitest";
import { parseDockerignore } from "../../src/text/dockerignore.ts";

// Cases after moby/patternmatcher's own tests (patternmatcher_test.go), and Docker's documentation of .dockerignore.
test.each([
  ["", ".env", false],
  ["# .env", ".env", false],
  [".env", ".env", true],
  [".env", "a/.env", false],
  ["**/.env", ".env", true],
  ["**/.env", "a/b/.env", true],
  ["/.env", ".env", true],
  ["./.env", ".env", true],
  ["*.env", "prod.env", true],
  ["*.env", "a/prod.env", false],
  ["*/*.env", "a/prod.env", true],
  ["?.env", "a.env", true],
  ["?.env", "ab.env", false],
  ["[ab].env", "a.env", true],
  ["[^ab].env", "a.env", false],
  ["[a-c]x", "bx", true],
  ["secrets", "secrets/a/key.pem", true],
  ["secrets/", "secrets/a/key.pem", true],
  ["secrets/**", "secrets/a/key.pem", true],
  ["secrets/**/*.pem", "secrets/a/b/key.pem", true],
  ["secrets/**/*.pem", "secrets/key.pem", true],
  ["**", "a/b", true],
  ["*\n!keep", "keep", false],
  ["*\n!keep", "drop", true],
  ["!keep\n*", "keep", true],
  ["a\n!a/b", "a/b/c", false],
  ["a\n!a/b\na/b/c", "a/b/c", true],
  ["a/../.env", ".env", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["  .env  \r", ".env", true],
  ["\uFEFF.env", ".env", true],
  [".env\n\n!", ".env", true],
  ["a+(b)", "a+(b)", true],
  ["[", "[", true],
])("%j and %s: %s", (text, path, ignored) => {
  expect(parseDockerignore(text)(path)).toBe(ignored);
});
