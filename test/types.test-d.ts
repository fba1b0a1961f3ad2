import { expectTypeOf, test } from "vitest";
import type { Change } from "../src/model/change.ts";
import type { Finding } from "../src/model/finding.ts";
import type { Json } from "../src/model/json.ts";
import type { Location } from "../src/model/location.ts";
import type { Plan, Step } from "../src/model/plan.ts";
import type { Receipt } from "../src/model/receipt.ts";
import type { Secret } from "../src/model/secret.ts";
import type { TrendPoint } from "../src/model/trend.ts";
import type { ScanReport } from "../src/core/scan.ts";

test("what is written down is JSON", () => {
  expectTypeOf<Location>().toExtend<Json>();
  expectTypeOf<Finding>().toExtend<Json>();
  expectTypeOf<Change>().toExtend<Json>();
  expectTypeOf<TrendPoint>().toExtend<Json>();
  expectTypeOf<Step>().toExtend<Json>();
  expectTypeOf<Plan>().toExtend<Json>();
  expectTypeOf<Receipt>().toExtend<Json>();
  expectTypeOf<ScanReport>().toExtend<Json>();
});

test("a secret is neither JSON nor text", () => {
  expectTypeOf<Secret>().not.toExtend<Json>();
  expectTypeOf<Secret>().not.toExtend<string>();
  expectTypeOf<{ readonly value: Secret }>().not.toExtend<Json>();
  expectTypeOf<string>().not.toExtend<Secret>();
  expectTypeOf<Buffer>().not.toExtend<Secret>();
});

test("a secret is made by Secret.of alone, and nothing that looks like one is one", () => {
  expectTypeOf<typeof Secret>().not.toExtend<new (...args: never[]) => Secret>();
  expectTypeOf<{ readonly length: number; expose(): Buffer }>().not.toExtend<Secret>();
});
