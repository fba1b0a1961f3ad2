import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { unitCommands } from "../../src/files/units/unit-words.ts";
import { rotateUnits } from "../../src/watch/install/rotate-timer.ts";
import { complaints } from "../services/systemd.ts";
import { makeWorld, type World } from "../support/world.ts";

let world: World;
let dir: string;

beforeAll(() => {
  world = makeWorld("unix:///nowhere");
  dir = mkdtempSync(join(tmpdir(), "unsprawl-timer-"));
});
afterAll(() => {
  world.remove();
  rmSync(dir, { recursive: true });
});

const ODD = `/srv/a b$x/%h"'.yaml`;

it("is a timer and a service that systemd has no complaint of, with the words as they were given", async () => {
  const words = ["/bin/sh", "/opt/unsprawl/main.js", "rotate", "--due", "--yes", "--config", ODD];
  const environment = [["XDG_STATE_HOME", "/srv/a b"]] as const;
  const { files } = rotateUnits({ words, user: "daemon", environment, cron: "30 2 * * sun" });
  for (const { path, text } of files) writeFileSync(join(dir, path.slice(path.lastIndexOf("/") + 1)), text);
  expect(await complaints(dir, "unsprawl-rotate.timer")).toBe("");
  expect(await complaints(dir, "unsprawl-rotate.service")).toBe("");
  const [service = "", timer = ""] = files.map(({ text }) => text);
  expect(service).toContain("User=daemon");
  expect(timer).toContain("OnCalendar=Sun *-*-* 02:30:00");
  expect(service).toMatch(/^Environment="XDG_STATE_HOME=\/srv\/a b"$/m);
  expect(service).not.toContain("Restart=");
  expect(unitCommands(service).map((command) => command.map(({ text }) => text))).toEqual([words]);
});

it("is only shown without --yes, is written where -o says, and has no credential of this shell", async () => {
  writeFileSync(join(world.dir, "own.yaml"), "rotate: { every: 90d }\n", { mode: 0o600 });
  world.plant({ token: "of-this-shell" });
  const args = ["rotate", "install", "systemd", "--config", "own.yaml"];
  const shown = await world.unsprawl(args, { env: { VAULT_TOKEN: "of-this-shell" } });
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/ExecStart=.* rotate --due --yes --config \S*own\.yaml/);
  expect(shown.stderr).toContain("nothing was written");
  expect(shown.stdout).not.toContain("of-this-shell");
  const written = await world.unsprawl([...args, "--cron", "0 4 * * *", "--grace", "20s", "-o", "units"]);
  expect(written.code, written.stderr).toBe(0);
  const timer = readFileSync(join(world.dir, "units/unsprawl-rotate.timer"), "utf8");
  expect(timer).toContain("OnCalendar=*-*-* 04:00:00");
  expect(readFileSync(join(world.dir, "units/unsprawl-rotate.service"), "utf8")).toContain("--grace 20s");
  expect(existsSync("/etc/systemd/system/unsprawl-rotate.timer")).toBe(false);
});

it.each([
  [["rotate", "install"], "unsprawl rotate install systemd"],
  [["rotate", "install", "compose"], "unsprawl rotate install systemd"],
  [["rotate", "install", "systemd", "--due"], "unsprawl rotate install systemd"],
  [["rotate", "--cron", "0 3 * * *", "--yes"], "--overwrite and --cron are for rotate install"],
])("is refused for %j", async (args, says) => {
  expect(await world.unsprawl(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
});
