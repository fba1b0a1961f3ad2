import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRecord } from "../../src/agent/record.ts";
import { openHandedOut } from "../../src/core/handed-out.ts";
import { addBindings } from "../../src/delivery/runtime/bindings.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { openMetrics } from "../../src/watch/metrics.ts";
import { planOf } from "./fixtures.ts";

// A writer that is killed between the temporary file and its new name leaves the former. The next writer removes it,
// also where it has nothing new to write.

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unsprawl-left-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const HISTORY = { hosts: async () => [], past: async () => ({ findings: new Map() }), waiting: async () => null };

async function metrics(): Promise<void> {
  const settings = { file: join(folder, "unsprawl.prom"), listen: null };
  const history = HISTORY as unknown as Parameters<typeof openMetrics>[1]["history"];
  const opened = await openMetrics(settings, { version: "0", history, channels: [], hosts: [] }, () => undefined);
  await opened.close();
}

async function handedOut(): Promise<void> {
  const [value, key] = [Secret.of(randomBytes(12).toString("hex")), fingerprintKey(randomBytes(32))];
  const given = { name: "A", reference: "ref+sops://x#/A", store: planOf("x").store, value };
  await openHandedOut(folder, key).record([{ ...given, written: { at: 0, clock: "store" } }]);
}

describe("what a killed writer left goes with the next one", () => {
  it.each([
    ["agent.json", async () => openRecord(folder).setApplied("a", {})],
    ["handed-out.json", handedOut],
    ["bindings.json", async () => addBindings(folder, [])],
    ["unsprawl.prom", metrics],
  ])("%s", async (name, write) => {
    const left = join(folder, `.${name}.${randomBytes(6).toString("hex")}.tmp`);
    const other = join(folder, `.${name}.swp`);
    for (const file of [left, other]) writeFileSync(file, "{");
    await write();
    expect([existsSync(left), existsSync(other)]).toEqual([false, true]);
  });

  it("the record of handed out values, where it knows the values already", async () => {
    const [value, key] = [Secret.of(randomBytes(12).toString("hex")), fingerprintKey(randomBytes(32))];
    const given = { name: "A", reference: "ref+sops://x#/A", store: planOf("x").store, value };
    const record = async (): Promise<void> =>
      openHandedOut(folder, key).record([{ ...given, written: { at: 0, clock: "store" } }]);
    await record();
    const left = join(folder, `.handed-out.json.${randomBytes(6).toString("hex")}.tmp`);
    writeFileSync(left, "{");
    await record();
    expect(existsSync(left)).toBe(false);
  });
});
