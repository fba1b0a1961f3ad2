import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { EXAMPLES } from "../../src/build/man-config.ts";
import { flagText } from "../../src/cli/help.ts";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { nameOf, optionsOf } from "../../src/cli/specs/spec.ts";
import { parseConfig } from "../../src/core/config/file.ts";
import { KEYMAP } from "../../src/tui/keymap.ts";
import { need } from "../services/apt.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const PAGES = readdirSync(DIST).filter((name) => /\.[15]$/.test(name));
const groff = await need("groff", ["groff-base"]);
const mandoc = await need("mandoc", ["mandoc"]);

/** A page as `man` shows it, in one line. Fails if groff has anything against it. */
function shown(page: string): string {
  const { status, stdout, stderr } = spawnSync(groff, ["-man", "-Tutf8", "-P-cbou", "-ww", join(DIST, page)], {
    encoding: "utf8",
  });
  expect([page, status, stderr]).toEqual([page, 0, ""]);
  return stdout.replace(/[\u2010-]\n +/g, "-").replace(/\s+/g, " ");
}

describe("the manual", () => {
  it("has a page for the program, each command and the configuration, all of them in the package", () => {
    const wanted = ["unsprawl.1", ...COMMANDS.map((spec) => `unsprawl-${nameOf(spec)}.1`), "unsprawl.yaml.5"].sort();
    expect(PAGES.toSorted()).toEqual(wanted);
    const { man } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { man: readonly string[] };
    expect(man.toSorted()).toEqual(wanted.map((name) => `dist/${name}`));
  });

  it("is sound to groff and mandoc, and says every command and key", () => {
    const text = shown("unsprawl.1");
    for (const spec of COMMANDS) expect(text).toContain(`unsprawl ${nameOf(spec)}`);
    for (const { show } of KEYMAP) expect(text).toContain(show);
    const lint = spawnSync(mandoc, ["-T", "lint", "-W", "warning,stop", ...PAGES.map((page) => join(DIST, page))], {
      encoding: "utf8",
    });
    // The date is left out: the same commit makes the same page on any day.
    expect(lint.stdout.split("\n").filter((line) => line !== "" && !line.includes("missing date"))).toEqual([]);
  });

  it.each(COMMANDS.map((spec) => [nameOf(spec), spec] as const))(
    "of %s: flags, examples and what all have",
    (name, spec) => {
      const text = shown(`unsprawl-${name}.1`);
      for (const [flags] of optionsOf(spec)) expect(text).toContain(flagText(flags));
      for (const title of ["EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"])
        expect(text).toContain(` ${title} `);
      for (const [command] of spec.examples) expect(text.replaceAll(" ", "")).toContain(command.replaceAll(" ", ""));
    },
  );

  it("of unsprawl.yaml: every key of the schema, and examples that are configurations", async () => {
    const text = shown("unsprawl.yaml.5");
    const schema = JSON.parse(readFileSync(join(DIST, "unsprawl.schema.json"), "utf8")) as { properties: object };
    for (const key of Object.keys(schema.properties)) expect(text).toContain(` ${key} `);
    for (const example of EXAMPLES) {
      expect(text).toContain(Object.keys(parse(example) as object)[0]);
      expect((await parseConfig(example, "unsprawl.yaml", [])).config).toBeDefined();
    }
  });
});
