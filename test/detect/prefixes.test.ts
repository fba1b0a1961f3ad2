import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { kit, ruleById } from "../../src/detect/index.ts";
import { VENDORS } from "../../src/verify/vendors/index.ts";
import { APPS } from "../eval/secrets/vendors-apps.ts";
import { BUILD } from "../eval/secrets/vendors-build.ts";
import { CLOUD } from "../eval/secrets/vendors-cloud.ts";
import { Random } from "../eval/tools/random.ts";
import { ask } from "./ask.ts";

// A rule's own examples are made from its prefixes, so they cannot tell that one is misspelled. Three others write them
// too: what asks vendors whether a secret is alive, the labelled rows of the evaluation, and other scanners.

const prefixesOf = (ids: readonly string[]): readonly string[] => ids.flatMap((id) => ruleById(id)?.prefixes ?? []);

describe("who asks a vendor whether a secret is alive", () => {
  const choosy = VENDORS.filter(({ fits, rules: own }) => fits !== undefined && prefixesOf(own).length > 0);

  test.each(choosy)("$id knows some secrets of its rules by their form, and not all if there are several", (vendor) => {
    const { fits = () => true, id, name } = vendor;
    const examples = vendor.rules.flatMap((rule) => ruleById(rule)?.examples(kit(7)) ?? []);
    const isAsked = (variable: string): readonly boolean[] =>
      examples.map((one) => fits({ part: typeof one === "string" ? one : one.value, name: variable }));
    expect([id, isAsked(`${name.toUpperCase()}_TOKEN`).includes(true)]).toEqual([id, true]);
    if (prefixesOf(vendor.rules).length > 1) expect(isAsked("THING")).toContain(false);
  });
});

describe("the labelled rows of the evaluation", () => {
  /** Recognised by their whole form, or by the name of the variable: their rule has no prefix. */
  const OTHERWISE = new Set(["artifactory-reference", "braintree", "fly", "okta", "pagerduty", "upstash"]);
  const random = new Random(7);
  // One row stands for a key that is made elsewhere.
  const vendors = [...BUILD, ...CLOUD, ...APPS].filter(([vendor]) => vendor !== "age");
  const made = vendors.map(([vendor, names, make]) => {
    const values = Array.from({ length: 6 }, () => (typeof make === "string" ? random.fill(make) : make(random)));
    return { vendor, name: names.split(" ")[0] ?? "", value: values[0] ?? "", head: commonHead(values) };
  });

  test.each(made.filter(({ head }) => head.length > 1))("$vendor begins with $head", ({ vendor, name, value }) => {
    const found = [name, "THING"].flatMap((variable) => ask(variable, value).rule ?? []);
    const isByPrefix = prefixesOf(found).some((prefix) => value.startsWith(prefix));
    expect([found, isByPrefix]).toEqual([found, !OTHERWISE.has(vendor)]);
  });
});

function commonHead([first = "", ...more]: readonly string[]): string {
  let length = first.length;
  while (!more.every((one) => one.startsWith(first.slice(0, length)))) length--;
  return first.slice(0, length);
}

test("other scanners write these prefixes too", () => {
  const file = new URL("../fixtures/prefixes-elsewhere.json", import.meta.url);
  const { prefixes } = JSON.parse(readFileSync(file, "utf8")) as { prefixes: { [rule: string]: string[] } };
  const gone = Object.entries(prefixes).flatMap(([id, all]) =>
    all.filter((prefix) => !prefixesOf([id]).includes(prefix)).map((prefix) => `${id}: ${prefix}`),
  );
  expect(gone).toEqual([]);
  expect(Object.values(prefixes).flat().length).toBeGreaterThan(200);
});
