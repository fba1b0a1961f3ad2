import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/**
 * Where test services are installed and note what runs; git ignores it. By its real path: several working trees may share
 * it or node_modules by a link, and a Python environment holds the path that it was made under.
 */
export const CACHE = realFolder(
  fileURLToPath(new URL("../../node_modules/.cache/unsprawl-services/", import.meta.url)),
);

function realFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return realpathSync(folder);
}

const PATH = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** The absolute path of a program, which may be absolute already; null when it is not installed. */
export function which(program: string): string | null {
  for (const dir of PATH) {
    const file = resolve(dir, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/** The program, installed from Debian's packages when it is missing (or `again`, when it is another kind). Throws with what to type when that fails. */
export async function need(program: string, packages: readonly string[], again = false): Promise<string> {
  const there = again ? null : which(program);
  if (there) return there;
  return exclusively("apt", () => {
    const meanwhile = again ? null : which(program);
    if (meanwhile) return meanwhile;
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    try {
      execFileSync("apt-get", ["update", "-qq"], { env, stdio: "pipe" });
      execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env, stdio: "pipe" });
    } catch (error) {
      throw new Error(`tests need ${program}: apt-get install ${packages.join(" ")}`, { cause: error });
    }
    const now = which(program);
    if (now) return now;
    throw new Error(`tests need ${program}, and ${packages.join(" ")} did not bring it`);
  });
}

/** One installer at a time over all test processes; a folder is the lock, taken over when its process is gone. */
async function exclusively<T>(name: string, act: () => T): Promise<T> {
  const lock = join(CACHE, `${name}.lock`);
  mkdirSync(CACHE, { recursive: true });
  for (let strange = 0; ;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, "pid"), String(process.pid));
      break;
    } catch {
      const owner = ownerOf(lock);
      // Without an owner for a while: killed between making the folder and signing it.
      strange = owner === null ? strange + 1 : 0;
      if (strange > 25 || (owner !== null && !existsSync(`/proc/${owner}`)))
        rmSync(lock, { recursive: true, force: true });
      await sleep(200);
    }
  }
  try {
    return act();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function ownerOf(lock: string): string | null {
  try {
    return readFileSync(join(lock, "pid"), "utf8") || null;
  } catch {
    return null;
  }
}
