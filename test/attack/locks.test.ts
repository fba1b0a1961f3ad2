import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockHolder, takeLock, withFileLock } from "../../src/kit/io/lock.ts";
import { sweepTemps } from "../../src/kit/io/atomic.ts";
import { heldLocks } from "../support/locks.ts";

// Locks: nothing that others left beside a file is believed, and one lock holds wherever its holder runs.

const BOB = { uid: 12_345, gid: 12_345 };
const MODULE = new URL("../../src/kit/io/lock.ts", import.meta.url).href;

let dir: string;
let bobs: string;
let state: string;
let started: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-locks-"));
  [bobs, state] = [join(dir, "bob"), join(dir, "state")];
  chmodSync(dir, 0o755);
  mkdirSync(bobs);
  execFileSync("chown", [`${BOB.uid}:${BOB.gid}`, bobs]);
});
afterEach(async () => {
  for (const child of started) await ended(child);
  started = [];
  rmSync(dir, { recursive: true, force: true });
});

const asBob = (command: string): Buffer => execFileSync("/bin/sh", ["-ec", command], { ...BOB, cwd: "/" });

/** Starts a process that takes the lock and keeps it; what it says first: `held`, or who else has it. */
async function holder(wrap: readonly string[] = []): Promise<{ readonly child: ChildProcess; readonly says: string }> {
  const code = `import { takeLock } from ${JSON.stringify(MODULE)};
    const lock = takeLock(${JSON.stringify(state)}, "engine-x", "run other");
    console.log(lock === null ? "refused" : "held", process.pid);
    setInterval(() => lock, 1000);`;
  // `env` starts what follows it.
  const args = [...wrap, process.execPath, "--input-type=module", "-e", code];
  const child = spawn("env", args, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  const says = await new Promise<string>((done) => child.stdout.once("data", (text: Buffer) => done(String(text))));
  return { child, says: says.trim() };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("close", done));
  child.kill("SIGKILL");
  await gone;
}

test("a planted lock, whose id is a path, deletes nothing and keeps nobody out", async () => {
  const victim = join(dir, "victim");
  writeFileSync(victim, "root's own file\n");
  const file = join(bobs, "shop.sops.yaml");
  const planted = JSON.stringify({
    id: "/../../victim",
    pid: 1,
    started: "0",
    host: hostname(),
    boot: "x",
    space: "x",
  });
  asBob(`mkdir '${file}.lock.'; printf %s '${planted}' > ${file}.lock; cp ${file}.lock '${file}.lock.z'`);
  asBob(`mkdir ${bobs}/.shop.sops.yaml.0123456789ab.tmp`);
  const before = readdirSync(bobs);
  const inside = await withFileLock(file, async () => (await sweepTemps(file), "in"), 100, state);
  expect([inside, readFileSync(victim, "utf8")]).toEqual(["in", "root's own file\n"]);
  expect(readdirSync(bobs)).toEqual(before);
  expect(heldLocks(state)).toEqual([]);
});

test("two process namespaces that share a state folder: one gets the lock, and a kill frees it", async () => {
  const apart = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"];
  const [one, two] = [await holder(apart), await holder(apart)];
  // Each is the first process of its namespace: by its number alone the other would be itself.
  expect([one.says, two.says]).toEqual(["held 1", "refused 1"]);
  expect(takeLock(state, "engine-x", "run mine")).toBeNull();
  expect(lockHolder(state, "engine-x")).toMatchObject({ pid: 1, what: "run other" });
  await ended(one.child);
  const mine = await taken();
  expect(lockHolder(state, "engine-x")).toMatchObject({ pid: process.pid, what: "run mine" });
  mine.release();
  expect(heldLocks(state)).toEqual([]);
});

test("one that hangs keeps its lock until it is broken, and then holds nothing when it wakes up", async () => {
  const { child } = await holder();
  child.kill("SIGSTOP");
  expect(takeLock(state, "engine-x", "run mine")).toBeNull();
  const mine = takeLock(state, "engine-x", "run mine", { breakIt: true });
  expect(mine).not.toBeNull();
  child.kill("SIGCONT");
  expect((await holder()).says).toMatch(/^refused/);
  await ended(child);
  expect((await holder()).says).toMatch(/^refused/);
  mine?.release();
  expect((await holder()).says).toMatch(/^held/);
});

describe("a state folder that another user can write to is refused: SQLite would believe what lies there", () => {
  test.for([
    ["the folder of the locks is theirs", "mkdir -p state/lock", "state"],
    ["the state folder is theirs", "mkdir state", "state"],
    ["it would be made in theirs", "true", "new/state"],
    ["it is a link of theirs", "mkdir real; ln -s real state", "state"],
  ] as const)("%s", ([, plant, at]) => {
    asBob(`cd ${bobs}; ${plant}`);
    const refused = expect.objectContaining({
      code: "refused",
      hint: expect.stringContaining("XDG_STATE_HOME") as string,
    });
    expect(() => takeLock(join(bobs, at), "engine-x", "run mine")).toThrow(refused as Error);
  });
});

test("what says who holds a lock is text: nothing in it becomes a path or a program", () => {
  const lock = takeLock(state, "engine-x", "run mine");
  const note = join(state, "lock", "engine-x.holder");
  writeFileSync(note, JSON.stringify({ id: "../../../victim", pid: "$(id)", host: "h", space: "", what: "x" }));
  expect(lockHolder(state, "engine-x")).toEqual({ id: "../../../victim", pid: NaN, host: "h", space: "", what: "x" });
  lock?.release();
  expect(takeLock(state, "engine-x", "run mine")).not.toBeNull();
});

/** The first process of a namespace takes a moment to be gone after the one that made it is. */
async function taken(): Promise<{ release(): void }> {
  for (;;) {
    const lock = takeLock(state, "engine-x", "run mine");
    if (lock !== null) return lock;
    await new Promise((done) => setTimeout(done, 20));
  }
}
