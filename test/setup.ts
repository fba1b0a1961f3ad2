import { expect } from "vitest";
import { Secret } from "../src/model/secret.ts";

// `toEqual` sees two Secrets as equal whatever they hold (the value is a private field), so they compare by content.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (a instanceof Secret && b instanceof Secret ? a.equals(b) : undefined),
]);
