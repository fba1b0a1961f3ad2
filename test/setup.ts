import fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { Secret } from "../src/model/secret.ts";
import { endChildren, setOwner } from "./support/children.ts";
import { SEED } from "./support/deep.ts";
import { endFile } from "./support/file-end.ts";

// `toEqual` sees two Secrets as equal whatever they hold (the value is a private field), so they compare by content.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (a instanceof Secret && b instanceof Secret ? a.equals(b) : undefined),
]);

// What a test makes up fails again when it runs again.
fc.configureGlobal(SEED === null ? {} : { seed: SEED });

// Locks of what tests do in their own process, such as writing a SOPS file, lie here and not in the user's state folder.
process.env["XDG_STATE_HOME"] ??= new URL("../node_modules/.cache/unsprawl-state", import.meta.url).pathname;

// The same for the values that a test stores without an environment of its own.
process.env["XDG_DATA_HOME"] ??= new URL("../node_modules/.cache/unsprawl-data", import.meta.url).pathname;

// What a test started does not outlive it, so that one that timed out holds no lock of the next. What is started while
// several tests run at once is nobody's, and ends with the file: which of them did cannot be told.
const begun = new Set<string>();
beforeEach(({ task }) => {
  begun.add(task.id);
  setOwner(begun.size > 1 || task.concurrent === true ? null : task.id);
});
afterEach(async ({ task }) => {
  begun.delete(task.id);
  setOwner(null);
  await endChildren(task.id);
});
afterAll(async () => {
  await endChildren();
  endFile();
});
