import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { kit, ruleById, rules } from "../../src/detect/index.ts";
import { byFormat } from "../../src/detect/rules/rule.ts";
import { table, type RuleRow } from "../../src/detect/rules/table.ts";
import { CONFIDENCES, SEVERITIES } from "../../src/model/finding.ts";

const DIR = fileURLToPath(new URL("../../src/detect/rules/", import.meta.url));
const FORMS = ["body", "anyBody", "shape", "pattern"] as const;
const FIELDS = new Set([
  ...["vendor", "description", "reference", "severity", "confidence", "publishable", "note"],
  ...["prefix", "body", "anyBody", "shape", "as", "pattern", "flags", "keywords", "names", "keyNames", "keyHeads"],
  ...["lengths", "despite", "prefixes", "make", "examples", "counterExamples"],
]);

const files = globSync("*.json", { cwd: DIR })
  .sort()
  .map((file) => {
    const text = readFileSync(DIR + file, "utf8");
    return { name: basename(file), text, rows: Object.entries(JSON.parse(text) as { [id: string]: RuleRow }) };
  });

/** What a row lacks or has too much of. */
function problems(id: string, row: RuleRow): readonly string[] {
  const rule = ruleById(id);
  const forms = FORMS.filter((form) => row[form] !== undefined);
  // A pattern that has to be computed is in the code beside the table.
  const computed = forms.length === 0 && rule?.pattern != null;
  const whole =
    row.shape === undefined
      ? (row.prefix !== undefined) === (row.body !== undefined || row.anyBody !== undefined)
      : row.as !== undefined && row.keywords !== undefined && (row.names ?? row.keyNames) !== undefined;
  const checks: { readonly [problem: string]: boolean } = {
    "a vendor": row.vendor.length > 0,
    "a description": row.description.length > 5,
    "a reference": row.reference.startsWith("https://"),
    "a severity that exists": SEVERITIES.some((severity) => severity === (row.severity ?? "high")),
    "a confidence that exists": CONFIDENCES.some((confidence) => confidence === (row.confidence ?? "high")),
    "one form": forms.length === 1 || computed,
    "the other fields of its form": whole,
    "two lengths": row.lengths === undefined || row.lengths.length === 2,
    "only known fields": Object.keys(row).every((field) => FIELDS.has(field)),
    "an example": rule !== null && rule.examples(kit(1)).length > 0,
  };
  return Object.entries(checks).flatMap(([problem, holds]) => (holds ? [] : [`${id} needs ${problem}`]));
}

describe("the rules' JSON files", () => {
  test.each(files)("$name is complete", ({ rows }) => {
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.flatMap(([id, row]) => problems(id, row))).toEqual([]);
  });

  test.each(files)("$name is part of the rules, in its order", ({ rows }) => {
    const ids = rows.map(([id]) => id);
    const from = rules.findIndex((rule) => rule.id === ids[0]);
    expect(rules.slice(from, from + ids.length).map((rule) => rule.id)).toEqual(ids);
  });

  test.each(files)("$name has each id once, at the start of a line", ({ text, rows }) => {
    const heads = [...text.matchAll(/^ {2}"([^"]+)": \{ "vendor": /gm)].map(([, id]) => id);
    expect(heads).toEqual(rows.map(([id]) => id));
  });

  test("most rules are data", () => {
    const ids = files.flatMap(({ rows }) => rows.map(([id]) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(rules.length * 0.9);
  });
});

describe("a table", () => {
  const row = { vendor: "Acme", description: "Acme key", reference: "https://example.org" };

  test("derives the example of a simple body, and takes any other from `make`", () => {
    const [short, made] = table({
      "acme-key": { ...row, prefix: ["acme_"], body: "[0-9a-f]{12,40}" },
      "acme-token": { ...row, prefix: ["acmet_"], body: "${SOME}[a-zA-Z]{8}", make: "${upper:4}${hex:2:upper}-${DB}" },
    });
    expect(short?.examples(kit(1))).toEqual([expect.stringMatching(/^acme_[0-9a-f]{12}$/)]);
    expect(made?.examples(kit(1))).toEqual([expect.stringMatching(/^acmet_[A-Z]{4}[0-9A-F]{2}-\$\{DB\}$/)]);
    expect(made?.pattern?.source).not.toContain("SOME");
  });

  test.each<[string, RuleRow]>([
    ["rule acme-key is incomplete", row],
    ["rule acme-key is incomplete", { ...row, pattern: "acme" }],
    ["rule acme-key is incomplete", { ...row, shape: "[0-9]{8}", as: "ACME_KEY", keywords: ["acme"] }],
    ["no example can be derived from (?:a|b){8}", { ...row, prefix: ["acme_"], body: "(?:a|b){8}" }],
    ["unknown in a template: NOTHING", { ...row, prefix: ["acme_"], body: "${NOTHING}[0-9]{8}" }],
  ])("refuses a row: %s", (message, given) => {
    expect(() => table({ "acme-key": given })).toThrow(message);
  });

  test("refuses an unknown maker, and code for a rule that it does not have", () => {
    const [rule] = table({ "acme-key": { ...row, prefix: ["acme_"], body: "[0-9]{8}", make: "${hexes:8}" } });
    expect(() => rule?.examples(kit(1))).toThrow("unknown in a template: hexes:8");
    expect(() => table({}, { "acme-key": { validate: byFormat(() => "right") } })).toThrow("code for acme-key");
  });
});
