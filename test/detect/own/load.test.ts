import { expect, test } from "vitest";
import { loadOwnRules } from "../../../src/detect/own/index.ts";
import { filesOf, found, own, refusal, toml } from "./given.ts";

const ONE = { id: "acme", pattern: "acme_[0-9a-f]{8}" };

test("nobody's rules find nothing and load nothing", async () => {
  for (const given of [undefined, null, []]) {
    const rules = await loadOwnRules({ own: given, files: [], dir: ".", configFile: "unsprawl.yaml" });
    expect(rules).toMatchObject({ rules: [], disabled: [], notes: [] });
    expect(rules.find({ name: "A", text: "a", path: "" })).toEqual([]);
  }
});

test("a rule says what it is; what it does not say has a default", async () => {
  const [whole, bare] = (
    await own(
      {
        ...ONE,
        description: "Acme's token",
        keywords: ["ACME_"],
        entropy: 2,
        severity: "critical",
        confidence: "low",
        names: "acme",
        secretGroup: 0,
        allow: { stopWords: ["Dead"] },
      },
      { id: "bare", pattern: "b" },
    )
  ).rules;
  expect(whole).toMatchObject({
    id: "acme",
    description: "Acme's token",
    source: "unsprawl.yaml",
    severity: "critical",
    confidence: "low",
    keywords: ["acme_"],
    entropy: 2,
    secretGroup: 0,
    allowlists: [{ by: "allow in unsprawl.yaml", stopWords: ["dead"] }],
  });
  expect(bare).toMatchObject({ description: "bare", severity: "high", confidence: "high", entropy: null, names: null });
});

test.each<[string, unknown, RegExp]>([
  ["no list", { acme: 1 }, /unsprawl\.yaml: rules\.own must be a list/],
  ["no map", ["acme"], /rules\.own\[0\] must be a map/],
  ["no id", [{ pattern: "a" }], /rules\.own\[0\]\.id is missing/],
  ["a wrong id", [{ id: "a b", pattern: "a" }], /rules\.own\[0\]\.id may hold/],
  ["no pattern", [{ id: "acme" }], /rules\.own\[0\]\.pattern is missing \| give a pattern, names, or both/],
  [
    "a slip",
    [{ ...ONE, patern: "x" }],
    /unknown key rules\.own\[0\]\.patern \| did you mean 'rules\.own\[0\]\.pattern'\?/,
  ],
  [
    "an unknown key",
    [{ ...ONE, zzzzzzz: 1 }],
    /unknown key rules\.own\[0\]\.zzzzzzz \| known keys: id, description, pattern/,
  ],
  [
    "a slip in allow",
    [{ ...ONE, allow: { stopwords: [] } }],
    /unknown key rules\.own\[0\]\.allow\.stopwords \| did you mean 'rules\.own\[0\]\.allow\.stopWords'\?/,
  ],
  ["an empty allow", [{ ...ONE, allow: {} }], /rules\.own\[0\]\.allow says nothing/],
  ["an empty stop word", [{ ...ONE, allow: { stopWords: [""] } }], /empty stop word/],
  ["a wrong severity", [{ ...ONE, severity: "huge" }], /severity must be one of low, medium, high, critical/],
  ["a wrong confidence", [{ ...ONE, confidence: 1 }], /confidence must be one of low, medium, high/],
  ["a wrong entropy", [{ ...ONE, entropy: "3" }], /entropy must be a number/],
  ["wrong keywords", [{ ...ONE, keywords: [1] }], /keywords\[0\] must be text/],
  ["keywords of no list", [{ ...ONE, keywords: 1 }], /keywords must be a list of texts/],
  ["a group that is not there", [{ ...ONE, secretGroup: 2 }], /secretGroup is 2, but the pattern has 0 groups/],
  ["half a group", [{ id: "acme", pattern: "(a)", secretGroup: 0.5 }], /secretGroup is 0\.5/],
  ["a group of nothing", [{ id: "acme", names: "a", secretGroup: 1 }], /secretGroup without a pattern/],
  ["a broken pattern", [{ ...ONE, pattern: "[a" }], /\(acme\): pattern: missing closing \]/],
  ["look-ahead", [{ ...ONE, pattern: "(?=a)" }], /pattern: invalid or unsupported Perl syntax.*no look-around/],
  ["a back-reference", [{ ...ONE, pattern: "(a)\\1" }], /pattern: invalid escape sequence/],
  ["broken names", [{ ...ONE, names: "(" }], /names: missing closing \)/],
  ["a broken allow", [{ ...ONE, allow: { patterns: ["a", "*"] } }], /allow: patterns\[1\]: missing argument/],
  ["a flag that is none", [{ ...ONE, replaces: "yes" }], /replaces must be true or false/],
  ["an id twice", [ONE, ONE], /id acme is already taken, in unsprawl\.yaml/],
  ["a built-in id", [{ ...ONE, id: "jwt" }], /id jwt is already taken, in the built-in rules \| .*replaces: true/],
  ["nothing to replace", [{ ...ONE, id: "jwtt", replaces: true }], /there is no rule jwtt \| did you mean jwt\?/],
])("refused: %s", async (_what, rules, said) => {
  const loading = loadOwnRules({ own: rules, files: [], dir: ".", configFile: "/etc/unsprawl.yaml" });
  expect(await refusal(loading)).toMatch(said);
});

