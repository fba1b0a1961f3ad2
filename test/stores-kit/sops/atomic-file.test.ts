import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { atomicWrite, sweepTemps } from "../../../src/kit/io/atomic.ts";
import { withFileLock } from "../../../src/kit/io/lock.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-atomic-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const [ATOMIC, LOCK] = ["atomic", "lock"].map(
  (name) => new URL(`../../../src/kit/io/${name}.ts`, import.meta.url).href,
);
/** A process that runs this script with the module's functions in scope. */
const script = (body: string): string[] => [
  "--input-type=module",
  "-e",
  `import { atomicWrite } from ${JSON.stringify(ATOMIC)};\nimport { withFileLock } from ${JSON.stringify(LOCK)};\n${body}`,
];
const mode = (file: string): string => (statSync(file).mode & 0o7777).toString(8);

describe("atomicWrite", () => {
  test("a new file is 0600 whatever the umask, or as asked", async () => {
    await atomicWrite(join(dir, "a"), "text");
    await atomicWrite(join(dir, "b"), Buffer.from([0, 255]), { mode: 0o644 });
    expect([mode(join(dir, "a")), mode(join(dir, "b"))]).toEqual(["600", "644"]);
    expect(readFileSync(join(dir, "b"))).toEqual(Buffer.from([0, 255]));
    expect(readdirSync(dir)).toEqual(["a", "b"]);
  });

  test("a writer whose temporary file somebody else removes writes again", async () => {
    const file = join(dir, "file");
    let removed = 0;
    for (let nth = 0; nth < 200 && removed === 0; nth++) {
      const written = atomicWrite(file, `text ${nth}`).then(() => true);
      // Between any two steps of the writer: each waits for the disk.
      while (removed === 0 && !(await Promise.race([written, setImmediate(false)]))) {
        removed += readdirSync(dir).filter((name) => name.endsWith(".tmp")).length;
        if (removed > 0) await sweepTemps(file); // once: a writer does not try again for ever
      }
      await written;
      expect(readFileSync(file, "utf8")).toBe(`text ${nth}`);
    }
    expect([removed > 0, readdirSync(dir)]).toEqual([true, ["file"]]);
  });

  test("a replaced file keeps its mode and owner, and its link stays a link", async () => {
    const [file, link] = [join(dir, "file"), join(dir, "link")];
    writeFileSync(file, "old");
    chmodSync(file, 0o640);
    if (process.getuid?.() === 0) chownSync(file, 12, 34);
    symlinkSync("file", link);
    await atomicWrite(link, "new");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(mode(file)).toBe("640");
    if (process.getuid?.() === 0) expect([statSync(file).uid, statSync(file).gid]).toEqual([12, 34]);
  });

  test("a reader sees the old file or the new one, never a part", async () => {
    const file = join(dir, "file");
    await atomicWrite(file, "x".repeat(100_000));
    const writer = spawn(
      process.execPath,
      script(`for (;;) for (const c of "yz") await atomicWrite(${JSON.stringify(file)}, c.repeat(100_000));`),
    );
    for (let round = 0; round < 300; round++) {
      const text = readFileSync(file, "utf8");
      expect(text.length).toBe(100_000);
      expect(text).toBe((text[0] ?? "").repeat(100_000));
      if (round % 50 === 0) await sleep(20);
    }
    writer.kill("SIGKILL");
    await new Promise((done) => writer.once("close", done));
    expect(readFileSync(file, "utf8").length).toBe(100_000);
    await sweepTemps(file);
    expect(readdirSync(dir)).toEqual(["file"]);
  });

  test.for(["ENOSPC", "EDQUOT"])(
    "a full disk (%s) is said with a hint, and leaves the old file and no other",
    async (code) => {
      const file = join(dir, "file");
      writeFileSync(file, "old");
      const handle = await open(file);
      const fail = vi
        .spyOn(Object.getPrototypeOf(handle) as typeof handle, "writeFile")
        .mockRejectedValue(Object.assign(new Error(`${code}: secret text`), { code }));
      await handle.close();
      await expect(atomicWrite(file, "new")).rejects.toMatchObject({
        code: "failed",
        hint: expect.stringContaining("free some") as string,
        cause: code,
      });
      expect(fail).toHaveBeenCalledOnce();
      expect([readFileSync(file, "utf8"), readdirSync(dir)]).toEqual(["old", ["file"]]);
    },
  );

  test("a really full disk", async () => {
    const full = join(dir, "full");
    mkdirSync(full);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", full]);
    try {
      const file = join(full, "file");
      await atomicWrite(file, "old");
      await expect(atomicWrite(file, "x".repeat(1_000_000))).rejects.toMatchObject({ code: "failed", cause: "ENOSPC" });
      expect([readFileSync(file, "utf8"), readdirSync(full)]).toEqual(["old", ["file"]]);
    } finally {
      execFileSync("umount", [full]);
    }
  });

  test("a folder, a pipe and a missing folder are no place to write", async () => {
    mkdirSync(join(dir, "folder"));
    execFileSync("mkfifo", [join(dir, "pipe")]);
    await expect(atomicWrite(join(dir, "folder"), "x")).rejects.toMatchObject({ code: "refused" });
    await expect(atomicWrite(join(dir, "pipe"), "x")).rejects.toMatchObject({ code: "refused" });
    await expect(atomicWrite(join(dir, "none/file"), "x")).rejects.toMatchObject({ code: "failed", cause: "ENOENT" });
  });
});

