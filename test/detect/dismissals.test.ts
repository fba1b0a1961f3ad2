import { describe, expect, test } from "vitest";
import { createDetector, dismissals, kit, PLAIN, rules, valueDismissals } from "../../src/detect/index.ts";
import { example } from "../../src/detect/rules/template.ts";
import { Secret } from "../../src/model/secret.ts";
import { atLeast } from "../../src/model/finding.ts";

// Each row is a test of its own: its example is silent because of this row and of no other, its counter-example is not.

const SEEDS = [1, 2, 3, 4];
const ids = dismissals.map(({ id }) => id);

type Text = (typeof dismissals)[number]["example"];

/** What is found with medium confidence or more when these rows are off, with an example of each seed. */
function found({ path, text }: Text, off: readonly string[]): readonly number[] {
  const detector = createDetector({ ...PLAIN, off: new Set(off) });
  return SEEDS.map((seed) => {
    const { spotted } = detector.text(Buffer.from(example(text)(kit(seed))), path);
    return spotted.filter(({ verdict }) => atLeast(verdict.confidence, "medium")).length;
  });
}

const none = SEEDS.map(() => 0);
const some = SEEDS.map(() => expect.toSatisfy((many: number) => many > 0));

describe.each(dismissals)("$id", (row) => {
  test("its example is silent", () => expect(found(row.example, [])).toEqual(none));
  test("not without it", () => expect(found(row.example, [row.id])).toEqual(some));
  test("by it alone", () =>
    expect(
      found(
        row.example,
        ids.filter((id) => id !== row.id),
      ),
    ).toEqual(none));
  test("its counter-example is found", () => expect(found(row.counterExample, [])).toEqual(some));
});

const valueIds = valueDismissals.map(({ id }) => id);

/** What is said of a variable with an example of each seed, when these rows are off. */
function said(
  { name, value }: (typeof valueDismissals)[number]["example"],
  off: readonly string[],
): readonly { readonly secret: boolean; readonly row: string | undefined }[] {
  const detector = createDetector({ ...PLAIN, off: new Set(off) });
  return SEEDS.map((seed) => {
    const question = { name, where: "env", value: Secret.of(example(value)(kit(seed))) } as const;
    const { secret, why } = detector.classify(question);
    return { secret, row: /\((value-[\w-]+)\)$/.exec(why[0] ?? "")?.[1] };
  });
}

describe.each(valueDismissals)("$id", (row) => {
  const by = (id: string | undefined): unknown[] => SEEDS.map(() => ({ secret: false, row: id }));
  test("its example is no secret, and the row is named", () => expect(said(row.example, [])).toEqual(by(row.id)));
  test("by it alone", () => {
    const others = valueIds.filter((id) => id !== row.id);
    expect(said(row.example, others)).toEqual(by(row.id));
    expect(said(row.example, [row.id]).map((one) => one.row)).toEqual(SEEDS.map(() => undefined));
  });
  test("its counter-example is a secret", () =>
    expect(said(row.counterExample, []).map(({ secret }) => secret)).toEqual(SEEDS.map(() => true)));
});

test("an id names one row or one rule", () => {
  const all = [...ids, ...valueIds, ...rules.map(({ id }) => id)];
  expect(new Set(all).size).toBe(all.length);
});

test("a finding that a row keeps low says which, in words and by its id", () => {
  const { spotted } = createDetector().text(Buffer.from("# password: changeme\n"), "values.yaml");
  expect(spotted.map(({ verdict }) => verdict)).toMatchObject([
    {
      secret: true,
      confidence: "low",
      why: expect.arrayContaining(["doubtful: commented out, as examples are (text-commented)"]),
    },
  ]);
});