const RULE = `[[rules]]\nid = "acme"\nregex = '''acme_[0-9a-f]{8}'''\n`;

test.each<[string, string, RegExp]>([
  ["no TOML", `${RULE}[[rules]\n`, /^team\.toml, line 4: not valid TOML: [^\n]*$/],
  ["no list of rules", `rules = 3\n`, /team\.toml: rules must be a list, as \[\[rules\]\] makes it/],
  ["a table for each rule", `[rules.a]\nid = "a"\nregex = "a"\n`, /team\.toml: rules must be a list, as \[\[rules\]\]/],
  ["no id", `[[rules]]\nregex = "a"\n`, /team\.toml: rules\[0\]: id is missing/],
  ["neither regex nor path", `[[rules]]\nid = "a"\n`, /team\.toml: rule a: regex and path are both missing/],
  ["a broken regex", `[[rules]]\nid = "a"\nregex = "(?<!a)b"\n`, /team\.toml: rule a: regex: invalid named capture/],
  ["a group that is not there", `${RULE}secretGroup = 1\n`, /secretGroup is 1, but the regex has 0 groups/],
  ["a slip", `[[rules]]\nid = "a"\nregexp = "a"\n`, /team\.toml: rule a: unknown key regexp \| did you mean regex\?/],
  ["an entropy that is no number", `${RULE}entropy = "high"\n`, /team\.toml: rule acme: entropy must be a number/],
  ["a list in a list", `${RULE}keywords = [["a"]]\n`, /rule acme: keywords must be a list of texts/],
  ["a flag that is none", `${RULE}skipReport = "yes"\n`, /rule acme: skipReport must be true or false/],
  [
    "a version that is none",
    `minVersion = "soon"\n${RULE}`,
    /team\.toml: minVersion is not a version \| write it as in v8/,
  ],
  ["a required rule that is none", `${RULE}[[rules.required]]\nid = "b"\n`, /rule acme: required: there is no rule b/],
  ["a required rule without a name", `${RULE}[[rules.required]]\nwithinLines = 1\n`, /there is no rule without an id/],
  ["a group that is not there, in a rule left out", `${RULE}secretGroup = 1\nskipReport = true\n`, /secretGroup is 1/],
  [
    "nothing to match, in a rule left out",
    `[[rules]]\nid = "a"\nskipReport = true\n`,
    /rule a: regex and path are both/,
  ],
  [
    "a slip in an allowlist",
    `${RULE}[rules.allowlist]\nregex = ["a"]\n`,
    /unknown key regex \| did you mean regexes\?/,
  ],
  ["an empty allowlist", `${RULE}[rules.allowlist]\n`, /rule acme: allowlist says nothing/],
  ["an allowlist as a list", `${RULE}[[rules.allowlist]]\nstopwords = ["a"]\n`, /allowlist must be a map/],
  [
    "two kinds of allowlist",
    `${RULE}[rules.allowlist]\npaths=["a"]\n[[rules.allowlists]]\npaths=["a"]\n`,
    /exclude each/,
  ],
  ["a wrong condition", `${RULE}[[rules.allowlists]]\ncondition = "XOR"\npaths=["a"]\n`, /condition must be AND or OR/],
  [
    "a wrong target",
    `${RULE}[[rules.allowlists]]\nregexTarget = "file"\nregexes=["a"]\n`,
    /regexTarget must be one of/,
  ],
  ["a broken allowlist", `[allowlist]\npaths = ["["]\n${RULE}`, /team\.toml: allowlist: paths\[0\]: missing closing/],
  ["a target that is no rule", `${RULE}[[allowlists]]\ntargetRules=["b"]\npaths=["a"]\n`, /there is no rule b/],
  ["path and useDefault", `[extend]\nuseDefault = true\npath = "b.toml"\n`, /path and useDefault exclude each other/],
  [
    "a file that is not there",
    `[extend]\npath = "sub/b.toml"\n`,
    /^sub\/b\.toml: the rules file cannot be read \(Error ENOENT\)/,
  ],
  ["a circle", `[extend]\npath = "team.toml"\n`, /extend\.path forms a cycle/],
])("a file is refused: %s", async (_what, text, said) => {
  expect(await refusal(toml(text))).toMatch(said);
});

