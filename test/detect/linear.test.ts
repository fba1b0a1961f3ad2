import { describe, expect, test } from "vitest";
import { DEEP } from "../support/deep.ts";
import { builders } from "../support/patterns.ts";
import { parseRegex } from "../support/regex-tree.ts";
import { steps } from "../support/steps.ts";
import { kit, rules } from "../../src/detect/index.ts";
import { claims, keyOf, proven, SHORT } from "./linear-claims.ts";
import { objection, superlinear, vulnerable } from "./linear-proof.ts";

const make = kit(7);

/**
 * No expression of the product may blow up, since nearly all of them meet what strangers wrote. Two judges: recheck,
 * which reasons about repeats without an upper bound, and counted steps of a backtracking matcher on texts made to
 * hurt, which also tell what bounded repeats cost. Nothing here is measured in time.
 */

/** Files that build expressions of parts; all but the last are seen through the rules and shapes that they make. */
const BUILDERS = [
  "src/detect/dismissals/row.ts",
  ...["value-row", "value-row", "value-row"].map((name) => `src/detect/dismissals/${name}.ts`),
  ...["azure", "claims", "gitlab", "proofs", "public", "rule", "rule", "table", "table"].map(
    (name) => `src/detect/rules/${name}.ts`,
  ),
  // A rule's own pattern, tried at one place.
  "src/detect/tokens.ts",
  // The characters that nobody sees.
  "src/kit/text/escape.ts",
];

/** Claims of the record that every run proves again. */
const DRAWN = 10;
/** How far apart the texts are on which an expression's steps are compared with the engine. */
const APART = DEEP ? 13 : 53;
/** As many may be missing from the record before this test is slow, and fails. */
const MOST_UNRECORDED = 30;

const all = claims();
const patterns = all.map(({ pattern }) => pattern);
const record = proven();
const unrecorded = all.filter((claim) => !record.has(keyOf(claim)));
const drawn = Array.from({ length: DRAWN }, () => Math.floor(Math.random() * all.length));
const open = new Set(DEEP ? all : [...unrecorded, ...drawn.flatMap((at) => all[at] ?? [])]);

describe("no expression of the product blows up", () => {
  const areas = Map.groupBy(all, ({ pattern: { place } }) => {
    const [area = "", folder] = place.split("/");
    if (folder === "detect") return place.split(" ")[0] as string;
    return folder === undefined ? place.replace(/ [a-z0-9].*/, "s") : `${area}/${folder}`;
  });

  test.each([...areas])("%s", (_area, list) => {
    const bad = list
      .filter((claim) => open.has(claim))
      .flatMap((claim) => {
        const why = objection(claim);
        return why === null ? [] : [`${claim.pattern.place} /${claim.pattern.source}/${claim.pattern.flags} ${why}`];
      });
    expect(bad).toEqual([]);
  });

  test.each(SHORT)("$place /$source/ meets short texts only: $why", ({ place, source, longest }) => {
    const claim = all.find(({ pattern }) => pattern.place === place && pattern.source === source);
    expect(claim, "remove the entry").toMatchObject({ longest });
  });

  test("the record of proofs is current", () => {
    expect(unrecorded.length, "next: npm run prove").toBeLessThan(MOST_UNRECORDED);
  });
});

test("all are seen", () => {
  expect(patterns.length).toBeGreaterThan(1000);
  const seen = new Set(patterns.map(({ place, source, flags }) => `${place} /${source}/${flags}`));
  const missed = rules.filter(
    ({ id, pattern }) => pattern !== null && !seen.has(`rule ${id} /${pattern.source}/${pattern.flags}`),
  );
  expect(missed.map(({ id }) => id)).toEqual([]);
  expect(builders()).toEqual([...BUILDERS].sort());
});

describe("the judges judge", () => {
  test("a key stands for the expression, its flags and what it may meet", () => {
    const claim = { pattern: { place: "here", source: "a+", flags: "" }, longest: null };
    const others = [
      { ...claim, longest: 200 },
      { ...claim, pattern: { ...claim.pattern, source: "a*" } },
      { ...claim, pattern: { ...claim.pattern, flags: "i" } },
    ];
    expect(new Set([claim, ...others].map(keyOf)).size).toBe(4);
    expect(keyOf({ ...claim, pattern: { ...claim.pattern, place: "there" } })).toBe(keyOf(claim));
    expect(record.has(keyOf(claim))).toBe(false);
  });

  test("what may meet short texts only is found when it costs too much on them", () => {
    const pattern = { place: "here", source: "^(a+)+$", flags: "" };
    expect(objection({ pattern, longest: 200 })).toContain("200 characters");
    expect(objection({ pattern: { ...pattern, source: String.raw`\s*$` }, longest: 200 })).toBeNull();
  });

  const bad = [
    ["^(a+)+$", ""],
    ["(?:a|a)*b", ""],
    ["^(?:a{1,30}){1,30}b", ""],
    [String.raw`\s*$`, ""],
    ["a.*b.*c", "s"],
    [String.raw`^[\w-]*(?:token|key)[\w-]*:$`, "i"],
    ["x{1,4000}y", ""],
    [String.raw`(["'])[^z]*\1z`, ""],
    // The way to the repeat is in what it takes, and begins at the edge of a word or of a line.
    [String.raw`\bfor \w+ in [^;]*\bNAME_FILE`, ""],
    [String.raw`\bset\s[^;]{0,4000}\bNAME`, ""],
    ["^for [^;]*NAME", "m"],
  ] as const;

  test.each(bad)("/%s/%s is found by its steps", (source, flags) => {
    expect(superlinear({ place: "here", source, flags })).not.toBeNull();
  });

  test("recheck finds what repeats without end", () => {
    expect(vulnerable({ place: "here", source: "^(a+)+$", flags: "" })).toContain("exponential");
    expect(vulnerable({ place: "here", source: String.raw`\s*$`, flags: "" })).toContain("2nd degree polynomial");
    expect(vulnerable({ place: "here", source: "^a+b+$", flags: "" })).toBeNull();
  });

  test.each(["^a{1,20}b?c", "[a-z]{1,40}[0-9]", "(?<![a-z])x(?:ab|c){0,9}", "^(?:a|b)+$"])(
    "/%s/ is linear",
    (source) => {
      expect(superlinear({ place: "here", source, flags: "" })).toBeNull();
    },
  );

  test("the matcher that counts matches as the engine does", () => {
    const texts = rules
      .flatMap((rule) => [...rule.examples(make), ...rule.counterExamples(make)])
      .map((example) => (typeof example === "string" ? example : example.value).slice(0, 500));
    const wrong = patterns.filter(({ source, flags }, index) => {
      const engine = new RegExp(source, flags.replace(/[gy]/g, ""));
      const { search } = steps(source, flags);
      return texts.some((text, at) => {
        if (at % APART !== index % APART) return false;
        const wanted = engine.exec(text);
        const { at: start, end } = search(text, 1e8);
        return wanted === null ? start !== -1 : start !== wanted.index || end !== wanted.index + wanted[0].length;
      });
    });
    expect(wrong).toEqual([]);
  });

  test("what the tree does not know is an error", () => {
    expect(() => parseRegex("(?i:a)", "")).toThrow("not understood at 0");
  });
});
