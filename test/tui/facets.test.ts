import { expect, it } from "vitest";
import { facetValues } from "../../src/tui/filter.ts";
import { layout, wrapped } from "../../src/tui/widgets/text.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const FOUND = scanned([
  finding("A", { severity: "high" }),
  finding("B", { severity: "high" }),
  finding("C", { severity: "critical" }),
  finding("D", { severity: "low" }),
]);

it("lists severities from the worst, whatever there is most of", () => {
  const values = facetValues(FOUND.scan?.groups ?? [], new Set()).filter(({ facet }) => facet === "severity");
  expect(values.map(({ value, count }) => `${value} ${count}`)).toEqual(["critical 1", "high 2", "low 1"]);
});

it.each([
  [80, 24],
  [100, 30],
  [120, 40],
  [200, 60],
])("shows counts beside the values on %i×%i", (columns, rows) => {
  const { type, screen } = sit(FOUND);
  type("f");
  expect(screen(columns, rows)).toMatch(/▸ \[ \] critical {1,26}1\b/);
});

it.each([
  [45, "unix:///tmp/unsprawl-engine-OZfC0x/docker.sock", ["unix:///tmp/unsprawl-engine-OZfC0x/", "docker.sock"]],
  [12, "a-very-long-name", ["a-very-long-", "name"]],
  [8, "abcdefghijkl", ["abcdefgh", "ijkl"]],
  [8, "a-bcdefghijkl", ["a-bcdefg", "hijkl"]],
])("breaks a word of more than %i columns at its separators: %s", (width, word, rows) => {
  const lines = layout([wrapped(0, word)], width, (text) => text);
  expect(lines.map(({ spans }) => spans.map(({ text }) => text).join(""))).toEqual(rows);
});
