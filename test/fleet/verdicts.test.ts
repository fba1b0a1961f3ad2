import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CHECKPOINT, LAYER, signVerdict, trustedVerdict } from "../../src/fleet/verdicts.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";

// Write access to the fleet's database is not enough to make a worker believe that an image holds no secret.

const key = fingerprintKey(randomBytes(32));
const of = { settings: "s", key: "sha256:1" };
const clean = { name: "r/a:1", values: 3, findings: [], hidden: 0, ignored: [], advice: [] };

it("a verdict that a member of the fleet put there is taken, for its subject and settings alone", () => {
  const stored = signVerdict(of, clean, key);
  expect(trustedVerdict(CHECKPOINT, of, stored, key)).toEqual(clean);
  for (const [other, by] of [
    [{ ...of, key: "sha256:2" }, key],
    [{ ...of, settings: "t" }, key],
    [of, fingerprintKey(randomBytes(32))],
  ] as const)
    expect(trustedVerdict(CHECKPOINT, other, stored, by)).toBeNull();
});

it("nothing that somebody else put there is taken: other text, no signature, a part of one", () => {
  const stored = signVerdict(of, clean, key);
  expect(trustedVerdict(CHECKPOINT, of, JSON.stringify(clean), key)).toBeNull();
  fc.assert(
    fc.property(fc.nat(stored.length - 1), fc.string({ minLength: 0, maxLength: 3 }), (at, put) => {
      const changed = stored.slice(0, at) + put + stored.slice(at + 1);
      if (changed !== stored) expect(trustedVerdict(CHECKPOINT, of, changed, key)).toBeNull();
    }),
  );
});

it("a signed verdict of another form is not taken", () => {
  for (const wrong of [{}, { ...clean, findings: null }, { ...clean, findings: [{ id: 1 }] }, [], { findings: {} }]) {
    const stored = signVerdict(of, wrong, key);
    expect(trustedVerdict(CHECKPOINT, of, stored, key)).toBeNull();
    expect(trustedVerdict(LAYER, of, stored, key)).toBeNull();
  }
});
