import { randomBytes, randomInt } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MovedValue } from "../../src/contract/look.ts";
import { Secret } from "../../src/model/secret.ts";
import { valueHider, needlesOf } from "../../src/residue/forms.ts";
import { matcher, type Needle } from "../../src/residue/matcher.ts";
import { twelveSecrets } from "../support/secrets.ts";

const mark = (name: string, value: string): MovedValue => ({
  name,
  value: Secret.of(value),
  runs: ["run"],
  store: "local",
});

/** Whether a text shows a value that was held by a variable of this name. */
function shows(name: string, value: string, text: string): boolean {
  return matcher(needlesOf([mark(name, value)])).find(Buffer.from(text)).length > 0;
}

const word = (): string => randomBytes(12).toString("base64url").replace(/[-_]/g, "x");

describe("the matcher", () => {
  test("finds what a search of the whole text finds, however the stream is cut", () => {
    // Few letters, so that needles are parts of one another and of the text by chance.
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "_"), minLength: 2, maxLength: 6 });
    const chunks = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "_", " "), maxLength: 9 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(letters, fc.boolean()), { maxLength: 5 }), chunks, (wanted, parts) => {
        const needles = wanted.map(([text, whole], index): Needle => ({
          bytes: Buffer.from(text),
          word: whole,
          mark: index,
        }));
        const text = parts.join("");
        const naive = wanted.flatMap(([needle, whole], index) =>
          Array.from(text, (_, at) => at)
            .filter((at) => text.startsWith(needle, at))
            .filter((at) => !whole || !/\w/.test((text[at - 1] ?? "") + (text[at + needle.length] ?? "")))
            .map((offset) => ({ mark: index, offset })),
        );
        const stream = matcher(needles).stream();
        const found = [...parts.flatMap((part) => stream.push(Buffer.from(part))), ...stream.end()];
        const sorted = (hits: typeof naive): string[] => hits.map((hit) => `${hit.mark} ${hit.offset}`).toSorted();
        expect(sorted(found)).toEqual(sorted(naive));
        expect(sorted(matcher(needles).find(Buffer.from(text)))).toEqual(sorted(naive));
      }),
      { numRuns: 500 },
    );
  });

  test.each(Object.entries(twelveSecrets()))("%s is found raw and encoded, in pieces of any length", (name, value) => {
    const bytes = Buffer.from(value);
    const forms = [
      value,
      JSON.stringify(value).slice(1, -1),
      bytes.toString("base64"),
      Buffer.from(`x${value}`).toString("base64url"),
      bytes.toString("hex"),
      encodeURIComponent(value),
    ];
    for (const form of forms) {
      const text = Buffer.from(`before ${form} after`);
      const stream = matcher(needlesOf([mark(name, value)])).stream();
      const hits = [];
      for (let at = 0; at < text.length;) {
        const next = at + randomInt(1, 16);
        hits.push(...stream.push(text.subarray(at, next)));
        at = next;
      }
      expect([...hits, ...stream.end()].length).toBeGreaterThan(0);
    }
  });
});

describe("a plain word", () => {
  test.each([
    ["DB_NAME=shop", true],
    ['"DB_NAME": "shop"', true],
    ["DB_NAME: shop # the shop", true],
    ["docker run -e DB_NAME='shop' image", true],
    ["NAME=shop", false],
    ["OLD_DB_NAME=shop", false],
    ["DB_NAME=shopping", false],
    ["welcome to the shop", false],
  ])("in %j: %s", (text, found) => {
    expect(shows("DB_NAME", "shop", text)).toBe(found);
  });
});

describe("what others share is no sign of a value", () => {
  const pem = (kind: string): string => {
    const body = Array.from({ length: 4 }, () => randomBytes(48).toString("base64"));
    // How every key of the kind begins.
    return [`-----BEGIN ${kind}-----`, "A".repeat(64), ...body, `-----END ${kind}-----`, ""].join("\n");
  };

  test("the lines that keys of one kind have alike", () => {
    const [mine, other] = [pem("PRIVATE KEY"), pem("PRIVATE KEY")];
    expect(shows("TLS_KEY", mine, other)).toBe(false);
    expect(shows("TLS_KEY", mine, mine.split("\n")[3] ?? "")).toBe(true);
  });

  test("the certificate beside a key", () => {
    const certificate = pem("CERTIFICATE");
    expect(shows("BUNDLE", certificate + pem("PRIVATE KEY"), certificate)).toBe(false);
  });

  test("the lines of a document that are no secret", () => {
    const key = `${word()}${word()}${word()}7`; // without a digit it would not count as random
    const document = `{\n  "type": "service_account",\n  "auth_uri": "https://accounts.example/o/oauth2/auth",\n  "key": "${key}"\n}\n`;
    expect(shows("ACCOUNT", document, document.replace(key, ""))).toBe(false);
    expect(shows("ACCOUNT", document, `  "key": "${key}"`)).toBe(true);
  });

  test("a short value inside another word", () => {
    expect(shows("PIN", "x7Kq2", "abcx7Kq2def")).toBe(false);
    expect(shows("PIN", "x7Kq2", "pin is x7Kq2.")).toBe(true);
  });
});

test("what a file ends with is not what a variable ends with", () => {
  const value = word();
  expect(shows("TOKEN", `${value}\n`, value)).toBe(true);
});

test("a path is told up to where it holds a value", () => {
  const value = word();
  const hide = valueHider([mark("TOKEN", value), mark("DB_NAME", "shop")]);
  expect(hide(`/srv/shop/${value}/.env`)).toBe("/srv/shop/…");
  expect(hide(`/srv/${Buffer.from(value).toString("hex")}.bak`)).toBe("/srv/…");
});
