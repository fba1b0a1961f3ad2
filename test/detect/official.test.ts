import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { alarms, ask } from "./ask.ts";

type Row = { id: string; image: string; where: Where; name: string; value: string };

const rows = readFileSync(new URL("../fixtures/official-image-env.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);

test("no official image's own configuration alarms, in its place or in a container's environment", () => {
  expect(rows.length).toBeGreaterThan(800);
  const loud = rows.filter(
    (row) => alarms(row.name, row.value, row.where) || (row.where === "image-env" && alarms(row.name, row.value)),
  );
  expect(loud.map((row) => `${row.image} ${row.name}`)).toEqual([]);
});

test("hardly any is worth a look at low confidence", () => {
  expect(rows.filter((row) => ask(row.name, row.value, row.where).secret).length).toBeLessThan(5);
});
