import { execFileSync } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const { href } = new URL("./deep.ts", import.meta.url);

/** What a run of this environment draws, at this instant. */
function drawn(env: { readonly [name: string]: string }, at = 0): { [name: string]: unknown } {
  const script = `
    Date = class extends Date { constructor() { super(${at}); } static now() { return ${at}; } };
    const { REPEAT, SEED, sample } = await import(${JSON.stringify(href)});
    console.log(JSON.stringify({ REPEAT, SEED, some: sample([..."abcdefghijklmnop"], 4) }));`;
  const words = ["--input-type=module", "--eval", script];
  const out = execFileSync(process.execPath, words, { env: { PATH: process.env["PATH"], ...env }, encoding: "utf8" });
  return JSON.parse(out) as { [name: string]: unknown };
}

it("every day has the same draw", () => {
  const [first, ...more] = [0, Date.UTC(2026, 10, 30), Date.UTC(2026, 11, 1)].map((at) => drawn({}, at));
  expect(first).toMatchObject({ REPEAT: null, some: { length: 4 } });
  for (const one of more) expect(one).toEqual(first);
});

it("a deep run draws anew, has every case, and says how it is repeated", () => {
  const [one, other] = [drawn({ UNSPRAWL_DEEP: "1" }), drawn({ UNSPRAWL_DEEP: "1" })];
  expect(one["SEED"]).not.toBe(other["SEED"]);
  expect(one).toMatchObject({ REPEAT: expect.stringMatching(/^UNSPRAWL_DRAW=\w+$/) as string, some: { length: 16 } });
  const [name = "", draw = ""] = String(one["REPEAT"]).split("=");
  expect(drawn({ UNSPRAWL_DEEP: "1", [name]: draw })).toEqual(one);
  expect(drawn({ [name]: draw })).toMatchObject({ REPEAT: one["REPEAT"], SEED: one["SEED"], some: { length: 4 } });
});

it.each([
  ["draws by the clock: that is for SEED", /\bkit\(Date|\bseed(?:: | = )Date|Date\.now\(\) %/i],
  ["takes a path as a URL writes it: that is for fileURLToPath", /import\.meta\.url\)\.pathname/],
])("no test %s", (_what, pattern) => {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const files = globSync("test/**/*.{ts,tsx,mjs}", { cwd }).filter(
    (file) => !/(?:support.deep|architecture)\.test\.ts$/.test(file),
  );
  expect(files.filter((file) => pattern.test(readFileSync(`${cwd}/${file}`, "utf8")))).toEqual([]);
});

it("a test has an empty home, not that of who runs it", () => {
  expect(homedir()).not.toBe(userInfo().homedir);
  expect(readdirSync(homedir())).toEqual([]);
});
