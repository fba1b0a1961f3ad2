import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadProject } from "../../migrations/compose/syntax/project.ts";
import { processFile } from "../../src/engine/process.ts";
import { readText } from "../../src/files/read.ts";
import { atomicRemove, atomicWrite, contentDigest, mayReplace, sweepTemps } from "../../src/kit/io/atomic.ts";
import { makeFolder } from "../../src/kit/io/folder.ts";
import { readChecked } from "../../src/kit/io/read.ts";
import { openEntry } from "../../src/kit/io/walk.ts";
import { random } from "../support/canary.ts";
import { makeWorld } from "../support/world.ts";

// Root writes and reads in folders of another user, who plants links, hard links and pipes there, also between the look
// and the write. Nothing of root's changes; what the user may have changed by unsprawl is.

const BOB = { uid: 12_345, gid: 12_345 };
const MINE = "root's own file\n";

let dir: string;
let bobs: string;
let sticky: string;
let victim: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-links-"));
  [bobs, sticky, victim] = [join(dir, "bob"), join(dir, "sticky"), join(dir, "victim")];
  chmodSync(dir, 0o755);
  for (const folder of [bobs, sticky]) mkdirSync(folder);
  chmodSync(sticky, 0o1777);
  execFileSync("chown", [`${BOB.uid}:${BOB.gid}`, bobs]);
  writeFileSync(victim, MINE, { mode: 0o644 });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** A shell command of the other user. */
