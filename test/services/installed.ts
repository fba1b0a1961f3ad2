import { copyFileSync, cpSync, linkSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { atFileEnd } from "../support/file-end.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The words that start the built program from a folder that units see wherever the clone lies: they have a `/tmp` of their
 * own. The folder is removed once the tests of the file have ended.
 */
export function installProgram(): readonly [node: string, main: string] {
  const dir = mkdtempSync("/var/lib/unsprawl-installed-");
  atFileEnd(() => rmSync(dir, { recursive: true, force: true }));
  for (const part of ["dist", "package.json"]) cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  const node = join(dir, "node");
  try {
    linkSync(process.execPath, node);
  } catch {
    copyFileSync(process.execPath, node);
  }
  return [node, join(dir, "dist/main.js")];
}
