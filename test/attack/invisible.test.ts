import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonText, printable } from "../../src/kit/text/escape.ts";
import { makeWorld, type World } from "../support/world.ts";

// A character that nobody sees makes a name look like another one, and cut a word that detection knows in two.

/** Each character that Unicode lets a terminal leave out, in order. */
const INVISIBLE = Array.from({ length: 0x11_0000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((char) => /\p{Default_Ignorable_Code_Point}/u.test(char));

const invisible = fc.constantFrom(...INVISIBLE);
const name = fc.constantFrom("API_TOKEN", "DB_PASSWORD", "SESSION_SECRET");
/** A name with one to three of them anywhere. */
const hidden = fc
  .tuple(name, fc.array(fc.tuple(fc.nat(9), invisible), { minLength: 1, maxLength: 3 }))
  .map(([plain, marks]) =>
    marks.reduce((chars, [at, mark]) => chars.toSpliced(at, 0, mark), Array.from(plain)).join(""),
  );

let world: World;
beforeAll(() => (world = makeWorld("unix:///nowhere")));
afterAll(() => world.remove());

it("has the characters of the review, and thousands more", () => {
  expect(INVISIBLE).toEqual(
    expect.arrayContaining(["\u034f", "\u00ad", "\u115f", "\u3164", "\u{e0041}", "\u{e007f}", "\ufe0f", "\uffa0"]),
  );
});

it("each is shown, in text and in JSON, which parses to the same", () => {
  fc.assert(
    fc.property(hidden, (text) => {
      for (const shown of [printable(text), jsonText(text)]) expect(shown).toMatch(/^[ -~]*$/);
      expect(printable(text)).toMatch(/\\u\{/);
      expect(JSON.parse(jsonText(text))).toBe(text);
    }),
  );
});

it("none hides the name of a secret from a scan, which shows it", async () => {
  const names = fc.sample(hidden, 200).filter((one, at, all) => all.indexOf(one) === at);
  const container = {
    Id: "1".repeat(64),
    Name: "/web",
    Image: "sha256:1",
    State: {},
    HostConfig: {},
    Config: { Image: "x", Env: names.map((one) => `${one}=${randomBytes(9).toString("base64url")}x`) },
  };
  const file = join(world.dir, "inspect.json");
  writeFileSync(file, JSON.stringify([container]));
  const ran = await world.unsprawl(["scan", `inspect:${file}`, "--json"]);
  expect(ran.code, ran.stderr).toBe(3);
  const { findings } = JSON.parse(ran.stdout) as { readonly findings: readonly { readonly name: string }[] };
  expect(findings.map((one) => one.name).toSorted()).toEqual(names.toSorted());
  expect(ran.stdout).not.toMatch(/\p{Default_Ignorable_Code_Point}/u);
  const table = await world.unsprawl(["scan", `inspect:${file}`]);
  expect(table.stdout).not.toMatch(/\p{Default_Ignorable_Code_Point}/u);
});