const NUMBERED = `[[rules]]\nid = 12\nregex = "acme_([0-9a-f]{4})([0-9a-f]{4})"\n`;

test.each<[what: string, file: string, text: string, secrets: string[]]>([
  ["a number as an id", NUMBERED, "acme_01234567", ["12 0123"]],
  ["numbers as texts", `${NUMBERED}secretGroup = "2"\nentropy = "2"\n`, "acme_01234567", []],
  ["a text as a number", `${NUMBERED}secretGroup = "2"\nentropy = "1.9"\n`, "acme_01234567", ["12 4567"]],
  ["less than nothing", `${NUMBERED}secretGroup = -1\nentropy = -1\n`, "acme_00000000", ["12 0000"]],
  ["half a group", `${NUMBERED}secretGroup = 1.5\n`, "acme_01234567", ["12 0123"]],
  ["no number at all", `${NUMBERED}entropy = nan\n`, "acme_00000000", ["12 0000"]],
  ["numbers among keywords", `${NUMBERED}keywords = ["x", 45]\n`, "acme_01234567", ["12 0123"]],
  ["no number among keywords", `${NUMBERED}keywords = 89\n`, "acme_01234567", []],
  [
    "an empty text is no list",
    `${NUMBERED}[rules.allowlist]\npaths = ""\nstopwords = "ff"\n`,
    "acme_00000000",
    ["12 0000"],
  ],
  ["no target", `${NUMBERED}[[rules.allowlists]]\nregexTarget = ""\nregexes = ["^00"]\n`, "acme_00000000", []],
  ["one rule, as a table", NUMBERED.replace("[[rules]]", "[rules]"), "acme_01234567", ["12 0123"]],
  ["one allowlist, as a table", `${NUMBERED}[rules.allowlists]\nstopwords = ["00"]\n`, "acme_00000000", []],
  ["an empty table at the top", `${NUMBERED}[allowlist]\n`, "acme_00000000", ["12 0000"]],
  ["a flag as a text", `${NUMBERED}skipReport = "f"\n`, "acme_00000000", ["12 0000"]],
  ["a flag as a number", `${NUMBERED}skipReport = 1\n`, "acme_00000000", []],
])("read as gitleaks reads it: %s", async (_what, file, text, secrets) => {
  expect(found(await toml(file), "A", text)).toEqual(secrets);
});

