import fc from "fast-check";
import { expect, it } from "vitest";
import { byNaturalOrder } from "../../../src/kit/text/natural.ts";

it("counts as people do", () => {
  const names = ["svc-10", "svc-9", "svc-1b", "svc-1", "a", "svc-01", "svc-1.10", "svc-1.9", "", "svc-"];
  expect(names.toSorted(byNaturalOrder)).toEqual([
    "",
    "a",
    "svc-",
    "svc-01",
    "svc-1",
    "svc-1.9",
    "svc-1.10",
    "svc-1b",
    "svc-9",
    "svc-10",
  ]);
});

it("is an order: the same whichever comes first, equal only for the same text, and transitive", () => {
  const text = fc.string({ unit: fc.constantFrom("0", "1", "9", "a", "-"), maxLength: 5 });
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(Math.sign(byNaturalOrder(a, b))).toBe(-Math.sign(byNaturalOrder(b, a)) + 0);
      expect(byNaturalOrder(a, b) === 0).toBe(a === b);
      const [x, y, z] = [a, b, c].toSorted(byNaturalOrder) as [string, string, string];
      expect(byNaturalOrder(x, z)).toBeLessThanOrEqual(0);
      expect(byNaturalOrder(x, y) + byNaturalOrder(y, z)).toBeLessThanOrEqual(0);
    }),
  );
});
