import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { containers } from "./containers.ts";

const { world, standing } = await containers("usage");

describe("a usage error exits 2, says what to type, and does nothing", () => {
  it.each<[what: string, args: readonly string[], says: RegExp]>([
    ["an unknown command", ["scna"], /scan/],
    ["an unknown flag", ["scan", "--jsno"], /--json/],
    ["a flag of another command", ["scan", "--to", "local"], /--to/],
    ["the terminal UI's flag without a terminal", ["--read-only"], /it needs a terminal/],
    ["the terminal UI's flag with a command", ["--read-only", "doctor"], /--read-only/],
    ["a flag without its value", ["scan", "--format"], /--format/],
    ["a value that is not allowed", ["scan", "--format", "xml"], /sarif/],
    ["a level that is not one", ["scan", "--fail-on", "sometimes"], /never/],
    ["a delivery that is none", ["plan", "--to", "local", "--deliver", "mail"], /shim/],
    ["--json and another format", ["scan", "--json", "--format", "html"], /--format/],
    ["a source that is none", ["scan", "usage-one"], /docker:usage-one/],
    ["a source of an unknown kind", ["scan", "podman:x"], /docker:/],
    ["a source of a mistyped kind", ["scan", "compos:x"], /did you mean compose:x\?/],
    ["a container's name alone", ["usage-one"], /unsprawl scan docker:usage-one/],
    ["a mistyped action", ["config", "chek"], /next: unsprawl config check\n/],
    ["a check of no store", ["stores", "check"], /stores check STORE \(known: aws-kms, /],
    ["inspect: without a file", ["scan", "inspect:"], /inspect:FILE/],
    ["plan without a store", ["plan", "docker:usage-one"], /--to STORE/],
    ["migrate without a store", ["migrate", "docker:usage-one", "--yes"], /--to STORE/],
    ["migrate without --yes", ["migrate", "docker:usage-one", "--to", "local"], /--yes/],
    ["a store that is not known", ["plan", "docker:usage-one", "--to", "valt"], /did you mean vault/],
    [
      "an --accept that is not known",
      ["plan", "docker:usage-one", "--to", "local", "--accept", "all"],
      /compose, .*sharers, stack/,
    ],
    ["a time that is none", ["plan", "docker:usage-one", "--to", "local", "--grace", "soon"], /--grace/],
    ["a configuration that is not there", ["scan", "--config", "nowhere.yaml"], /nowhere\.yaml/],
    ["apply without a plan", ["apply"], /plan/],
    ["apply of what is no plan", ["apply", "nowhere.json"], /unsprawl plan/],
    ["too many arguments", ["doctor", "please"], /argument/],
    ["a run that is none", ["resume", "../x"], /runs/],
    ["stores with another word", ["stores", "chekc"], /stores check/],
    ["rules with another word", ["rules", "shwo"], /rules show/],
    ["runtime with another word", ["runtime", "instal"], /install/],
    [
      "the runtime for containerd",
      ["runtime", "install", "containerd"],
      /unsprawl runtime install containerd --to STORE/,
    ],
    ["a shell that has no completion", ["completion", "tcsh"], /bash\|fish\|zsh/],
    ["run without a command", ["run"], /command/],
    ["render of a run and all", ["render", "20261125-000000-0000", "--all"], /one of them/],
    [
      "a baseline that is none",
      ["scan", "docker:usage-one", "--baseline", "nowhere.json"],
      /scan --format baseline -o/,
    ],
  ])("%s", async (_what, args, says) => {
    const before = standing();
    const ran = await world.unsprawl(args);
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toMatch(says);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(standing()).toBe(before);
    for (const folder of ["secrets", ".local"]) expect(existsSync(join(world.dir, folder))).toBe(false);
  });

  it.each(["docker:USAGE-ONE", "docker:one", "docker:usge-one"])("%s: the near name is named", async (source) => {
    const ran = await world.unsprawl(["scan", source]);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("next: did you mean docker:usage-one?")]);
  });

  it("as JSON on stderr when --json asks for it", async () => {
    const ran = await world.unsprawl(["plan", "docker:usage-one", "--json"]);
    expect(ran.stdout).toBe("");
    expect(JSON.parse(ran.stderr)).toMatchObject({
      version: 1,
      error: { code: "usage", exit: 2, hint: expect.any(String) as string },
    });
  });

  it("an unknown flag as JSON too", async () => {
    const ran = await world.unsprawl(["scan", "--json", "--nonsense"]);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stderr)).toMatchObject({ version: 1, error: { code: "usage", exit: 2 } });
  });

  it("repeats no secret of the command line", async () => {
    const password = randomBytes(9).toString("hex");
    const token = `ghp_${randomBytes(27).toString("base64").replaceAll(/[+/]/g, "x")}`;
    const url = ["postgres://api", password].join(":") + "@db/x";
    for (const args of [
      ["scan", url],
      ["scan", `inspect:${url}`],
      ["rules", "show", token],
      ["stores", token],
      ["scan", `--${token}`],
      ["scan", `--${token}`, "--json"],
      ["doctor", url],
    ]) {
      const ran = await world.unsprawl(args);
      expect(ran.code, ran.stderr).not.toBe(0);
      expect(`${ran.stdout}${ran.stderr}`).not.toContain(password);
      expect(`${ran.stdout}${ran.stderr}`).not.toContain(token);
    }
  });
});
