import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { WorkCounter } from "../../support/work.ts";

// Whoever writes a file decides how it looks: for twice as much of it the search does twice as much, and no line costs
// many times what another does.

/** Twice as much is still read line by line, whatever the language. */
const SIZE = 8000;
/** Blocks of code and characters for each character of the text: what people write needs a tenth of it. */
const MOST = 400;

const fill = (line: (at: number) => string, size: number): string => {
  let text = "";
  for (let at = 0; text.length < size; at++) text += line(at);
  return text.slice(0, size);
};
const PACKED = gzipSync("a=b\n".repeat(200_000)).toString("base64");
const value = (at: number): string => ["hunt", "er", at, "x"].join("");

/** Texts by the name of their file, made of lines that differ. */
const TEXTS: readonly (readonly [name: string, path: string, line: (at: number) => string])[] = [
  ["one line without a quote", "main.tf", () => "a"],
  ["lines without a quote", "main.tf", (at) => `${"a ".repeat(200)}${at}\n`],
  ["lines of 4000 characters", "a.json", (at) => `"a${at}": "${`k: z, x=y;`.repeat(350)}",\n`],
  ["objects that say many times what they are", "a.yaml", (at) => `kind: Secret\n${at % 50 === 0 ? "data:\n" : ""}`],
  ["values that unpack to a thousand times as much", "a.tf", (at) => `a${at} = "${PACKED}"\n`],
  ["keys that begin and do not end", "a.xml", () => "<RSAKeyValue>"],
  ["calls that do not end", "a.js", () => "Sequelize("],
  ["prefixes of tokens one behind the other", "a.txt", () => ["gl", "wt-"].join("")],
  ["keywords of hashes", "a.txt", () => "grub.pbkdf2"],
  ["schemes that no address follows", "a.txt", () => "bark://"],
  ["rows that nothing ends", "a.sql", () => "insert into a (password) values ('"],
  ["tables that nothing ends", "a.sql", (at) => `create table a${at} (\n`],
  ["many secrets", "a.env", (at) => `password${at}=${value(at)}\n`],
  ["lines of 4000 characters", "a.sh", (at) => `${`password=${value(at)};`.repeat(200)}\n`],
];

const counter = new WorkCounter();
afterAll(async () => counter.end());

test.each(TEXTS)("%s in %s", async (_name, path, line) => {
  const read = async (size: number): Promise<number> => counter.read({ text: fill(line, size), path });
  await read(SIZE / 4); // fills the tables
  const [once, twice] = [await read(SIZE), await read(SIZE * 2)];
  expect.soft(twice / (SIZE * 2)).toBeLessThan(MOST);
  expect(twice / once).toBeLessThan(2.5);
});
