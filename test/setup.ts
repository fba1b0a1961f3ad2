import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, expect } from "vitest";
import { Secret } from "../src/model/secret.ts";
import { endChildren, setOwner } from "./support/children.ts";
import { SEED } from "./support/deep.ts";
import { endFile } from "./support/file-end.ts";
import "./support/person.ts";
import { seedRandom } from "./support/seed-random.ts";

// `toEqual` sees two Secrets as equal whatever they hold (the value is a private field), so they compare by content.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (a instanceof Secret && b instanceof Secret ? a.equals(b) : undefined),
]);

// What a test makes up, or fails for, comes again when it runs again. Each file has its own, whatever ran before it.
fc.configureGlobal({ seed: SEED });
seedRandom(`${SEED} ${expect.getState().testPath?.replace(import.meta.dirname, "")}`);

// Whose machine it is makes no difference: no file of theirs is read, and no lock or key of a test is left in their home.
const home = mkdtempSync(join(tmpdir(), "unsprawl-home-"));
for (const name of Object.keys(process.env)) if (/^XDG_.*_HOME$/.test(name)) delete process.env[name];
process.env["HOME"] = home;

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
  rmSync(home, { recursive: true, force: true });
});
