import { describe, expect, test } from "vitest";
import { allowed, found, toml } from "./given.ts";

type Given = [name: string, value: string, path?: string];

const rule = (more: string, regex = "tok_([a-z0-9-]+)", id = "tok"): string =>
  `[[rules]]\nid = "${id}"\nregex = '''${regex}'''\n${more}\n`;

describe("allowlists, as gitleaks has them", () => {
  const list = (more: string): string => rule(`[[rules.allowlists]]\n${more}`);
  test.each<[what: string, file: string, goes: Given[], stays: Given[]]>([
    ["secret", list(`regexes = ['^b']`), [["A", "tok_bc"]], [["A", "tok_cb"]]],
    ["match", list(`regexTarget = "match"\nregexes = ['^tok_b']`), [["A", "tok_bc"]], [["A", "tok_cb"]]],
    [
      "line",
      list(`regexTarget = "line"\nregexes = ['^A=x']`),
      [["A", "x tok_b"]],
      [
        ["B", "x tok_b"],
        ["A", "y\nx tok_b"],
      ],
    ],
    [
      "line 2",
      list(`regexTarget = "line"\nregexes = ['^x .*z$']`),
      [["A", "y\nx tok_b z\nw"]],
      [["A", "y\nx tok_b\nz"]],
    ],
    [
      "stop words",
      list(`stopwords = ["DeAd"]`),
      [["A", "tok_a-dead-1"]],
      [
        ["A", "dead tok_a"],
        ["DEAD", "tok_a"],
      ],
    ],
    [
      "paths",
      list(`paths = ['(?i)\\.MD$']`),
      [["A", "tok_a", "x/readme.md"]],
      [
        ["A", "tok_a", ""],
        ["A", "tok_a.md"],
      ],
    ],
    [
      "one is enough",
      list(`paths = ['md$']\nstopwords = ["zz"]`),
      [
        ["A", "tok_a", "md"],
        ["A", "tok_zz"],
      ],
      [["A", "tok_a"]],
    ],
    [
      "AND wants all",
      list(`condition = "AND"\npaths = ['md$']\nregexes = ['^a']\nstopwords = ["zz"]`),
      [["A", "tok_a-zz", "md"]],
      [
        ["A", "tok_a-zz"],
        ["A", "tok_b-zz", "md"],
        ["A", "tok_a-yy", "md"],
      ],
    ],
    ["AND of paths alone", list(`condition = "&&"\npaths = ['md$']`), [["A", "tok_a", "md"]], [["A", "tok_a", "txt"]]],
    ["commits with OR", list(`commits = ["abc"]\nstopwords = ["zz"]`), [["A", "tok_zz"]], [["A", "tok_abc"]]],
    ["commits with AND", list(`condition = "and"\ncommits = ["abc"]\nstopwords = ["zz"]`), [], [["A", "tok_zz"]]],
    [
      "two lists",
      `${list(`stopwords = ["yy"]`)}[[rules.allowlists]]\nstopwords = ["zz"]`,
      [
        ["A", "tok_zz"],
        ["A", "tok_yy"],
      ],
      [],
    ],
    ["the old form", rule(`[rules.allowlist]\nstopwords = ["zz"]`), [["A", "tok_zz"]], [["A", "tok_a"]]],
    [
      "one text is a list with commas",
      rule(`[rules.allowlist]\nstopwords = "yy,zz"`),
      [
        ["A", "tok_zz"],
        ["A", "tok_yy"],
      ],
      [["A", "tok_a"]],
    ],
    [
      "keys in any case",
      rule(`SecretGroup = 1\n[rules.AllowList]\nStopWords = ["zz"]`),
      [["A", "tok_zz"]],
      [["A", "tok_a"]],
    ],
    ["for all rules", `${rule("")}[allowlist]\nregexes = ['^b']`, [["A", "tok_b"]], [["A", "tok_a"]]],
    ["of all rules, new form", `${rule("")}[[allowlists]]\nregexes = ['^b']`, [["A", "tok_b"]], [["A", "tok_a"]]],
    [
      "for named rules",
      `${rule("")}${rule("", "kot_([a-z]+)", "kot")}[[allowlists]]\ntargetRules = ["kot"]\nstopwords = ["zz"]`,
      [["A", "kot_zz"]],
      [["A", "tok_zz"]],
    ],
    // gitleaks joins a list into one pattern, in which a flag holds for all that follows.
    [
      "a flag that leaks",
      list(`regexes = ['(?i)^zz', '^QQ$']`),
      [
        ["A", "tok_qq"],
        ["A", "tok_zz"],
      ],
      [["A", "tok_q"]],
    ],
    [
      "groups of one name",
      list(`regexes = ['(?P<a>yy)', '(?P<a>zz)']`),
      [
        ["A", "tok_zz"],
        ["A", "tok_yy"],
      ],
      [["A", "tok_a"]],
    ],
    ["an empty stop word allows nothing", list(`stopwords = ["", "zz"]`), [["A", "tok_zz"]], [["A", "tok_a"]]],
  ])("%s", async (_what, file, goes, stays) => {
    const rules = await toml(file);
    for (const given of goes) {
      expect([given, found(rules, ...given), allowed(rules, ...given).length]).toEqual([given, [], 1]);
    }
    for (const given of stays) {
      expect([given, found(rules, ...given).length, allowed(rules, ...given)]).toEqual([given, 1, []]);
    }
  });
});

