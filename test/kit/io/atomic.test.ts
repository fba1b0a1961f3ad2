import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { atomicRemove, atomicWrite, contentDigest, mayReplace } from "../../../src/kit/io/atomic.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-atomic-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** What is synced while `act` runs, and whether the file had its new text by then. */
async function synced(file: string, act: () => Promise<unknown>): Promise<readonly string[]> {
  const handle = await open(dir);
  const proto = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const seen: string[] = [];
  const watch = (): void => void vi.spyOn(proto, "sync").mockImplementation(look);
  async function look(this: typeof handle): Promise<void> {
    const what = (await this.stat()).isDirectory() ? "folder" : "file";
    const now = statSync(file, { throwIfNoEntry: false }) === undefined ? "none" : readFileSync(file, "utf8");
    seen.push(`${what}, at that name: ${now}`);
    vi.restoreAllMocks();
    await this.sync();
    watch();
  }
  watch();
  await act();
  vi.restoreAllMocks();
  return seen;
}

describe("what a power failure may take", () => {
  test("a text is on the disk before its name is, and the name before the write ends", async () => {
    const file = join(dir, "file");
    expect(await synced(file, () => atomicWrite(file, "one"))).toEqual([
      "file, at that name: none",
      "folder, at that name: one",
    ]);
    const again = { expect: contentDigest("one") };
    expect(await synced(file, () => atomicWrite(file, "two", again))).toEqual([
      "file, at that name: one",
      "folder, at that name: two",
    ]);
    expect(await synced(file, () => atomicWrite(join(dir, "new"), "new", { expect: null }))).toHaveLength(2);
  });

  test("a removal is on the disk before it ends", async () => {
    const file = join(dir, "file");
    await atomicWrite(file, "one");
    expect(await synced(file, () => atomicRemove(file))).toEqual(["folder, at that name: none"]);
  });
});

describe("a file with a second name", () => {
  /** A file that has another name too, in a folder of this mode. */
  const linked = (mode: number): string => {
    const folder = join(dir, "folder");
    mkdirSync(folder);
    writeFileSync(join(folder, "file"), "old");
    linkSync(join(folder, "file"), join(folder, "other"));
    chmodSync(folder, mode);
    return join(folder, "file");
  };

  test("is replaced in a folder that only we can write to, and the other name keeps the old text", async () => {
    const file = linked(0o755);
    await atomicWrite(file, "new");
    expect([file, join(dir, "folder/other")].map((one) => readFileSync(one, "utf8"))).toEqual(["new", "old"]);
  });

  test.each(["777", "1777", "775"])("is refused in one where others can give names (%s)", async (mode) => {
    const file = linked(Number.parseInt(mode, 8));
    // As another user than the owner of both.
    vi.spyOn(process, "geteuid").mockReturnValue(12_345);
    for (const act of [() => atomicWrite(file, "new"), () => atomicRemove(file), () => mayReplace(file)])
      await expect(act()).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("hard link") as string,
      });
    expect([readFileSync(file, "utf8"), readdirSync(join(dir, "folder"))]).toEqual(["old", ["file", "other"]]);
  });
});
