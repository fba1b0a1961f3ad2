import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOf, FORMATS, leftovers } from "../support/formats.ts";
import { makeCaseStage, layAll, throughAll } from "./case.ts";

// The guard of Law 1 for secrets in the files of every format, which are nowhere but there, before and after.

const stage = makeCaseStage({ withSwarm: false });

const LOUD = { DEBUG: "*", NODE_DEBUG: "*" };

describe("files", () => {
  const inFiles = FORMATS.filter(({ options }) => options.includes("--deliver"));
  const others = FORMATS.filter((format) => !inFiles.includes(format));

  it.each([
    ["together in one run", others, ["--to", "vault"]],
    ["with a delivery of their own", inFiles, ["--to", "local", "--deliver", "file"]],
  ] as const)("%s", async (_what, formats, options) => {
    const one = stage.newCase();
    const sources = layAll(one, formats);
    const before = filesOf(one.dir);
    const gone = (): void => expect(one.watch.findInFiles(one.dir)).toEqual([]);
    await throughAll(one, sources, options, gone, () => {
      expect(filesOf(one.dir)).toEqual(before);
      expect(leftovers(one.world)).toEqual([]);
    });
  });

  it("that cannot be written, or are others since", async () => {
    const one = stage.newCase();
    const sources = layAll(one, others);
    const before = filesOf(one.dir);
    execFileSync("mount", ["--bind", one.dir, one.dir]);
    try {
      execFileSync("mount", ["-o", "remount,ro,bind", one.dir]);
      const ran = await one.quiet(["migrate", ...sources, "--to", "vault", "--yes"], 4);
      expect(ran.stderr).toContain("no permission for");
    } finally {
      execFileSync("umount", [one.dir]);
    }
    expect([filesOf(one.dir), leftovers(one.world)]).toEqual([before, []]);
    await expect(stage.bao.api("GET", "secret/data/apps/0")).rejects.toThrow("404");
    await one.quiet(["plan", ...sources, "--to", "vault", "--json", "-o", "a.plan"], 0, { env: LOUD });
    appendFileSync(join(one.dir, Object.keys(before).at(-1) ?? ""), "\n# changed\n");
    const changed = await one.quiet(["apply", "a.plan"], 1);
    expect(changed.stderr).toContain("has changed since the plan was made");
  });
});
