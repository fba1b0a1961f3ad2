import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import { escapeDollar, filledParts, interpolate, type FilledRange } from "../../src/files/interpolate.ts";
import { realCompose } from "../migrations/compose/compose-world.ts";

const SET: { readonly [name: string]: string } = { A: "one", B: "two words", _c9: "$A ${B} $$", EMPTY: "" };
const lookup = (name: string): string | null => (Object.hasOwn(SET, name) ? (SET[name] ?? null) : null);

/** The value, or the code of what is thrown. */
function outcome(text: string, from = lookup): { value: string } | { code: string } {
  try {
    return { value: interpolate(text, from).value };
  } catch (error) {
    if (error instanceof UnsprawlError) return { code: error.code };
    throw error;
  }
}

describe("as compose-go's template.go", () => {
  test.each<[text: string, value: string]>([
    ["", ""],
    ["plain", "plain"],
    ["$A", "one"],
    ["${A}", "one"],
    ["$A$B${A}x", "onetwo wordsonex"],
    ["$Ax", ""],
    ["$a", ""],
    ["$$A $${A} $$$A", "$A ${A} $one"],
    ["$", "$"],
    ["a$", "a$"],
    ["$1 $ $. $- $é", "$1 $ $. $- $é"],
    ["$_c9", "$A ${B} $$"],
    ["${UNSET-x} ${EMPTY-x} ${A-x}", "x  one"],
    ["${UNSET:-x} ${EMPTY:-x} ${A:-x}", "x x one"],
    ["${UNSET+x} ${EMPTY+x} ${A+x}", " x x"],
    ["${UNSET:+x} ${EMPTY:+x} ${A:+x}", "  x"],
    ["${A?x} ${A:?x} ${EMPTY?x}", "one one "],
    ["${UNSET:-}", ""],
    ["${UNSET:-${A}}", "one"],
    ["${UNSET:-a ${EMPTY:-$B} ${UNSET-b}}c", "a two words bc"],
    ["${UNSET:-$$A}", "$A"],
    ["${UNSET-a:-b} ${UNSET:-a?b}", "a:-b a?b"],
    ["${UNSET:-a} } b", "a } b"],
    // The character after a brace that opens is passed over: this default is not closed by the first brace.
    ["${UNSET:-{}} x}", "{}} x"],
    ["${UNSET:-{a}}", "{a}"],
    // Closed by none of its own, so by the last.
    ["${UNSET:-{a}", "{a"],
    ["${A-x}\n${B-}", "one\ntwo words"],
    ["${ſ-x}$\u212aX", "x"],
  ])("%j", (text, value) => {
    expect(interpolate(text, lookup).value).toBe(value);
  });

  test.each([
    "${",
    "${}",
    "a ${A",
    "${1}",
    "${A b}",
    "${A!}",
    "${A:x}",
    "${ A}",
    "${-x}",
    "${A:-x\n}",
    "${é}",
    "${UNSET-${}}",
  ])("%j is refused, and not quoted", (text) => {
    const secret = randomBytes(12).toString("hex");
    const attempt = (): unknown => interpolate(`${secret}${text}`, lookup);
    expect(attempt).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
    expect(attempt).not.toThrow(secret);
  });

  test.each(["${UNSET?x}", "${UNSET:?x}", "${EMPTY:?x}", "${UNSET-${UNSET?}}"])("%j has no value", (text) => {
    expect(outcome(text)).toEqual({ code: "absent" });
  });

  test("what is not needed may be missing or wrong", () => {
    expect(outcome("${A-${} ${UNSET?no}}")).toEqual({ value: "one" });
    expect(outcome("${A:+${UNSET-}}")).toEqual({ value: "" });
    expect(interpolate("${A-$UNSET}", lookup).missing).toEqual([]);
  });

  test("a text nested too deep is refused, and a long one is read", () => {
    const nested = (depth: number): string => "${U-".repeat(depth) + "x" + "}".repeat(depth);
    expect(outcome(nested(100))).toEqual({ value: "x" });
    expect(outcome(nested(20_000))).toEqual({ code: "malformed" });
    expect(outcome("${U-x}".repeat(20_000))).toEqual({ value: "x".repeat(20_000) });
  });
});

