import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonText, printable } from "../../src/kit/text/escape.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";

// JSON leaves what lies beyond U+007F raw: a name of it would still reach the terminal of who reads a report there.

const ODD = "\u009b2J\u009d0;x\u009c\u2028\u2029\u202e\u200b\u007f\ufeff\u0085";
let world: World;

beforeAll(() => {
  world = makeWorld("unix:///nowhere/docker.sock");
  const label = `      "a${ODD}token": "ghp_${random(36)}"\n`;
  writeFileSync(
    join(world.dir, "compose.yaml"),
    `services:\n  "w${ODD}b":\n    image: x\n    environment:\n      ADMIN_PASSWORD: "${random(20)}"\n    labels:\n${label}`,
  );
  mkdirSync(join(world.dir, "state"), { mode: 0o700 });
});

afterAll(() => world.remove());

it.each(["json", "ndjson", "baseline", "sarif", "gitlab"])("scan --format %s", async (format) => {
  const { stdout, stderr } = await world.unsprawl(["scan", "compose:compose.yaml", "--format", format]);
  const text = stdout + stderr;
  expect(printable(text.replaceAll("\n", ""))).toBe(text.replaceAll("\n", ""));
  // Some views escape each text before it becomes JSON.
  expect(text).toMatch(/\\u009b|u\{9b\}/);
});

it("an error as JSON, and what classify answers", async () => {
  const failed = await world.unsprawl(["scan", `env:none${ODD}`, "--json"]);
  const asked = JSON.stringify({ id: ODD, where: "env", name: "A", value: "b" });
  const judged = await world.unsprawl(["classify"], { stdin: `${asked}\n` });
  for (const text of [failed.stderr, judged.stdout]) {
    expect(text).toContain("\\u009b");
    expect(printable(text.replaceAll("\n", ""))).toBe(text.replaceAll("\n", ""));
  }
  expect((JSON.parse(judged.stdout) as { id: string }).id).toBe(ODD);
});

it("reads back as the same value, and is JSON.stringify's own text where nothing is odd", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, odd) => {
      const all = { value, [odd]: [odd, ODD] };
      expect(JSON.parse(jsonText(all))).toEqual(JSON.parse(JSON.stringify(all)));
      expect(JSON.parse(jsonText(all, 2))).toEqual(JSON.parse(JSON.stringify(all)));
      expect(printable(jsonText(all))).toBe(jsonText(all));
    }),
  );
  expect(jsonText({ a: ["ä\n", 1] }, 2)).toBe(JSON.stringify({ a: ["ä\n", 1] }, null, 2));
});