const asBob = (command: string): string =>
  execFileSync("/bin/sh", ["-ec", command], {
    ...BOB,
    cwd: "/",
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

function expectUntouched(): void {
  const { uid, mode } = statSync(victim);
  expect([readFileSync(victim, "utf8"), uid, mode & 0o777]).toEqual([MINE, 0, 0o644]);
  expect(readdirSync(dir).sort()).toEqual(["bob", "sticky", "victim"]);
}

/** Does this as soon as the new text is complete, which is before the last look at the old one. */
async function onceWritten(act: () => void): Promise<void> {
  const handle = await open(victim);
  const proto = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  // Once, so that the next call is the real one again.
  const spy = vi.spyOn(proto, "sync").mockImplementationOnce(async function (this: typeof handle) {
    act();
    spy.mockRestore();
    return this.sync();
  });
}

describe("between the look and the write", () => {
  test.for([
    ["the file becomes a link to root's", (file: string) => `rm ${file}; ln -s ${join(dir, "victim")} ${file}`],
    ["the file becomes another one", (file: string) => `rm ${file}; echo other > ${file}`],
    ["the file gets another text", (file: string) => `echo other > ${file}`],
  ] as const)("%s: it is left alone", async ([, swap]) => {
    const file = join(bobs, "app.env");
    asBob(`echo old > ${file}`);
    await onceWritten(() => asBob(swap(file)));
    await expect(atomicWrite(file, "new", { expect: contentDigest("old\n") })).rejects.toMatchObject({
      code: "changed",
    });
    expect(readdirSync(bobs)).toEqual(["app.env"]);
    expectUntouched();
  });

  test("a new file appears: it is not replaced", async () => {
    const file = join(bobs, "new.env");
    await onceWritten(() => asBob(`echo bob > ${file}`));
    await expect(atomicWrite(file, "new", { expect: null })).rejects.toMatchObject({ code: "changed" });
    expect(readFileSync(file, "utf8")).toBe("bob\n");
  });

  test("the folder becomes a link into one of root's: what is written stays in the folder that was opened", async () => {
    const app = join(bobs, "app");
    const roots = join(sticky, "roots");
    mkdirSync(roots);
    writeFileSync(join(roots, "app.env"), "old\n");
    asBob(`mkdir ${app}; echo old > ${app}/app.env`);
    await onceWritten(() => asBob(`mv ${app} ${app}-moved; ln -s ${roots} ${app}`));
    await atomicWrite(join(app, "app.env"), "new", { expect: contentDigest("old\n") });
    expect(readFileSync(join(roots, "app.env"), "utf8")).toBe("old\n");
    expect(readFileSync(join(bobs, "app-moved/app.env"), "utf8")).toBe("new");
    await expect(atomicRemove(join(app, "app.env"))).rejects.toMatchObject({ code: "refused" });
    expect(readdirSync(roots)).toEqual(["app.env"]);
  });
});

describe("what was planted before", () => {
  test.for([
    ["a link to root's file", () => `ln -s ${victim} ${bobs}/f`],
    ["a chain of links to it", () => `ln -s ${victim} ${bobs}/a; ln -s a ${bobs}/b; ln -s ../bob/b ${bobs}/f`],
    ["a link to nothing beside it", () => `ln -s ${dir}/made ${bobs}/f`],
    ["a link to itself", () => `ln -s f ${bobs}/f`],
    ["a pipe", () => `mkfifo ${bobs}/f`],
    ["a folder", () => `mkdir ${bobs}/f`],
  ] as const)("%s is refused, before anything is written", async ([, plant]) => {
    asBob(plant());
    const file = join(bobs, "f");
    await expect(mayReplace(file)).rejects.toMatchObject({ code: "refused" });
    await expect(atomicWrite(file, "x")).rejects.toMatchObject({ code: "refused" });
    await expect(atomicRemove(file)).rejects.toMatchObject({ code: "refused" });
    await sweepTemps(file);
    expectUntouched();
  });

  test("a link in the way to a folder of root's is refused, for files and folders", async () => {
    asBob(`ln -s ${dir} ${bobs}/way`);
    await expect(atomicWrite(join(bobs, "way/made"), "x")).rejects.toMatchObject({ code: "refused" });
    await expect(makeFolder(join(bobs, "way/made/deep"), 0o700)).rejects.toMatchObject({ code: "refused" });
    expectUntouched();
  });

  test("another name of root's file (a hard link, where the system allows it) is refused", async () => {
    linkSync(victim, join(bobs, "f"));
    await expect(atomicWrite(join(bobs, "f"), "x", { expect: contentDigest(MINE) })).rejects.toMatchObject({
      code: "refused",
    });
    expectUntouched();
  });

  test("a link that root made is not followed under another name that the user gave it", async () => {
    symlinkSync(victim, join(sticky, "roots"));
    linkSync(join(sticky, "roots"), join(bobs, "f"));
    await expect(atomicWrite(join(bobs, "f"), "x")).rejects.toMatchObject({ code: "refused" });
    expectUntouched();
  });

  test("in a folder like /tmp: neither another's link nor another's file is used", async () => {
    asBob(`ln -s ${victim} ${sticky}/link; echo bob > ${sticky}/file; chmod 666 ${sticky}/file`);
    for (const name of ["link", "file"])
      await expect(atomicWrite(join(sticky, name), "x")).rejects.toMatchObject({ code: "refused" });
    expect(readFileSync(join(sticky, "file"), "utf8")).toBe("bob\n");
    expectUntouched();
  });

  test("a mount point says what it is", async () => {
    const file = join(bobs, "mounted");
    writeFileSync(file, "");
    execFileSync("mount", ["--bind", victim, file]);
    try {
      await expect(atomicWrite(file, "x")).rejects.toMatchObject({ code: "refused", cause: "EBUSY" });
    } finally {
      execFileSync("umount", [file]);
    }
    expectUntouched();
  });
});

test("what these rules do not forbid: the user's file keeps its owner and mode, by the user's own link too, and root's links are root's", async () => {
  asBob(`mkdir -p ${bobs}/releases/1; echo old > ${bobs}/releases/1/app.env; chmod 640 ${bobs}/releases/1/app.env`);
  asBob(`ln -s releases/1 ${bobs}/current`);
  const real = join(bobs, "releases/1/app.env");
  await atomicWrite(join(bobs, "current/app.env"), "new", { expect: contentDigest("old\n") });
  const { uid, gid, mode } = statSync(real);
  expect([readFileSync(real, "utf8"), uid, gid, mode & 0o777]).toEqual(["new", BOB.uid, BOB.gid, 0o640]);

  symlinkSync(real, join(dir, "mine"));
  symlinkSync(real, join(sticky, "mine"));
  await atomicWrite(join(dir, "mine"), "by root's link");
  await atomicWrite(join(sticky, "mine"), "by root's link in a shared folder");
  expect(lstatSync(join(sticky, "mine")).isSymbolicLink()).toBe(true);
  expect(readFileSync(real, "utf8")).toBe("by root's link in a shared folder");
  await atomicWrite(join(sticky, "new"), "x");
  await atomicWrite(join(sticky, "new"), "y", { expect: contentDigest("x") });
  expect(await atomicRemove(join(sticky, "new"), { expect: contentDigest("y") })).toBe(true);
  rmSync(join(dir, "mine"));
  expectUntouched();
});

describe("reading", () => {
  test("a pipe and a device are neither waited for nor opened; a file of no end is not read to it", async () => {
    asBob(`mkfifo ${bobs}/pipe; ln -s /dev/zero ${bobs}/zero; truncate -s 1T ${bobs}/huge`);
    for (const name of ["pipe", "zero", "huge"]) {
      expect(() => readChecked(join(bobs, name))).toThrow(expect.objectContaining({ code: "refused" }) as Error);
      await expect(readText(join(bobs, name))).rejects.toMatchObject({ code: "refused" });
    }
    expect(readChecked("/dev/null")).toEqual(Buffer.alloc(0));
    expect(readChecked(victim).toString()).toBe(MINE);
    expect(readChecked("/proc/self/stat").length).toBeGreaterThan(10);
  });

  test("a Compose file cannot have the standard input read", async () => {
    asBob(`printf 'services: { a: { image: x, env_file: /dev/stdin } }\\n' > ${bobs}/compose.yaml`);
    const faults: unknown[] = [];
    const input = { files: [join(bobs, "compose.yaml")], dir: null, name: null, envFiles: [], env: {} };
    await loadProject({ ...input, tell: (fault) => void faults.push(fault) });
    expect(faults).toEqual([expect.objectContaining({ code: "refused" })]);
  });

  test("a process's files: its pipe is not opened, and its links stay below its root", async () => {
    asBob(`mkdir -p ${bobs}/run ${bobs}/etc; mkfifo ${bobs}/run/pipe; echo inside > ${bobs}/etc/file`);
    asBob(`ln -s /etc/file ${bobs}/run/link; ln -s ../../../../../..${victim} ${bobs}/run/out`);
    expect(await processFile(process.pid, join(bobs, "run/pipe"))).toBeNull();
    expect(await processFile(process.pid, victim)).not.toBeNull();
    const place = await openEntry("/run/link", bobs);
    expect(readFileSync(place.at(place.name), "utf8")).toBe("inside\n");
    place.close();
    await expect(openEntry("/run/out", bobs)).rejects.toMatchObject({ code: "ENOENT" });
    renameSync(join(bobs, "etc/file"), join(bobs, "etc/other"));
    await expect(openEntry("/run/link", bobs)).rejects.toMatchObject({ code: "refused" });
  });
});

test(
  "the program: a planted link stops a report and a migration before anything is sent or stored",
  { timeout: 300_000 },
  async () => {
    const world = makeWorld("unix:///nowhere");
    try {
      const [file, own] = [join(bobs, "app.env"), join(dir, "own.env")];
      asBob(`echo DB_PASSWORD=${random(20)} > ${file}; ln -s ${victim} ${sticky}/report.json`);
      const scan = ["scan", `env:${file}`, "--json", "--fail-on", "never", "-o"];
      const planted = await world.unsprawl([...scan, join(sticky, "report.json")]);
      expect([planted.code, planted.stderr]).toEqual([1, expect.stringContaining("user 12345")]);
      const kept = await world.unsprawl([...scan, join(sticky, "mine.json")]);
      expect(kept.code, kept.stderr).toBe(0);
      expectUntouched();

      // The text is the very one of the plan: only whose file it is tells that it is another.
      const plan = join(world.dir, "plan.json");
      const planned = await world.unsprawl(["plan", `env:${file}`, "--to", "local", "-o", plan]);
      expect(planned.code, planned.stderr).toBe(0);
      const text = readFileSync(file, "utf8");
      writeFileSync(own, text, { mode: 0o600 });
      asBob(`mv ${file} ${file}.aside; ln -s ${own} ${file}`);
      const applied = await world.unsprawl(["apply", plan]);
      expect([applied.code, applied.stderr]).toEqual([1, expect.stringContaining("user 12345")]);
      expect([readFileSync(own, "utf8"), existsSync(join(world.dir, "secrets"))]).toEqual([text, false]);

      asBob(`mv ${file}.aside ${file}`);
      const again = await world.unsprawl(["apply", plan]);
      expect(again.code, again.stderr).toBe(0);
      expect([statSync(file).uid, readFileSync(file, "utf8").includes("ref+sops://")]).toEqual([BOB.uid, true]);
      rmSync(own);
      expectUntouched();
    } finally {
      world.remove();
    }
  },
);
