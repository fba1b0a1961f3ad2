import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeHome, start, type Home } from "../session/driver.ts";
import { makeWorld, type World } from "../support/world.ts";

// What changes this host, but no container: asked on a terminal, and off it `--yes` is needed. No engine is there.

const NO_ENGINE = "unix:///nonexistent/docker.sock";
const STORES = 'stores: { team: { provider: local, file: "secrets.sops.yaml" } }\n';

describe("without a terminal", () => {
  let world: World;
  beforeAll(() => {
    world = makeWorld(NO_ENGINE, {}, { trusted: false });
    writeFileSync(join(world.dir, "unsprawl.yaml"), STORES);
  });
  afterAll(() => world.remove());

  it.for([
    ["trust", "what this folder may set", "--print to see"],
    ["trust --always", "what this folder may set", "--print to see"],
    ["stores rewrap local", "a store's files", "add --dry-run to see what it would do, or --yes to do it"],
    ["plugin install --to local", "the engine's plugins", "add --yes"],
    ["runtime install --to local", "the engine's configuration", "--print to see"],
    ["runtime uninstall", "the engine's configuration", "add --yes"],
    ["runtime allow web X ref+vault://secret/web#/X", "which values a container gets", "add --yes"],
    ["runtime forbid web", "which values a container gets", "add --yes"],
  ])("%s needs --yes, and says what it changes", async ([words = "", changes = "", next = ""]) => {
    const ran = await world.unsprawl(words.split(" "), { asIs: true });
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toContain(`changes ${changes}, and nobody can be asked here: it needs --yes`);
    expect(ran.stderr).toContain(next);
    expect(existsSync(join(world.dir, "config"))).toBe(false);
  });

  it.for([["agent install compose --image unsprawl:1"], ["watch install systemd --every 1h"]])(
    "%s only shows what it would write",
    async ([words = ""]) => {
      const ran = await world.unsprawl(words.split(" "), { asIs: true });
      expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining("nothing was written: add --yes, or -o DIR")]);
      expect(ran.stdout).toMatch(/^# \//);
    },
  );
});

describe("on a terminal", () => {
  let home: Home;
  beforeAll(() => {
    home = makeHome(NO_ENGINE);
    mkdirSync(home.cwd, { recursive: true });
    writeFileSync(join(home.cwd, "unsprawl.yaml"), STORES);
  });
  afterAll(() => home.remove());

  const answered = async (words: string, question: string, answer: string): Promise<{ code: number; raw: string }> => {
    const terminal = start(100, 30, home, { CI: "" }, words.split(" "));
    try {
      await terminal.until(`${question} [y/N]`);
      await terminal.press(`${answer}\r`);
      return { code: await terminal.exit(), raw: terminal.raw() };
    } finally {
      terminal.close();
    }
  };

  it("trust shows the settings and asks; what it was answered counts", async () => {
    const no = await answered("trust", "Trust these settings?", "n");
    expect([no.code, no.raw]).toEqual([
      130,
      expect.stringMatching(/stores\.team\.file[^]*cancelled: nothing was changed/),
    ]);
    const yes = await answered("trust", "Trust these settings?", "y");
    expect([yes.code, yes.raw]).toEqual([0, expect.stringContaining("trusted until one of these settings changes")]);
  });

  it("an agent is printed, then asked for", async () => {
    const words = "agent install compose --image unsprawl:1";
    const no = await answered(words, "Write this, and issue the credentials for its stores?", "n");
    expect([no.code, no.raw]).toEqual([130, expect.stringContaining("image: unsprawl:1")]);
    expect(existsSync(join(home.cwd, "unsprawl-agent-compose.yaml"))).toBe(false);
  });
});
