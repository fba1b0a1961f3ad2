import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Recorder, Work } from "../../src/contract/migration.ts";
import { fileChange, rewrittenFiles, type Rewrite } from "../../src/files/rewritten.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-rewritten-"));
afterAll(() => rmSync(dir, { recursive: true }));

const [BEFORE, AFTER] = ["A=1\n", "B=2\n"];
const key = fingerprintKey(randomBytes(32));
const files = rewrittenFiles({ key, state: () => join(dir, "state") });

/** A file that a run of this name is to rewrite. */
function rewriteOf(name: string): { readonly file: string; readonly step: Rewrite; readonly work: Work } {
  const file = join(dir, name);
  writeFileSync(file, BEFORE);
  const change = fileChange(file, BEFORE, AFTER, [], key);
  const step: Rewrite = { id: `rewrite:${name}`, kind: "rewrite", unit: name, moves: [], files: [change], target: {} };
  const done = new Map<string, object>();
  const record = {
    last: (of: string) => done.get(of) ?? null,
    done: (of: string, data = {}) => void done.set(of, data),
  } as Recorder;
  const values = new Map([["S", Secret.of(random(20))]]);
  const plan = { id: name } as Partial<Plan> as Plan;
  const work: Partial<Work> = { plan, record, values, recall: async () => values };
  return { file, step, work: work as Work };
}

it("a run that wrote a file restores it, and leaves it alone if somebody has changed it since", async () => {
  const { file, step, work } = rewriteOf("written");
  await files.write(step, work, async () => new Map([[file, AFTER]]));
  expect(readFileSync(file, "utf8")).toBe(AFTER);
  writeFileSync(file, "C=3\n");
  await expect(files.restore(step, work)).rejects.toMatchObject({ code: "changed" });
  writeFileSync(file, AFTER);
  await files.restore(step, work);
  expect(readFileSync(file, "utf8")).toBe(BEFORE);
});

it.each([
  ["that another run changed meanwhile", "C=3\n"],
  ["that another run changed meanwhile in the same way", AFTER],
])("a run that wrote nothing leaves a file %s alone, and is undone", async (_what, text) => {
  const { file, step, work } = rewriteOf("another");
  writeFileSync(file, text);
  await expect(files.unchanged(step)).rejects.toMatchObject({ code: "changed" });
  await files.restore(step, work);
  expect(readFileSync(file, "utf8")).toBe(text);
});
