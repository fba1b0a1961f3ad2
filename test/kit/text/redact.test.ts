import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/model/secret.ts";
import { headOf, tailOf } from "../../../src/kit/text/cut.ts";
import { jsonInHtml, printable } from "../../../src/kit/text/escape.ts";
import { encodedForms, Redactor } from "../../../src/kit/text/redact.ts";

/** Values of 8 bytes and more that are no mere word: every kind of character that has to be encoded somewhere. */
const value = fc
  .tuple(
    fc.string({
      unit: fc.constantFrom(...Array.from("abcXYZ0189+/=_-$\"'\\ <&%\n\täö密🔑")),
      minLength: 8,
      maxLength: 60,
    }),
    fc.constantFrom("0", "!", "Z9", "ß"),
  )
  .map(([text, last]) => text + last);

const around = fc.string({ unit: "grapheme", maxLength: 20 });

/** How a value turns up in what others write, made here by other means than in the product. */
const ENCODINGS: { readonly [name: string]: (text: string) => string } = {
  raw: (text) => text,
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON in a document": (text) => JSON.stringify({ error: [`bad: ${text}`] }),
  hex: (text) => Buffer.from(text).toString("hex"),
  HEX: (text) => Buffer.from(text).toString("hex").toUpperCase(),
  percent: (text) => encodeURIComponent(text.toWellFormed()),
  form: (text) => encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+"),
  terminal: (text) => printable(text),
  HTML: (text) => printable(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`),
  "JSON in HTML": (text) => jsonInHtml(JSON.stringify(printable(text))).slice(1, -1),
  shell: (text) => `'${text.replaceAll("'", `'\\''`)}'`,
};

/** What must not be seen any more: the value itself, in the encoding it came in. */
const left = (encoding: string, text: string): string =>
  (ENCODINGS[encoding === "JSON in a document" ? "JSON" : encoding] ?? String)(text).replace(/^'|'$/g, "");

describe("a known value survives nowhere", () => {
  test.each(Object.keys(ENCODINGS))("as %s", (encoding) => {
    fc.assert(
      fc.property(value, around, around, (text, before, after) => {
        const redactor = new Redactor();
        redactor.know(Secret.of(text));
        const line = before + (ENCODINGS[encoding] ?? String)(text) + after;
        const gone = left(encoding, text);
        for (const shown of [redactor.foreign(line), redactor.guard(line)]) {
          expect(shown).not.toContain(gone);
          expect(shown).toContain("[secret]");
        }
      }),
    );
  });

  test.each(["base64", "base64url"] as const)("in %s, at any offset of a longer text", (encoding) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 12, maxLength: 60 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        (bytes, before, after) => {
          const text = Buffer.from(bytes).toString("hex").slice(0, bytes.length);
          const redactor = new Redactor();
          redactor.know(Secret.of(text));
          const shown = redactor.foreign(Buffer.concat([before, Buffer.from(text), after]).toString(encoding));
          expect(shown).toContain("[secret]");
          // At most the characters that share bits with what stands beside it are left: two at each end.
          const pieces = shown.split("[secret]").map((piece) => Buffer.from(piece, encoding).toString("latin1"));
          for (const piece of pieces)
            for (let at = 0; at + 4 <= text.length; at++) expect(piece).not.toContain(text.slice(at, at + 4));
        },
      ),
    );
  });

  test("when there are many, one inside another, one after the other", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), fc.infiniteStream(around), (values, gaps) => {
        const redactor = new Redactor();
        for (const one of values) redactor.know(Secret.of(one));
        redactor.know(Secret.of(values.join("")));
        const shown = redactor.guard(
          [...values.flatMap((one) => [one, gaps.next().value ?? ""]), values.join("")].join(""),
        );
        for (const one of values) expect(shown).not.toContain(one);
      }),
    );
  });

  test("in the lines of a value of many lines", () => {
    const lines = Array.from({ length: 4 }, () => randomBytes(24).toString("base64"));
    const redactor = new Redactor();
    redactor.know(Secret.of(lines.join("\n")));
    for (const line of lines) expect(redactor.foreign(`log: ${line} end`)).toBe("log: [secret] end");
    for (const line of lines) expect(redactor.guard(`log: ${line} end`)).toBe("log: [secret] end");
  });
});

test("any twelve characters of a value, however long it is and wherever they are in it", () => {
  const value = randomBytes(300_000).toString("hex");
  const redactor = new Redactor();
  redactor.know(Secret.of(value));
  for (const at of [3, 65_530, 524_270, 524_280, value.length - 13])
    expect(redactor.foreign(`got ${value.slice(at, at + 13)} there`), String(at)).toBe("got [secret] there");
  const inBase64 = Buffer.from(value).toString("base64").slice(750_001, 750_041);
  expect(redactor.foreign(`got ${inBase64}`)).toBe("got [secret]");
});

