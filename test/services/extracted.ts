import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./apt.ts";

/** The files of Debian packages in a folder, without installing them: a server that was installed would start. */
export function extracted(packages: readonly string[]): string {
  const dir = join(CACHE, `deb-${packages[0] ?? ""}`);
  if (existsSync(dir)) return dir;
  mkdirSync(CACHE, { recursive: true });
  const parts = mkdtempSync(join(CACHE, "part-"));
  const fetch = `apt-get download ${packages.join(" ")}`;
  try {
    execFileSync("sh", ["-c", `${fetch} || { apt-get update -qq && ${fetch}; }`], { cwd: parts, stdio: "pipe" });
    execFileSync("sh", ["-c", 'for one in *.deb; do dpkg-deb -x "$one" tree || exit 1; done'], {
      cwd: parts,
      stdio: "pipe",
    });
    // Whole from the start: another process may be doing the same.
    if (!existsSync(dir)) renameSync(join(parts, "tree"), dir);
  } catch (error) {
    if (!existsSync(dir)) throw new Error(`tests need ${fetch}`, { cause: error });
  } finally {
    rmSync(parts, { recursive: true });
  }
  return dir;
}