test("uses tell where they stand, what they fill and whether they are all", () => {
  const { value, uses, missing } = interpolate("x$A $$N ${U:-a${W-b}$V} ${U+$X}${Y?$Z}${Y+c$Y} $U $U", (name) =>
    name === "Y" ? "yy" : null,
  );
  expect(value).toBe("x $N ab yycyy  ");
  const filled = (one: Omit<FilledRange, "name">): Omit<FilledRange, "name"> => one;
  const at = (name: string, start: number, end: number, part: Omit<FilledRange, "name"> | null): unknown => ({
    ...{ name, start, end, whole: false },
    filled: part === null ? null : { name, ...part },
  });
  expect(uses).toEqual([
    at("A", 1, 3, filled({ by: "variable", start: 1, end: 1 })),
    at("U", 8, 23, filled({ by: "default", start: 5, end: 7 })),
    at("W", 14, 20, filled({ by: "default", start: 6, end: 7 })),
    at("V", 20, 22, filled({ by: "variable", start: 7, end: 7 })),
    at("U", 24, 31, filled({ by: "alternative", start: 8, end: 8 })),
    at("X", 28, 30, null),
    at("Y", 31, 38, filled({ by: "variable", start: 8, end: 10 })),
    at("Z", 35, 37, null),
    at("Y", 38, 46, filled({ by: "alternative", start: 10, end: 13 })),
    at("Y", 43, 45, filled({ by: "variable", start: 11, end: 13 })),
    at("U", 47, 49, filled({ by: "variable", start: 14, end: 14 })),
    at("U", 50, 52, filled({ by: "variable", start: 15, end: 15 })),
  ]);
  expect(missing).toEqual(["A", "V", "U"]);
  // Those that fill anything, each after those within it.
  expect(filledParts({ uses }).map(({ name, start, end }) => [name, start, end])).toEqual([
    ["W", 6, 7],
    ["U", 5, 7],
    ["Y", 8, 10],
    ["Y", 11, 13],
    ["Y", 10, 13],
  ]);
});

test.each(["$A", "${A}", "${A:-x $B}", "${A?}"])("%j is one use, and all there is", (text) => {
  expect(interpolate(text, lookup).uses[0]).toMatchObject({ name: "A", start: 0, end: text.length, whole: true });
});

test("escaped text comes back as it was", () => {
  const soup = fc.string({ unit: fc.constantFrom(...Array.from("$${}:-A b\n")) });
  fc.assert(fc.property(soup, (text) => interpolate(escapeDollar(text), lookup).value === text));
  expect(escapeDollar("$a$$")).toBe("$$a$$$$");
});

describe("as the real Compose", () => {
  let real: Awaited<ReturnType<typeof realCompose>>;
  beforeAll(async () => {
    real = await realCompose();
  });
  afterAll(() => real?.remove());

  const pieces = [
    "$",
    "$$",
    "${",
    "{",
    "}",
    ":-",
    "-",
    ":?",
    "?",
    ":+",
    "+",
    "A",
    "B",
    "_c9",
    "EMPTY",
    "U",
    "x",
    " ",
    "\n",
    "é",
    "1",
    "ſ",
  ];
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(""));
  const name = fc.constantFrom(...Object.keys(SET), "U", "W");
  const { well } = fc.letrec<{ well: string; operand: string }>((tie) => ({
    well: fc
      .array(fc.oneof(fc.constantFrom("x", " ", "$$", "é", "-", "$."), tie("operand")), { maxLength: 4 })
      .map((all) => all.join("")),
    operand: fc.oneof(
      { depthSize: "small" },
      name.map((one) => `\${${one}}`),
      name.map((one) => `$${one} `),
      fc
        .tuple(name, fc.constantFrom("-", ":-", "+", ":+"), tie("well"))
        .map(([one, sign, inner]) => `\${${one}${sign}${inner}}`),
    ),
  }));

  test("of texts that are well formed", () => {
    const texts = fc.sample(well, { seed: 7, numRuns: 2000 }).filter((text) => "value" in outcome(text));
    expect(texts.length).toBeGreaterThan(1500);
    const theirs = real.resolve([{ environment: Object.fromEntries(texts.map((text, at) => [`K${at}`, text])) }], SET);
    expect(theirs?.[0]).toEqual(
      Object.fromEntries(texts.map((text, at) => [`K${at}`, interpolate(text, lookup).value])),
    );
  });

  test("of any text, good or bad", () => {
    // compose-go 2.4.8 looks into operands that it does not need: only where those are good too can both agree.
    const either = (text: string): boolean =>
      [() => null, () => "", () => "x"].every((from) => "value" in outcome(text, from) === "value" in outcome(text));
    const texts = [...new Set(fc.sample(soup, { seed: 11, numRuns: 4000 }))].filter(either);
    const good = texts.filter((text) => "value" in outcome(text));
    const bad = texts.filter((text) => !("value" in outcome(text)) && text !== "").slice(0, 40);
    expect(good.length).toBeGreaterThan(1500);
    const theirs = real.resolve([{ environment: Object.fromEntries(good.map((text, at) => [`K${at}`, text])) }], SET);
    expect(theirs?.[0]).toEqual(
      Object.fromEntries(good.map((text, at) => [`K${at}`, interpolate(text, lookup).value])),
    );
    for (const text of bad) expect(real.resolve([{ environment: { K: text } }], SET), text).toBe(null);
    expect(bad.length).toBe(40);
  });
});
