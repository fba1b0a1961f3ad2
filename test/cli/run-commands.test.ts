import { expect, it } from "vitest";
import { withConfig } from "../../src/cli/run-commands.ts";

const RUN = "20261125-143007-3fa9";

it.each([
  [`unsprawl scrub ${RUN}`, `unsprawl scrub ${RUN} --config c.yaml`],
  [
    `start it; then: unsprawl rollback ${RUN}, or unsprawl resume ${RUN} --break-lock`,
    `start it; then: unsprawl rollback ${RUN} --config c.yaml, or unsprawl resume ${RUN} --config c.yaml --break-lock`,
  ],
  [`unsprawl runs ${RUN}; unsprawl plan again`, `unsprawl runs ${RUN}; unsprawl plan again`],
])("%s", (text, expected) => {
  expect(withConfig(text, { configFile: "c.yaml" })).toBe(expected);
  expect(withConfig(text, { configFile: null })).toBe(text);
});

it("a file's name is quoted, and is no replacement pattern", () => {
  const configFile = "it's $& mine.yaml";
  expect(withConfig(`unsprawl scrub ${RUN}`, { configFile })).toBe(
    String.raw`unsprawl scrub ${RUN} --config 'it'\''s $& mine.yaml'`,
  );
});
