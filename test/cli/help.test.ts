import { afterAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/specs/index.ts";
import { flagText } from "../../src/cli/help.ts";
import { COMMON_OPTIONS, UI_OPTIONS } from "../../src/cli/specs/shared.ts";
import { GROUPS, nameOf, optionsOf } from "../../src/cli/specs/spec.ts";
import { makeWorld } from "../support/world.ts";

const NAMES = COMMANDS.map(nameOf);
const world = makeWorld("unix:///nonexistent");

afterAll(() => world.remove());

describe("help", () => {
  it("without a terminal `unsprawl` alone is the usage on stderr, exit 2", async () => {
    const ran = await world.unsprawl([]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("USAGE\n  unsprawl");
    for (const name of NAMES) expect(ran.stderr).toContain(`  ${name}`);
  });

  it("asks nothing without a terminal, whatever was asked for", async () => {
    const ran = await world.unsprawl(["--accessible"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("needs a terminal");
    expect((await world.unsprawl(["--accessible", "scan"])).code).toBe(2);
  });

  it("lists every command in its group, the UI's flags, examples and every exit code, at 80 columns", async () => {
    const { code, stdout, stderr } = await world.unsprawl(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const sections = new Map(
      stdout.split("\n\n").map((text) => [text.split("\n")[0] ?? "", text.replace(/\s+/g, " ")]),
    );
    for (const spec of COMMANDS)
      expect(sections.get(GROUPS[spec.group].toUpperCase())).toContain(` ${nameOf(spec)} ${spec.summary}`);
    for (const [flags] of [...UI_OPTIONS, ...COMMON_OPTIONS]) expect(stdout).toContain(`  ${flagText(flags)} `);
    expect(sections.get("EXAMPLES")).toContain("unsprawl scan");
    for (const exit of [
      "0 fine",
      "1 failed",
      "2 usage",
      "3 findings",
      "4 authentication",
      "5 partly",
      "130 interrupted",
    ])
      expect(sections.get("EXIT CODES")).toContain(exit);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(COMMANDS.map((spec) => [nameOf(spec), spec] as const))(
    "of %s names each of its flags, its examples, and fits 80 columns",
    async (name, spec) => {
      const { code, stdout } = await world.unsprawl([name, "--help"]);
      expect(code).toBe(0);
      for (const [flags] of [...optionsOf(spec), ...COMMON_OPTIONS]) expect(stdout).toContain(flagText(flags));
      expect(spec.examples.length).toBeGreaterThan(0);
      for (const [command, text] of spec.examples) expect(stdout).toContain(`  # ${text}\n  ${command}\n`);
      expect(stdout.split("\n").filter((line) => line.length > 80 && !line.startsWith("  unsprawl "))).toEqual([]);
      expect(await world.unsprawl(["help", name])).toMatchObject({ code: 0, stdout });
    },
  );

  it("of a topic; the nearest word for one that does not exist", async () => {
    expect((await world.unsprawl(["help", "accept"])).stdout).toContain("compose");
    expect((await world.unsprawl(["help", "environment"])).stdout).toContain("DOCKER_HOST");
    const ran = await world.unsprawl(["help", "mgrate"]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain("next: unsprawl help migrate");
    expect((await world.unsprawl(["--accesible"])).stderr).toContain("--accessible");
  });

  it("summaries are capitalised verb phrases without a full stop", () => {
    for (const { summary } of COMMANDS) expect(summary).toMatch(/^[A-Z].*[^.]$/);
  });

  it("the version is printed alone", async () => {
    for (const word of ["--version", "version"])
      expect(await world.unsprawl([word])).toMatchObject({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect(JSON.parse((await world.unsprawl(["version", "--json"])).stdout)).toMatchObject({ unsprawl: "0.1.0" });
  });
});
