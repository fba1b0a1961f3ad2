import { describe, expect, test } from "vitest";
import { createDetector, kit, PLAIN } from "../../../src/detect/index.ts";
import { own, toml } from "./given.ts";

const make = kit(23);
const RULE = { id: "tok", pattern: "\\btok_([a-z0-9]{12})\\b" };
const words = (length: number): string => "words on a line, and more of them\n".repeat(Math.ceil(length / 34));
const one = (): string => `tok_${make.alnum(12)}`;

/** Line and secret of everything that is told of a text. */
async function told(text: string, rules = own(RULE)): Promise<string[]> {
  const detector = createDetector({ ...PLAIN, own: await rules });
  return detector
    .text(Buffer.from(text), "app/notes.log")
    .spotted.map(({ line, part }) => `${line} ${part.exposeText()}`)
    .toSorted();
}

describe("a text of any length, by rules of one's own", () => {
  test("behind its first mebibyte too, each once and with its line", async () => {
    const tokens = Array.from({ length: 40 }, one);
    const text = tokens.map((token) => `${words(100_000)}A: ${token}\n`).join("");
    const lines = text.split("\n");
    const expected = tokens.map((token) => `${lines.indexOf(`A: ${token}`) + 1} ${token.slice(4)}`);
    expect(await told(text)).toEqual(expected.toSorted());
  });

  test("more than a value may have", async () => {
    expect(await told(Array.from({ length: 700 }, one).join("\n"))).toHaveLength(700);
  });

  test("on one line, wherever it is cut: each whole, and none that is no match of the whole", async () => {
    for (const pad of [49_150, 65_530, 65_536]) {
      const [first, second] = [one(), one()];
      const text = `${"a".repeat(pad)} ${first}${";".repeat(30)}${second}😀${"b".repeat(20_000)}`;
      expect([pad, await told(text)]).toEqual([pad, [first, second].map((token) => `1 ${token.slice(4)}`).toSorted()]);
    }
    const digits = await told("1".repeat(70_000), own({ id: "n", pattern: "[0-9]{40,50}\\b" }));
    expect(digits).toHaveLength(1);
  });

  test("what goes on over several lines is whole, wherever it stands", async () => {
    const pem = make.pem("RSA PRIVATE KEY").trim();
    const rules = own({ id: "pem", pattern: "-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----" });
    for (const before of [0, 48_000, 64_000, 65_000, 1_048_000]) {
      const found = await told(`${words(before)}${pem}\n${words(70_000)}`, rules);
      expect([before, found.filter((hit) => hit.endsWith(pem)).length]).toEqual([before, 1]);
    }
  });

  test("a rule of a path means the file, once", async () => {
    const rules = toml(`[[rules]]\nid = "logs"\npath = '''\\.log$'''\n`);
    expect(await told(words(300_000), rules)).toHaveLength(1);
  });
});
