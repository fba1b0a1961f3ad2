import { expect, test } from "vitest";
import { allowed, found, own, toml } from "./given.ts";

test.each<[what: string, rule: object, name: string, text: string, secrets: string[]]>([
  ["the whole match", { pattern: "tok_[a-z]+" }, "A", "x tok_ab y", ["tok_ab"]],
  ["the first group that is not empty", { pattern: "(x)?tok_([a-z]+)" }, "A", "tok_ab xtok_cd", ["ab", "x"]],
  ["the group that is asked for", { pattern: "(x)?tok_([a-z]+)", secretGroup: 2 }, "A", "xtok_cd", ["cd"]],
  ["the group named secret", { pattern: "(tok)_(?P<secret>[a-z]+)" }, "A", "tok_cd", ["cd"]],
  ["a group that did not match is nothing", { pattern: "tok(_b)?", secretGroup: 1 }, "A", "tok", []],
  ["a match without length is nothing", { pattern: "x*" }, "A", "aaa", []],
  ["anchors hold for the value", { pattern: "^tok_[a-z]+$" }, "A", "tok_ab", ["tok_ab"]],
  ["\\A and \\z too", { pattern: `\\Atok_[[:lower:]]+\\z` }, "A", "tok_ab", ["tok_ab"]],
  ["not for a part of it", { pattern: "^tok_[a-z]+$" }, "A", "x tok_ab", []],
  ["the name is context", { pattern: "(?i)acme.{0,9}=([0-9]{4})" }, "ACME_PIN", "1234", ["1234"]],
  ["of the first line alone", { pattern: "(?i)acme.{0,9}=([0-9]{4})" }, "ACME_PIN", "x\n1234", []],
  ["what begins in the name is cut", { pattern: "PIN=[0-9]+" }, "ACME_PIN", "1234", ["1234"]],
  ["what is in the name alone is nothing", { pattern: "ACME_[A-Z]+=?" }, "ACME_PIN", "1234", []],
  ["a pattern that wants a colon", { pattern: `pin: ?([0-9]{4})` }, "pin", "1234", ["1234"]],
  ["a colon in a flag or a class is none", { pattern: `(?:pin)[[:space:]]([0-9]{4})` }, "pin", "1234", []],
  ["a pattern that wants quotes", { pattern: `pin\\s*=\\s*["']([0-9]{4})["']` }, "pin", "1234", ["1234"]],
  ["as YAML has them", { pattern: `pin:\\s*"[0-9]{4}"` }, "pin", "1234", ["1234"]],
  ["as JSON has them", { pattern: `"pin"\\s*:\\s*"([0-9]{4})"` }, "pin", "1234", ["1234"]],
  ["without a name", { pattern: `"([0-9]{4})"` }, "", "1234", ["1234"]],
  ["once, whatever the writing", { pattern: `["':=]?([0-9]{4})` }, "pin", "1234", ["1234"]],
  ["each match", { pattern: "[0-9]{4}" }, "A", "1234 5678", ["1234", "5678"]],
  ["a line break around a match is none of it", { pattern: "\\n[0-9]{4}\\n" }, "A", "a\n1234\n", ["1234"]],
  ["names, any case", { pattern: "[0-9]{4}", names: "^acme_" }, "Acme_Pin", "1234", ["1234"]],
  ["under another name, nothing", { pattern: "[0-9]{4}", names: "^acme_" }, "MY_ACME_PIN", "1234", []],
  ["names alone mean the whole value", { names: "^acme_pin$" }, "ACME_PIN", " no idea\n", ["no idea"]],
  ["names alone, too plain", { names: "^acme_pin$", entropy: 3 }, "ACME_PIN", "aaaaaaaa", []],
  ["entropy must be exceeded", { pattern: "[a-z]+", entropy: 2 }, "A", "abcd abcde", ["abcde"]],
  ["and is that of the secret", { pattern: "([a-z]+)-[0-9]+", entropy: 1 }, "A", "aaaa-0123456789", []],
  ["over bytes, as gitleaks reckons", { pattern: "é+[a-d]+", entropy: 1.3 }, "A", "éééab éaaab", ["éaaab"]],
  ["an entropy of 0 asks for nothing", { pattern: "a+", entropy: 0 }, "X", "aaaa", ["aaaa"]],
  ["a keyword in the name", { pattern: "[0-9]{4}", keywords: ["PIN"] }, "my_pin", "1234", ["1234"]],
  ["a keyword in the value", { pattern: "[0-9]{4}", keywords: ["no", "p"] }, "A", "P1234", ["1234"]],
  ["across the two", { pattern: "[0-9]{4}", keywords: ["pin=1"] }, "PIN", "1234", ["1234"]],
  ["no keyword", { pattern: "[0-9]{4}", keywords: ["pin"] }, "A", "p in 1234", []],
  ["offsets are UTF-16's", { pattern: "tok_(.+)!" }, "NÄME", "😀 é tok_a😀é! ñ", ["a😀é"]],
  ["any case of any letter", { pattern: "(?i)ÉTÉ_[0-9]+" }, "A", "été_12", ["été_12"]],
  ["a named Go group", { pattern: "(?P<x>tok)_[a-z]" }, "A", "tok_a", ["tok"]],
  ["ungreedy", { pattern: "(?U)tok_.+!" }, "A", "tok_a!b!", ["tok_a!"]],
])("%s", async (_what, rule, name, text, secrets) => {
  const rules = await own({ id: "r", ...rule });
  expect(found(rules, name, text)).toEqual(secrets.map((secret) => `r ${secret}`));
});

