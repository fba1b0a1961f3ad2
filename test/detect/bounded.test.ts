import { describe, expect, test } from "vitest";
import { kit, rules } from "../../src/detect/index.ts";
import { DEEP } from "../support/deep.ts";
import { ask, masked } from "./ask.ts";

const make = kit(7);

/** The repeats without an upper bound that stand outside of character classes. */
function unbounded(source: string): string[] {
  const bare = source.replace(/\\./g, "e").replace(/\[(?:[^\]])*\]/g, "c");
  return bare.match(/[*+]|\{\d*,\}/g) ?? [];
}

test("the checker sees what it must", () => {
  expect(unbounded("a+")).toHaveLength(1);
  expect(unbounded("[a+*]{1,3}\\+")).toEqual([]);
  expect(unbounded("(?:a{2,})*")).toHaveLength(2);
});

test("no rule's pattern repeats without bound, so that each is linear", () => {
  const loose = rules.filter(
    (rule) => unbounded(rule.pattern?.source ?? "").length + unbounded(rule.names?.source ?? "").length > 0,
  );
  expect(loose.map((rule) => rule.id)).toEqual([]);
});

const MIB = 1 << 20;
/** On an eighth of a mebibyte a quadratic step still takes several times the limit. */
const SIZE = DEEP ? MIB : MIB / 8;
const fill = (piece: string, size = SIZE): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

describe("a long text of any kind is judged in bounded time", () => {
  const texts: { readonly [name: string]: string } = {
    letters: fill("a"),
    spaces: fill(" "),
    dashes: fill("-"),
    dollars: fill("$"),
    braces: fill("{"),
    "open JSON": fill('{"a":['),
    quotes: fill('"'),
    "URL starts": fill("a://"),
    "URL with at": `x://${fill("a:b@")}`,
    "colon at": fill("u:p@"),
    "token prefixes": fill("ghp_ sk_live_ AKIA xoxb- eyJ"),
    "JWT parts": fill("eyJaaaaaaaaaaaa.eyJ"),
    "PEM headers": fill("-----BEGIN PRIVATE KEY-----"),
    hashes: fill("$2y$10$ $apr1$ $6$"),
    assignments: fill("password=a;"),
    "assignments with spaces": fill("password = a "),
    options: fill("--password x "),
    "shell quotes": fill("'a' \"b\" "),
    "dollar parens": fill("$( "),
    operators: fill("a;b|c&&"),
    lines: fill("A=b\n"),
    base64: Buffer.alloc(Math.floor(SIZE * 0.67), 7).toString("base64"),
    nested: Buffer.from(
      Buffer.from(Buffer.from(fill("A=b\n").slice(0, Math.floor(SIZE * 0.28))).toString("base64")).toString("base64"),
    ).toString("base64"),
    percent: fill("%41"),
    webhooks: fill("https://hooks.slack.com/services/"),
    shoutrrr: fill("discord://a"),
    signatures: fill("?sig=a&SharedAccessSignature "),
    SQL: fill("CREATE USER a PASSWORD "),
    echo: fill("echo a:b | "),
    random: make.base62(SIZE),
    "not UTF-8": fill("\u{fffd}\0"),
    commas: fill("a,b_c,"),
    words: fill("abandon "),
    "sh -c": fill("sh -c a "),
    auths: fill('"auths":{"auth":'),
  };

  test.each(Object.entries(texts))("%s", (_name, text) => {
    const before = process.cpuUsage();
    for (const name of ["A", "DB_PASSWORD", "EXTRA_ARGS", "AUTH"]) ask(name, text);
    for (const where of ["cmd", "history", "label"] as const) ask("Cmd", text, where);
    masked("DATABASE_URL", text);
    // Eight such texts. Of the processor, which others may have for a while.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan((20_000 * SIZE) / MIB);
  });
});

test("what stands behind the first mebibyte is not read, what stands before it is", () => {
  expect(ask("A", `${" ".repeat(1000)}ghp_${make.base62(36)}${fill(" ", MIB)}`).secret).toBe(true);
});
