import { afterAll, beforeAll, describe } from "vitest";
import { Bench, type StoreTraits, type StoreWorld } from "./bench.ts";
import { faultCases } from "./faults.ts";
import { rightCases } from "./rights.ts";
import { valueCases } from "./values.ts";
import { versionCases } from "./versions.ts";
import { writingCases } from "./writing.ts";

export type { StoreTraits, StoreWorld } from "./bench.ts";

/**
 * What every provider must do (src/contract/provider.ts), against one real store. The stores of a file are tried side by
 * side, and beside the cases of each that work those that wait for a broken network.
 */
export function providerConformance(name: string, makeWorld: () => Promise<StoreWorld>, traits: StoreTraits): void {
  describe.concurrent(`store ${name}`, () => {
    const bench = new Bench(traits);
    beforeAll(() => bench.start(makeWorld));
    afterAll(() => bench.world?.stop());
    bench.suiteOnServer("behind a broken network", () => {
      faultCases(bench);
    });
    describe("at work", () => {
      describe.sequential("in turn", () => {
        valueCases(bench);
        writingCases(bench);
        rightCases(bench);
        versionCases(bench);
      });
    });
  });
}
