import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import { parseDotenv, renderDotenv, type DotenvDialect, type DotenvEntry } from "../../src/files/dotenv.ts";
import { realCompose } from "../migrations/compose/compose-world.ts";
import { fakeEngine } from "../migrations/docker-container/docker-world.ts";

const SET: { readonly [name: string]: string } = { FROM: "outside", EMPTY: "", B: "b from outside" };
const lookup = (name: string): string | null => (Object.hasOwn(SET, name) ? (SET[name] ?? null) : null);

/** What the entries set, in order; the code of what is thrown. */
function pairs(text: string, dialect: DotenvDialect): readonly (readonly [string, string])[] | string {
  try {
    return parseDotenv(text, dialect, lookup).flatMap(({ name, value }) =>
      value === null ? [] : [[name, value] as const],
    );
  } catch (error) {
    if (error instanceof UnsprawlError) return error.code;
    throw error;
  }
}

const set = (text: string, dialect: DotenvDialect): { readonly [name: string]: string } | string => {
  const all = pairs(text, dialect);
  return typeof all === "string" ? all : Object.fromEntries(all);
};

describe("as compose-go's dotenv", () => {
  test.each<[text: string, expected: { readonly [name: string]: string }]>([
    ["", {}],
    ["# A=1\n\n \t# B=2\n", {}],
    ["A=1", { A: "1" }],
    ["\ufeffA=1\r\nC = 2 \r\n", { A: "1", C: "2" }],
    ["A: 1\nC:2\nD=3:4", { A: "1", C: "2", D: "3:4" }],
    ["A=x#y\nC=x # y\nD=x\t# y\nE='#' # y\n", { A: "x#y", C: "x", D: "x\t# y", E: "#" }],
    // A comment behind nothing: the space in front of it is gone when it is looked for.
    ["A= # y\nC=\nD=1", { A: "# y", C: "", D: "1" }],
    ["export A=1\n export\tC=2\nexportD=3\nexport.E=4", { A: "1", C: "2", exportD: "3", "export.E": "4" }],
    ["FROM\nNONE\nEMPTY\nA=1", { FROM: "outside", EMPTY: "", A: "1" }],
    ["A=1\nA\n", { A: "1" }],
    // A name that the file ends behind.
    ["A=1\nFROM", { A: "1", "": "FROM" }],
    ["='x'", { "": "x" }],
    ["A='a\\'b\\n$FROM'", { A: "a'b\\n$FROM" }],
    ["A='a\\\\'", { A: "a\\\\" }],
    ['A="a\\"b\\\\\\n\\t\\$FROM\\x\\c"', { A: 'a"b\\\n\t$FROM\\x\\c' }],
    ['A="\\0101\\0377\\0\\01\\0400\\08"', { A: "Aÿ\\\\1\\400\\8" }],
    ['A="1\n# 2\r\n$FROM" # c\nC=1', { A: "1\n# 2\r\noutside", C: "1" }],
    ['A="x"C=y\nD="x" E=\'y\' F=z', { A: "x", C: "y", D: "x", E: "y", F: "z" }],
    ['A="x" FROM\n', { A: "x", FROM: "outside" }],
    ["A=1\nC=$A${A}$$A\nD='$A'\nA=$C", { A: "11$A", C: "11$A", D: "$A" }],
    ["B=1\nC=$B", { B: "1", C: "b from outside" }],
    ["A=${NONE:-d}${FROM-d} $NONE", { A: "doutside " }],
    ["a.b-c[0]=1\né9=2\n9=3\nA\tC=4", { "a.b-c[0]": "1", é9: "2", "9": "3", "A\tC": "4" }],
    [
      "__proto__=1\nC=$__proto__",
      Object.fromEntries([
        ["__proto__", "1"],
        ["C", "1"],
      ]),
    ],
  ])("%j", (text, expected) => {
    expect(set(text, "compose")).toEqual(expected);
  });

  test.each<[bad: string, line: number, code?: string]>([
    ["A B=1", 1],
    ["A=1\n\n  C D\n", 3],
    ["A=1\nC!=1", 2],
    ["A='x'\"y\"", 1],
    ["# c\nA='x\\'", 2],
    ['A="x\ny"\nC="', 3],
    ["A=1\nexport ", 2],
    ["A=${", 1],
    ["A=1\nC=${NONE?}", 2, "absent"],
  ])("%j is refused, with its line and without its text", (bad, line, code = "malformed") => {
    const secret = randomBytes(12).toString("hex");
    const attempt = (): unknown => parseDotenv(`S=${secret}\n${bad}`, "compose", lookup);
    const message = expect.stringContaining(`line ${line + 1}`) as string;
    expect(attempt).toThrow(expect.objectContaining({ code, message }) as Error);
    expect(attempt).not.toThrow(secret);
  });

  test.each(["A C", "A", "A='", 'A="', "A=$", "A=${", "A!", ""])("what stands behind %j is never quoted", (before) => {
    const secret = randomBytes(12).toString("hex");
    const attempt = (): unknown =>
      parseDotenv(`${before}${secret}{?}= ${secret}\n${secret} ${secret}=`, "compose", lookup);
    expect(attempt).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
    expect(attempt).not.toThrow(secret);
  });

  test("what earlier files set comes last", () => {
    const earlier = new Map([
      ["A", "early"],
      ["C", "early"],
      ["B", "early"],
    ]);
    const values = parseDotenv("A=1\nX=$A $B $C\nC\n", "compose", lookup, earlier).map(({ value }) => value);
    expect(values).toEqual(["1", "1 b from outside early", null]);
  });
});

