import { afterAll, expect, it } from "vitest";
import { dockerAt } from "../cli/containers.ts";
import { BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld } from "../support/world.ts";
import { follow } from "./follower.ts";

const { DB_PASSWORD = "" } = twelveSecrets();
const { host } = await workerEngine();
const world = makeWorld(host);
const docker = dockerAt(host, world);
const run = (name: string): string =>
  docker(
    "run",
    "-d",
    "--name",
    name,
    "--network",
    "none",
    "-e",
    `DB_PASSWORD=${DB_PASSWORD}`,
    BUSYBOX,
    "sleep",
    "9999",
  );

afterAll(() => {
  const left = docker("ps", "-aq", "--filter", "name=watch-story").split("\n").filter(Boolean);
  if (left.length > 0) docker("rm", "-f", ...left);
  world.remove();
});

it(
  "a secret is new, then moved away, then back: regressed, told once, in every place",
  { timeout: 300_000 },
  async () => {
    const watching = follow(world, ["docker:watch-story*", "--every", "1h", "--events"]);
    await watching.until((told) => told.some(({ type }) => type === "scan"));
    run("watch-story");
    await watching.until(() => watching.changes().includes("new DB_PASSWORD watch-story"));

    const migrated = await world.unsprawl([
      ...["migrate", "docker:watch-story", "--to", "local", "--yes", "--deliver", "shim", "--grace", "100ms"],
    ]);
    expect(migrated.code, migrated.stderr).toBe(0);
    await watching.until(() => watching.changes().includes("gone DB_PASSWORD watch-story"));
    expect(watching.changes()).toEqual(["new DB_PASSWORD watch-story", "gone DB_PASSWORD watch-story"]);
    expect((await world.unsprawl(["scrub", "--accept", "key-backup"])).code).toBe(0);

    docker("rm", "-f", "watch-story");
    run("watch-story");
    run("watch-story-two");
    const again = ["regressed DB_PASSWORD watch-story", "regressed DB_PASSWORD watch-story-two"];
    await watching.until(() => watching.changes().length === 4);
    docker("restart", "-t", "0", "watch-story");
    await watching.until((told) => told.at(-1)?.type === "scan" && told.length > 8);
    expect(watching.changes().slice(2).sort()).toEqual(again);
    expect(await watching.stop()).toBe(0);

    const once = await world.unsprawl(["watch", "docker:watch-story*", "--once"]);
    expect([once.code, once.stdout]).toEqual([3, ""]);
    expect(once.stderr).toContain("nothing new; 2 findings");
    expect(once.stderr).toMatch(
      /^exit 3, because of 2 findings at or above --fail-on medium: DB_PASSWORD in .*; next: unsprawl scan$/m,
    );
    expect(JSON.stringify(watching.told) + watching.stderr + once.stderr).not.toContain(DB_PASSWORD);
  },
);