test("what unsprawl.yaml allows: patterns and stop words in the secret, names", async () => {
  const allow = { patterns: ["^b", "c$"], stopWords: ["Dead"], names: ["^test_", "x"] };
  const rules = await own({ id: "r", pattern: "tok_([A-Za-z]+)", allow });
  expect(found(rules, "A", "tok_abc tok_ba tok_ac tok_aDEADa tok_a")).toEqual(["r a"]);
  expect(new Set(allowed(rules, "A", "tok_ba tok_ac tok_aDEADa"))).toEqual(
    new Set(["allow in unsprawl.yaml: secret", "allow in unsprawl.yaml: stop word"]),
  );
  expect(allowed(rules, "Test_Token", "tok_a")).toEqual(["allow in unsprawl.yaml: name"]);
  expect(found(rules, "MY_TEST_TOKEN", "tok_a")).toEqual(["r a"]);
  const leaky = await own({ id: "r", pattern: "tok_([A-Za-z]+)", allow: { patterns: ["(?i)^b", "^C"] } });
  expect(found(leaky, "A", "tok_B tok_c")).toEqual(["r c"]);
});

test("what was let go under the name is not found again without it", async () => {
  const list = `[[rules.allowlists]]\nregexTarget = "match"\nregexes = ["^TEST_"]`;
  const rules = await toml(`[[rules]]\nid = "r"\nregex = '''(?:[A-Z]+_PIN=)?([0-9]{4})'''\n${list}`);
  expect(found(rules, "TEST_PIN", "1234")).toEqual([]);
  expect(allowed(rules, "TEST_PIN", "1234")).toHaveLength(1);
  expect(found(rules, "REAL_PIN", "1234")).toEqual(["r 1234"]);
});

test("a path narrows a rule, or is all of it", async () => {
  const rules = await toml(`
[[rules]]
id = "in-env"
regex = '''tok_[a-z]+'''
path = '''\\.env$'''
[[rules]]
id = "file"
path = '''\\.p12$'''
keywords = ["x"]
[[rules.allowlists]]
stopwords = ["x"]
regexes = [""]
[[rules.allowlists]]
paths = ["^test/"]
`);
  expect(found(rules, "A", "tok_a", "prod.env")).toEqual(["in-env tok_a"]);
  expect(found(rules, "A", "tok_a", "prod.txt")).toEqual([]);
  expect(found(rules, "A", "x y", "etc/a.p12")).toEqual(["file x y"]);
  expect(found(rules, "A", "y", "etc/a.p12")).toEqual([]);
  expect(allowed(rules, "A", "x y", "test/a.p12")).toEqual(["allowlist of file in team.toml: path"]);
});

test("rules answer in their order, each for itself", async () => {
  const rules = await own(
    { id: "b", pattern: "tok_a" },
    { id: "a", pattern: "tok_." },
    { id: "generic", pattern: "." },
  );
  expect(found(rules, "A", "tok_a")).toEqual(["b tok_a", "a tok_a"]);
});