describe.each<DotenvDialect>(["raw", "docker"])("as docker/cli's kvfile: %s", (dialect) => {
  test.each<[text: string, expected: { readonly [name: string]: string }]>([
    ["", {}],
    ["\ufeff# c\n\n  #d\n\u2003\nA=1", { A: "1" }],
    ["A='x' # $B \n\t C=\"${D}\" ", { A: "'x' # $B ", C: '"${D}" ' }],
    ["A=1\r\nC=2\r\r\nD=3\r", { A: "1", C: "2\r", D: "3" }],
    ["FROM\nNONE\nEMPTY", { FROM: "outside", EMPTY: "" }],
    ['A:C=1\n"D"=2=3\nE=', { "A:C": "1", '"D"': "2=3", E: "" }],
    ["A=1\nA=2\nA", { A: "2" }],
    [`A=${"x".repeat(65_533)}`, { A: "x".repeat(65_533) }],
  ])("%.60j", (text, expected) => {
    expect(set(text, dialect)).toEqual(expected);
  });

  test.each<[bad: string, line: number]>([
    ["=", 1],
    ["A=1\n\n =2", 3],
    ["export A=1", 1],
    ["A =1", 1],
    ["A\tC", 1],
    [`A=1\nC=${"x".repeat(65_534)}`, 2],
  ])("%.60j is refused, with its line and without its text", (bad, line) => {
    const secret = randomBytes(12).toString("hex");
    const attempt = (): unknown => parseDotenv(`S=${secret}\n${bad}${secret}`, dialect, lookup);
    const message = expect.stringContaining(`line ${line + 1}`) as string;
    expect(attempt).toThrow(expect.objectContaining({ code: "malformed", message }) as Error);
    expect(attempt).not.toThrow(secret);
  });
});

