import { afterAll, beforeAll, describe } from "vitest";
import { Bench, type StoreTraits, type StoreWorld } from "./bench.ts";
import { faultCases } from "./faults.ts";
import { rightCases } from "./rights.ts";
import { valueCases } from "./values.ts";
import { writingCases } from "./writing.ts";

export type { StoreTraits, StoreWorld } from "./bench.ts";

/** What every provider must do (src/contract/provider.ts), against one real store. */
export function providerConformance(name: string, makeWorld: () => Promise<StoreWorld>, traits: StoreTraits): void {
  describe.for([`store ${name}`])("%s", () => {
    const bench = new Bench(traits);
    beforeAll(() => bench.start(makeWorld));
    afterAll(() => bench.world?.stop());
    valueCases(bench);
    writingCases(bench);
    rightCases(bench);
    faultCases(bench);
  });
}