describe("what a cut leaves of a value", () => {
  const long = randomBytes(24).toString("hex");
  const lines = Array.from({ length: 3 }, () => randomBytes(4).toString("hex")).join("\n");
  const redactor = new Redactor();
  for (const one of [long, lines, "hunter2x"]) redactor.know(Secret.of(one));

  test("is nothing, wherever the text was cut", () => {
    const text = `login as root with ${long} failed`;
    for (let most = 19; most < text.length; most++) {
      const [head, tail] = [headOf(text, most), tailOf(text, most)].map((cut) => redactor.foreign(cut));
      for (let at = 0; at + 4 <= long.length; at++)
        for (const shown of [head, tail]) expect(shown).not.toContain(long.slice(at, at + 4));
    }
  });

  test.each([
    [headOf("no hunter2x", 8), "no [secret]…"],
    ["no hunter2x", "no [secret]"],
    ["…er2x is wrong", "…[secret] is wrong"],
    ["…unter2…", "…[secret]…"],
    [`…${lines.slice(6)} end`, "…[secret] end"],
    ["…2x is wrong…", "…2x is wrong…"],
    ["waits… 5 s", "waits… 5 s"],
  ])("%j is shown as %j", (text, shown) => expect(redactor.foreign(text)).toBe(shown));

  test("is found among any number of marks, which others write too, without a look at each", () => {
    const all = new Redactor();
    for (const one of [...Array.from({ length: 1000 }, () => randomBytes(24).toString("hex")), long])
      all.know(Secret.of(one));
    const text = `…${long.slice(40)}${"…".repeat(500_000)}${long.slice(0, 8)}…`;
    expect(all.foreign(text)).toBe(`…[secret]${"…".repeat(500_000)}[secret]…`);
  });

  test("is found in the single lines of one of many, whatever ends them", () => {
    for (const line of lines.split("\n")) expect(redactor.foreign(`2: ${line}\r\n`)).toBe("2: [secret]\r\n");
  });
});

describe("words", () => {
  test.each([["bWIbhGkF", "tFhqWTSWIhXL"].join(""), "qWxEzRtY", "abcdefghij".repeat(3), "hydrogen20"])(
    "guard hides letters that are no word: %s",
    (letters) => {
      const redactor = new Redactor();
      redactor.know(Secret.of(letters));
      expect(redactor.guard(`--password=${letters} serve`)).toBe("--password=[secret] serve");
    },
  );

  test.each([
    "postgres",
    "production",
    "my-app",
    "web_server",
    "Administrator",
    "SecretsManager",
    "microservices",
    "tiny-web-server.internal",
    "magento2",
  ])("%s stays in our own output, and goes from foreign text", (word) => {
    const redactor = new Redactor();
    redactor.know(Secret.of(word));
    expect(redactor.guard(`container ${word} is up`)).toBe(`container ${word} is up`);
    expect(redactor.foreign(`container ${word} is up`)).toBe("container [secret] is up");
  });

  test("of one or two characters are never taken out: they are everywhere", () => {
    const redactor = new Redactor();
    redactor.know(Secret.of("on"));
    redactor.know(Secret.of("1"));
    expect(redactor.foreign("only 1 connection")).toBe("only 1 connection");
  });
});

test("without a known value text stays as it is, and so does text without one", () => {
  const redactor = new Redactor();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      (text) => redactor.guard(text) === text && redactor.foreign(text) === text,
    ),
  );
  redactor.know(Secret.of(randomBytes(24).toString("hex")));
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      (text) => redactor.guard(text) === text && redactor.foreign(text) === text,
    ),
  );
});

test("bytes that are not UTF-8 go as hex and base64", () => {
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x80]), randomBytes(20)]);
  const redactor = new Redactor();
  redactor.know(Secret.of(bytes));
  expect(redactor.foreign(bytes.toString("hex"))).toBe("[secret]");
  expect(redactor.foreign(bytes.toString("base64"))).not.toContain(bytes.toString("base64").slice(4, 20));
});

test("no form of a value is the value, or too short to look for", () => {
  fc.assert(
    fc.property(value, (text) => {
      const forms = encodedForms(Buffer.from(text), text);
      expect(forms).not.toContain(text);
      for (const form of forms) expect(form.length).toBeGreaterThanOrEqual(3);
    }),
  );
});

test("a megabyte with a thousand known values is read in moderate time", () => {
  const redactor = new Redactor();
  for (let count = 0; count < 1000; count++) redactor.know(Secret.of(randomBytes(24).toString("hex")));
  const began = performance.now();
  redactor.guard(randomBytes(512 * 1024).toString("hex"));
  // Linear: about 50 ms. Quadratic would take minutes.
  expect(performance.now() - began).toBeLessThan(10_000);
});

describe("a name that was given", () => {
  const made = (values: readonly string[], names: readonly string[]): Redactor => {
    const redactor = new Redactor();
    for (const value of values) redactor.know(Secret.of(value));
    for (const name of names) redactor.keepName(name);
    return redactor;
  };

  test.each([
    ["weak-run", "run", "no container of weak-run answers", "no container of weak-run answers"],
    ["secrets/db.sops.yaml", "secret", "secrets/db.sops.yaml: no space", "secrets/db.sops.yaml: no space"],
    ["my-postgres-app", "postgres", "my-postgres-app: role postgres", "my-postgres-app: role [secret]"],
    ["run", "run", "run: bad login run", "[secret]: bad login [secret]"],
  ])("%s stays whole where the value %s is a word of it", (name, value, text, shown) => {
    expect(made([value], [name]).foreign(text)).toBe(shown);
  });

  test("hides no value that is more than a word, whatever the name is", () => {
    fc.assert(
      fc.property(value, around, around, (text, before, after) => {
        const name = before + text + after;
        expect(made([text], [name]).foreign(`error: ${name}!`)).not.toContain(text);
      }),
    );
  });

  test("is forgotten with the values that came after it", () => {
    const redactor = made(["run"], ["weak-run"]);
    redactor.settle();
    redactor.keepName("other-run");
    redactor.know(Secret.of("something"));
    redactor.forget();
    expect(redactor.foreign("other-run")).toBe("other-[secret]");
  });
});