const some = (...all: string[]): fc.Arbitrary<string> => fc.constantFrom(...all);
const joined = (unit: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.array(unit, { maxLength }).map((parts) => parts.join(""));
const space = some("", "", "", " ", "\t", "\u00a0", "\u2003", "\u0085", "\r", "\f");
const name = some("A", "B", "C", "FROM", "NONE", "EMPTY", "a.b-c[1]", "é1", "9", "export", "A C", "A\tC", "");
const use = some("$A", "${B}", "${NONE:-d}", "${FROM+y}", "$FROM", "${C-}", "$$", "\\$A", "$ ", "$1");
const inner = joined(
  fc.oneof(
    use,
    some("x", "y z", " ", " #", "#", "=", ":", "é", "\\", "\\n", "\\0101", "\\08", "\\c", "\\\\", "\t", "\r", "\v"),
  ),
  5,
);
const quoted = fc
  .tuple(some("'", '"'), joined(fc.oneof({ arbitrary: inner, weight: 6 }, some("\n", "\\'", '\\"', "\r\n")), 3))
  .map(([quote, text]) => `${quote}${text}${quote}`);
const line = fc
  .tuple(space, some("", "", "", "export ", "export\t", "export\n"), name, space, some("=", "=", "=", ":", ""), space)
  .chain((front) =>
    fc.tuple(fc.constant(front.join("")), fc.oneof(inner, quoted, quoted), space, some("", "", "# c", " # c")),
  )
  .map((parts) => parts.join(""));
const soup = joined(
  fc.oneof(use, name, some("=", ":", "\n", "'", '"', "\\", "#", " ", "${", "}", "\r", "export ")),
  10,
);
const file = fc
  .tuple(
    some("", "", "\ufeff"),
    fc.array(
      fc.tuple(
        fc.oneof({ arbitrary: line, weight: 6 }, some("", "# c '", "FROM", "NONE"), soup),
        some("\n", "\n", "\r\n", " "),
      ),
      {
        maxLength: 5,
      },
    ),
    some("", "A", "A=x"),
  )
  .map(([bom, lines, last]) => bom + lines.flat().join("") + last);

const written = (text: string, entries: readonly DotenvEntry[]): readonly string[] =>
  entries.map((entry) => `${entry.name}|${text.slice(entry.valueStart, entry.valueEnd)}`);
const splice = (text: string, start: number, end: number, put: string): string =>
  text.slice(0, start) + put + text.slice(end);

test.each<DotenvDialect>(["compose", "docker"])(
  "ranges cut one entry out, or one value, and leave the others: %s",
  (dialect) => {
    const files = fc
      .sample(file, { seed: 3, numRuns: 6000 })
      .filter((text) => typeof pairs(text, dialect) !== "string");
    let seen = 0;
    for (const text of files) {
      const entries = parseDotenv(text, dialect, lookup);
      let last = 0;
      for (const [at, entry] of entries.entries()) {
        expect(entry.start).toBeGreaterThanOrEqual(last);
        last = entry.end;
        expect(text.slice(entry.nameStart, entry.nameEnd)).toBe(entry.name);
        expect(text.slice(0, entry.nameStart).split("\n").length).toBe(entry.line);
        expect(
          [entry.start, entry.nameStart, entry.nameEnd, entry.valueStart, entry.valueEnd, entry.end].every(
            (one, index, all) => one >= (all[index - 1] ?? 0),
          ),
        ).toBe(true);
        const without = splice(text, entry.start, entry.end, "");
        // What is left may use what is gone, so only what stands there is compared.
        const rest = written(without, parseDotenv(without, dialect, lookup));
        expect(rest, JSON.stringify([text, entry])).toEqual(written(text, entries.toSpliced(at, 1)));
        if (entry.valueStart === entry.nameEnd) continue;
        const put = renderDotenv("n'#ew", dialect, entry.quote) ?? "";
        const changed = splice(text, entry.valueStart, entry.valueEnd, put);
        const after = parseDotenv(changed, dialect, lookup);
        expect(after[at], JSON.stringify([text, changed])).toMatchObject({
          name: entry.name,
          value: "n'#ew",
          quote: entry.quote,
        });
        expect(written(changed, after.toSpliced(at, 1))).toEqual(written(text, entries.toSpliced(at, 1)));
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(1000);
  },
);

const anyValue = joined(fc.oneof(inner, some("'", '"', "\n", "\r", "${", "}", "\u2003", "🔑", "\0", "\\'")), 4);

describe("a rendered value is read back", () => {
  test.each<[value: string, quote: "'" | '"' | null, text: string]>([
    ["plain", null, "plain"],
    ["a b=c#d", null, "a b=c#d"],
    ["a$b", null, "a$$b"],
    ["", null, "''"],
    ["a #b", null, "'a #b'"],
    ["#a", null, "'#a'"],
    [" a", null, "' a'"],
    ["a\nb", null, '"a\\nb"'],
    ["it's", "'", "'it\\'s'"],
    ["a\nb$c", "'", "'a\nb$c'"],
    ["a\\", "'", '"a\\\\"'],
    ["a\\'b", "'", '"a\\\\\'b"'],
    ['a$b"\\\n', '"', '"a\\$b\\"\\\\\\n"'],
  ])("%j in %j", (value, quote, text) => {
    expect(renderDotenv(value, "compose", quote)).toBe(text);
    expect(set(`A=${text}`, "compose")).toEqual({ A: value });
  });

  test("by ours, whatever follows it", () => {
    const behind = some("", "\n", "\r\n", " # c\n", "\nB='2'\n", "\t\n# c");
    fc.assert(
      fc.property(anyValue, some("", "'", '"'), behind, some("", "A=1\n", "\ufeff"), (value, quote, after, before) => {
        const text = renderDotenv(value, "compose", (quote || null) as "'" | '"' | null);
        const read = parseDotenv(`${before}X=${text}${after}`, "compose", lookup).find((entry) => entry.name === "X");
        expect(read?.value).toBe(value);
        if (quote === '"') expect(read?.quote).toBe('"');
        if (quote === "'") expect(read?.quote).not.toBe(null);
      }),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(anyValue, some("", "\n", "\r\n", "\nB=2"), (value, after) => {
        const text = renderDotenv(value, "docker", null);
        if (text === null) expect(value).toMatch(/\n|\r$/);
        else expect(parseDotenv(`X=${text}${after}`, "docker", lookup)[0]?.value).toBe(value);
        expect(renderDotenv(value, "raw", '"')).toBe(text);
      }),
    );
  });

  test("or there is none", () => {
    for (const dialect of ["compose", "raw", "docker"] as const)
      expect(renderDotenv("\ud800", dialect, null)).toBe(null);
    for (const value of ["a\nb", "a\r", "x".repeat(65_535)]) {
      expect(renderDotenv(value, "docker", null)).toBe(null);
      expect(renderDotenv(value, "compose", null)).not.toBe(null);
    }
  });
});

describe("as the real Compose", () => {
  let real: Awaited<ReturnType<typeof realCompose>>;
  beforeAll(async () => {
    real = await realCompose();
  });
  afterAll(() => real?.remove());

  test("any env file", () => {
    // compose-go 2.4.8 looks into operands that it does not need.
    const files = [...new Set(fc.sample(file, { seed: 5, numRuns: 4000 }))].filter(
      (text) => !/\$\{\w+:?[-+?][^}]*\$/.test(text),
    );
    const good = files.filter((text) => typeof set(text, "compose") !== "string");
    const bad = files.filter((text) => typeof set(text, "compose") === "string").slice(0, 40);
    expect(good.length).toBeGreaterThan(1000);
    const theirs = real.resolve(
      good.map((envFile) => ({ envFile })),
      SET,
    );
    expect(theirs).not.toBe(null);
    for (const [at, text] of good.entries()) expect(theirs?.[at], JSON.stringify(text)).toEqual(set(text, "compose"));
    for (const envFile of bad) expect(real.resolve([{ envFile }], SET), JSON.stringify(envFile)).toBe(null);
    expect(bad.length).toBe(40);
  });

  test("any rendered value", () => {
    const values = fc.sample(anyValue, { seed: 9, numRuns: 3000 });
    const lines = values.map(
      (value, at) => `K${at}=${renderDotenv(value, "compose", ([null, "'", '"'] as const)[at % 3] ?? null)}`,
    );
    const expected = Object.fromEntries(values.map((value, at) => [`K${at}`, value]));
    expect(real.resolve([{ envFile: lines.join(" # c\n") }], {})?.[0]).toEqual(expected);
  });
});

describe("as the real docker client", () => {
  let real: Awaited<ReturnType<typeof fakeEngine>>;
  beforeAll(async () => {
    real = await fakeEngine();
  });
  afterAll(() => real?.remove());

  test("any env file", async () => {
    const files = [...new Set(fc.sample(file, { seed: 2, numRuns: 6000 }))];
    const good = files.filter((text) => !text.includes("\ufeff") && typeof pairs(text, "docker") !== "string");
    const bad = files.filter((text) => typeof pairs(text, "docker") === "string").slice(0, 25);
    expect([good.length > 300, bad.length]).toEqual([true, 25]);
    for (const text of [...good.slice(0, 20), good.join("\n"), `\ufeff${good.join("\r\n")}`]) {
      const ours = parseDotenv(text, "docker", lookup).filter((entry) => entry.value !== null);
      expect(await real.envFile(text, SET)).toEqual(ours.map((entry) => `${entry.name}=${entry.value}`));
    }
    for (const text of bad) expect(await real.envFile(text, SET), JSON.stringify(text)).toBe(null);
  });

  test("lines as long as can be, and any rendered value", async () => {
    for (const [length, end] of [
      [65_533, "\n"],
      [65_534, "\n"],
      [65_533, ""],
      [65_534, ""],
      [65_532, "\r\n"],
      [65_533, "\r\n"],
    ] as const) {
      const text = `A=${"x".repeat(length)}${end}`;
      expect((await real.envFile(text, {})) === null).toBe(pairs(text, "docker") === "malformed");
    }
    const values = fc
      .sample(anyValue, { seed: 4, numRuns: 500 })
      .filter((value) => renderDotenv(value, "docker", null) !== null);
    const lines = values.map((value, at) => `K${at}=${renderDotenv(value, "docker", null)}`);
    expect(await real.envFile(lines.join("\n"), {})).toEqual(values.map((value, at) => `K${at}=${value}`));
  });
});
