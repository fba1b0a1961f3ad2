import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const PAGE = 4096;

export type SmallDisk = {
  readonly dir: string;
  /** Fills it up, but for `leave` pages of 4 KiB. */
  fill(leave: number): void;
  /** Makes room again. */
  empty(): void;
  unmount(): void;
};

/** A real file system of this size in KiB, mounted at `dir`. */
export function smallDisk(dir: string, kib: number): SmallDisk {
  mkdirSync(dir, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k,mode=0700`, "tmpfs", dir]);
  const ballast = join(dir, "ballast");
  return {
    dir,
    fill(leave) {
      const file = openSync(ballast, "w");
      let size = 0;
      try {
        for (;;) size += writeSync(file, Buffer.alloc(PAGE), 0, PAGE);
      } catch {
        ftruncateSync(file, Math.max(0, size - leave * PAGE));
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => void execFileSync("umount", ["-l", dir]),
  };
}
