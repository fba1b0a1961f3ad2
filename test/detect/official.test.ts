import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { alarms, ask } from "./ask.ts";

type Row = { id: string; image: string; where: Where; name: string; value: string };

function rowsOf(file: string): readonly Row[] {
  return readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

describe.each([
  { kind: "official", file: "official-image-env.jsonl", atLeast: 800, images: 80 },
  { kind: "popular", file: "popular-image-env.jsonl", atLeast: 8000, images: 750 },
])("the own configuration of $kind images", ({ file, atLeast, images }) => {
  const rows = rowsOf(file);

  test("never alarms, in its place or in a container's environment", () => {
    expect(rows.length).toBeGreaterThan(atLeast);
    expect(new Set(rows.map((row) => row.image)).size).toBeGreaterThan(images);
    const loud = rows.filter(
      (row) => alarms(row.name, row.value, row.where) || (row.where === "image-env" && alarms(row.name, row.value)),
    );
    expect(loud.map((row) => `${row.id} ${row.image} ${row.name}`)).toEqual([]);
  });

  test("is hardly ever worth a look at low confidence", () => {
    const looked = rows.filter((row) => ask(row.name, row.value, row.where).secret);
    expect(looked.length).toBeLessThan(Math.max(5, rows.length / 200));
  });
});
