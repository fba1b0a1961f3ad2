import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHandedOut, type DatedValue, type HandedOut } from "../../src/core/handed-out.ts";
import type { KnownRuns } from "../../src/core/journal/taken-over.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Receipt } from "../../src/model/receipt.ts";
import { Secret } from "../../src/model/secret.ts";
import { planOf, runId } from "./fixtures.ts";

const key = fingerprintKey(randomBytes(32));
const [moved, newer, other] = ["a", "b", "c"].map((one) => Secret.of(one + randomBytes(12).toString("hex"))) as [
  Secret,
  Secret,
  Secret,
];
const REFERENCE = "ref+sops://x#/A";
const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-handed-"));
});
afterEach(() => rmSync(state, { recursive: true }));

/** What the store says: this value, written at this minute. */
function stored(value: Secret, minute: number, clock: "store" | "writer" = "store"): DatedValue {
  const written = { at: START + minute * MINUTE, clock };
  return { name: "A", reference: REFERENCE, store: planOf("x").store, value, written };
}

/** A run of this host that put the moved value there at minute 10. */
function run(): KnownRuns {
  const [step] = planOf("x", ["web"]).steps;
  if (step?.kind !== "put") throw new Error("a put step");
  const put = { ...step, unit: "web", move: { ...step.move, fingerprint: fingerprint(moved, key) } };
  const at = new Date(START + 10 * MINUTE).toISOString();
  const receipt = (of: string, data = {}): Receipt => ({ at, step: of, state: "done", data });
  const receipts = [receipt(put.id, { before: "absent" }), receipt("unit:web")];
  return { runs: [{ plan: { ...planOf(runId(), []), steps: [put] }, receipts }], key };
}

const NOBODY: KnownRuns = { runs: [], key };

function refusal(given: DatedValue, known: KnownRuns = NOBODY, seen: HandedOut = openHandedOut(state, key)): string {
  try {
    seen.mustBeNewer(given, [{ unit: "web", engine: null }], known, "unsprawl render docker:web --accept older-value");
    return "";
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return `${code} ${message} ${hint}`;
  }
}

it("a value that the store wrote before the one handed out is refused, with both times and what accepts it", async () => {
  await openHandedOut(state, key).record([stored(newer, 30)]);
  expect(refusal(stored(other, 20))).toBe(
    `conflict A: ${REFERENCE} holds another value, which the store wrote at 2026-01-01 00:20:00: before the one that was handed out (2026-01-01 00:30:00) was the store restored from a backup? unsprawl render docker:web --accept older-value hands it out anyway`,
  );
});

it.each<[string, DatedValue]>([
  ["the same value, whenever it was written", stored(newer, 0)],
  ["a value that was written later", stored(other, 31)],
  ["a value from a writer whose clock is a little behind", stored(other, 29.5, "writer")],
  ["a value of a store that says no time", { ...stored(other, 0), written: undefined } as unknown as DatedValue],
  ["a value whose store is not known", { ...stored(other, 0), store: null }],
])("%s is given", async (_what, given) => {
  await openHandedOut(state, key).record([stored(newer, 30)]);
  expect(refusal(given)).toBe("");
});

it("before anything was handed out, what this host's runs moved is compared; elsewhere nothing is known", () => {
  expect(refusal(stored(other, 5), run())).toContain("before the one that was handed out (2026-01-01 00:10:00)");
  expect(refusal(stored(other, 11), run())).toBe("");
  expect(refusal(stored(moved, 5), run())).toBe("");
  expect(refusal(stored(other, 5))).toBe("");
});

it("what a run of this host has put there needs no other explanation", async () => {
  await openHandedOut(state, key).record([stored(newer, 30)]);
  expect(refusal(stored(moved, 10), run())).toBe("");
});

it("once accepted, the older value is what later ones are compared with", async () => {
  await openHandedOut(state, key).record([stored(newer, 30)]);
  const accepting = openHandedOut(state, key, true);
  expect(refusal(stored(other, 20), run(), accepting)).toBe("");
  await accepting.record([stored(other, 20)]);
  expect(refusal(stored(other, 20), run())).toBe("");
  expect(refusal(stored(newer, 19), run())).not.toBe("");
});

it("the file has no value and nobody else reads it; a damaged one counts as none", async () => {
  await openHandedOut(state, key).record([stored(newer, 30)]);
  const file = join(state, "handed-out.json");
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  expect(readFileSync(file, "utf8")).not.toContain(newer.expose().toString());
  writeFileSync(file, "{");
  expect(refusal(stored(other, 20))).toBe("");
});

it("records of two processes at once are both kept", async () => {
  const entries = Array.from({ length: 8 }, (_, at) => ({ ...stored(newer, 30), reference: `ref+sops://x#/${at}` }));
  await Promise.all(entries.map((one) => openHandedOut(state, key).record([one])));
  for (const { reference } of entries) expect(refusal({ ...stored(other, 20), reference })).not.toBe("");
});