describe("what one file extends", () => {
  const base = `${rule('keywords = ["tok"]\nentropy = 1\ntags = ["a"]\n[[rules.allowlists]]\nstopwords = ["yy"]')}
${rule("", "kot_([a-z]+)", "kot")}
[allowlist]
stopwords = ["qq"]
`;

  test("rules of both hold, and the allowlists for all", async () => {
    const rules = await toml(`[extend]\npath = "sub/base.toml"\n${rule("", "new_([a-z]+)", "new")}`, {
      "sub/base.toml": base,
    });
    expect(rules.rules.map(({ id, source }) => `${source} ${id}`)).toEqual([
      "team.toml new",
      "sub/base.toml tok",
      "sub/base.toml kot",
    ]);
    expect(found(rules, "A", "new_a tok_abc kot_b new_qq")).toEqual(["new a", "tok abc", "kot b"]);
  });

  test("a rule of the same id says anew what it says, and adds to the lists", async () => {
    const more = `[[rules]]\nid = "tok"\nentropy = 2\nkeywords = ["other"]\ntags = ["b"]\n[[rules.allowlists]]\nstopwords = ["zz"]`;
    const rules = await toml(`[extend]\npath = "base.toml"\ndisabledRules = ["kot"]\n${more}`, { "base.toml": base });
    expect(rules.rules).toHaveLength(1);
    expect(rules.rules[0]).toMatchObject({ entropy: 2, keywords: ["tok", "other"], tags: ["a", "b"] });
    expect(found(rules, "A", "tok_abcd tok_abcde tok_abcdeyy tok_abcdezz kot_a")).toEqual(["tok abcde"]);
  });

  test("only its own file says that a rule never reports", async () => {
    const silent = await toml(`[extend]\npath = "base.toml"\n[[rules]]\nid = "tok"\nentropy = 2\n`, {
      "base.toml": rule("skipReport = true"),
    });
    expect(silent.rules).toEqual([]);
    const loud = await toml(`[extend]\npath = "base.toml"\n[[rules]]\nid = "tok"\nskipReport = true\n`, {
      "base.toml": rule(""),
    });
    expect(found(loud, "A", "tok_a")).toEqual(["tok a"]);
    expect(loud.notes).toEqual([
      "team.toml: rule tok: skipReport and required do nothing in a rule that changes another's, as with gitleaks",
    ]);
  });

  test("two files deep, each beside the one that names it; a third is noted", async () => {
    const files = {
      "sub/b.toml": `[extend]\npath = "deep/c.toml"\n${rule("", "b_([a-z]+)", "b")}`,
      "sub/deep/c.toml": `[extend]\npath = "../../d.toml"\n${rule("", "c_([a-z]+)", "c")}`,
      "d.toml": rule("", "d_([a-z]+)", "d"),
    };
    const rules = await toml(`[extend]\npath = "sub/b.toml"\n`, files);
    expect(rules.rules.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(rules.notes).toEqual(["sub/deep/c.toml: extend.path is ignored: gitleaks follows at most 2 of them"]);
  });

  test("targetRules of an extended file does nothing, and that is told", async () => {
    const theirs = `${base}[[rules]]\nid = "x"\nregex = "x_([a-z]+)"\n`.replace(
      "[allowlist]",
      '[[allowlists]]\ntargetRules = ["tok"]',
    );
    const rules = await toml(`[extend]\npath = "base.toml"\n`, { "base.toml": theirs });
    expect(found(rules, "A", "tok_abqq")).toEqual(["tok abqq"]);
    expect(rules.notes).toEqual([
      "base.toml: targetRules does nothing in a file that another extends, as with gitleaks",
    ]);
  });
});
