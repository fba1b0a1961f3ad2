import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FRAMES, goldenFrames } from "./golden.ts";

const ROOT = join(import.meta.dirname, "../..");
const frames = goldenFrames();

it.each([...frames])("shows %s as it was looked at (after a wanted change: npm run frames)", (name, text) => {
  expect(readFileSync(join(ROOT, FRAMES, name), "utf8")).toBe(text);
});

it("keeps no frame of a screen that is gone, and the pages show each picture", () => {
  expect(readdirSync(join(ROOT, FRAMES)).sort()).toEqual([...frames.keys()].sort());
  const page = ["docs/tui.md", "docs/screens.md"].map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  const pictures = [...frames.keys()].filter((name) => name.endsWith(".svg"));
  for (const name of pictures) expect(page).toContain(`](../${FRAMES}/${name})`);
});