test("of two rules of one id the last one counts, and that is told", async () => {
  const rules = await toml(`${RULE}keywords = ["x"]\nskipReport = true\n${RULE.replace("8", "4")}[[rules]]\n`);
  expect(found(rules, "A", "acme_0123")).toEqual(["acme acme_0123"]);
  expect(rules.notes).toEqual([
    "team.toml: rules[2] is ignored: it is empty",
    "team.toml: rule acme: several rules have this id; the last one counts, as with gitleaks",
  ]);
});

test("a slip beside what is enough is told, and how it was meant", async () => {
  const rules = await toml(`${RULE}keyword = ["x"]\n[allowlist]\nstopword = ["acme"]\npaths = ["^test/"]\n`);
  expect(found(rules, "A", "acme_01234567")).toEqual(["acme acme_01234567"]);
  expect(rules.notes).toEqual([
    "team.toml: rule acme: keyword is ignored: gitleaks does not know it either; did you mean keywords?",
    "team.toml: allowlist: stopword is ignored: gitleaks does not know it either; did you mean stopwords?",
  ]);
});

test("what is beside no file is looked for in the folder of the configuration", async () => {
  const rules = await filesOf({ "ci/team.toml": `[extend]\npath = "ci/base.toml"\n`, "ci/base.toml": RULE });
  expect(rules.rules.map(({ id, source }) => `${source} ${id}`)).toEqual(["ci/base.toml acme"]);
});

test("one id stands in one file only", async () => {
  const text = await refusal(toml(RULE, {}, [ONE]));
  expect(text).toMatch(/unsprawl\.yaml: rules\.own\[0\] \(acme\): the id acme is already taken, in team\.toml/);
});

test("a rule that replaces takes the place of a file's rule and of a built-in one", async () => {
  const rules = await toml(RULE, {}, [
    { id: "acme", pattern: "emca_[0-9]{4}", replaces: true },
    { id: "jwt", pattern: "never", replaces: true },
  ]);
  expect(rules.rules.map(({ id, source }) => `${id} ${source}`)).toEqual(["acme unsprawl.yaml", "jwt unsprawl.yaml"]);
  expect(rules.disabled).toEqual(["jwt"]);
  expect(found(rules, "A", "acme_01234567 emca_0123")).toEqual(["acme emca_0123"]);
});

test("what of a file is passed over is told", async () => {
  const rules = await toml(`
title = "team"
minVersion = "v9.1.0"
zzzzzz = 1
[extend]
useDefault = true
url = "https://rules.test/"
disabledRules = ["jwt", "no-such-rule"]
[[allowlists]]
targetRules = ["gitlab-pat"]
commits = ["abc"]
[[rules]]
id = "generic-api-key"
[[rules.allowlists]]
stopwords = ["a"]
[[rules]]
id = "pair"
regex = "a"
[[rules.required]]
id = "half"
[[rules]]
id = "half"
regex = "b"
skipReport = true
severity = "info"
[[rules]]
id = "private-key"
regex = "c"
`);
  expect(rules.rules.map(({ id }) => id)).toEqual(["private-key"]);
  expect(rules.disabled).toEqual(["jwt"]);
  expect(rules.notes).toEqual([
    "team.toml: zzzzzz is ignored: gitleaks does not know it either",
    "team.toml: written for gitleaks 9.1; read as 8.30 reads it",
    "team.toml: extend.url is ignored: rules are read from files only",
    "team.toml: rule half: severity is ignored: it is not one of low, medium, high, critical",
    "team.toml: commits in allowlists are ignored, because there are none here; with condition AND, such an allowlist never matches",
    "team.toml: an allowlist for gitlab-pat is ignored: gitleaks's own rules do not run here",
    "team.toml: rule generic-api-key is ignored: it only changes one of gitleaks's own rules, which do not run here",
    "team.toml: rule pair is left out: it counts only near matches of other rules (required), which single values do not show",
    "team.toml: rule half is left out: it never reports by itself (skipReport)",
    "team.toml: extend.disabledRules names no-such-rule, which is no rule here",
    "team.toml: beside the built-in rules of the same id: private-key",
  ]);
});
