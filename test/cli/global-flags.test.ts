import { describe, expect, it } from "vitest";
import { commandFirst } from "../../src/cli/global-flags.ts";
import { containers } from "./containers.ts";

const { world } = await containers("global-flags");

describe("flags of all commands before the command", () => {
  it.each<[given: string, meant: string]>([
    ["--json scan", "scan --json"],
    ["--config x.yaml -q scan docker:web --layers", "scan --config x.yaml -q docker:web --layers"],
    ["--config=x.yaml scan", "scan --config=x.yaml"],
    ["-v run -- env --json", "run -v -- env --json"],
    ["scan --json", "scan --json"],
    ["--jsno scan", "--jsno scan"],
    ["--json", "--json"],
    ["--read-only --json", "--read-only --json"],
    ["--config", "--config"],
    ["--config scan", "--config scan"],
    ["--json nothing", "--json nothing"],
  ])("%s: %s", (given, meant) => {
    expect(commandFirst(given.split(" ")).join(" ")).toBe(meant);
  });

  it("mean the same there", async () => {
    const after = await world.unsprawl(["scan", "docker:global-flags-one", "--json"]);
    const before = await world.unsprawl(["--json", "--no-color", "scan", "docker:global-flags-one"]);
    expect(before.code).toBe(after.code);
    const findings = (text: string): unknown => (JSON.parse(text) as { readonly findings: unknown }).findings;
    expect(findings(before.stdout)).toEqual(findings(after.stdout));
    const config = await world.unsprawl(["--config", "nowhere.yaml", "scan"]);
    expect([config.code, config.stderr]).toEqual([2, expect.stringContaining("nowhere.yaml")]);
  });
});