describe("withFileLock", () => {
  test("one at a time in one process and over several; nothing is left beside the file", async () => {
    const file = join(dir, "count");
    writeFileSync(file, "0");
    const count = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        await withFileLock(file, async () => {
          const now = Number(readFileSync(file, "utf8"));
          await sleep(1);
          writeFileSync(file, String(now + 1));
        });
      }
    };
    const other = (): Promise<unknown> => {
      const body = `import fs from "node:fs"; const file = ${JSON.stringify(file)};
        for (let i = 0; i < 20; i++) await withFileLock(file, async () => { const n = Number(fs.readFileSync(file, "utf8")); await new Promise((r) => setTimeout(r, 1)); fs.writeFileSync(file, String(n + 1)); });`;
      return new Promise((done) => spawn(process.execPath, script(body), { stdio: "inherit" }).once("close", done));
    };
    await Promise.all([count(), count(), other(), other()]);
    expect(readFileSync(file, "utf8")).toBe("80");
    expect(readdirSync(dir)).toEqual(["count"]);
  });

  test("a living holder is waited for, then named", async () => {
    const file = join(dir, "file");
    await withFileLock(file, async () => {
      await expect(withFileLock(file, async () => "in", 100)).rejects.toMatchObject({
        code: "locked",
        message: expect.stringContaining(`process ${process.pid}`) as string,
      });
    });
    expect(await withFileLock(file, async () => "in", 100)).toBe("in");
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a lock is released when the work fails", async () => {
    await expect(withFileLock(join(dir, "file"), () => Promise.reject(new Error("x")))).rejects.toThrow("x");
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a killed holder's lock is free, and exactly one of many has it", async () => {
    const file = join(dir, "file");
    const holder = spawn(
      process.execPath,
      script(
        `await withFileLock(${JSON.stringify(file)}, () => { process.stdout.write("in"); return new Promise((r) => setTimeout(r, 60_000)); });`,
      ),
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((done) => holder.stdout.once("data", done));
    await expect(withFileLock(file, async () => "in", 50)).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining(`process ${holder.pid}`) as string,
      hint: expect.stringContaining(`kill ${holder.pid}`) as string,
    });
    holder.kill("SIGKILL");
    await new Promise((done) => holder.once("close", done));
    let inside = 0;
    const enter = (): Promise<void> =>
      withFileLock(file, async () => {
        expect(++inside).toBe(1);
        await sleep(2);
        inside--;
      });
    await Promise.all(Array.from({ length: 12 }, enter));
    expect(readdirSync(dir)).toEqual([]);
  });
});
