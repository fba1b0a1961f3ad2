import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, need } from "./apt.ts";

const PACKAGE = "gitlab-ci-local@4.75.1";

/**
 * The words that run a .gitlab-ci.yml here: checked by GitLab's published schema, its jobs in a shell. In place of a GitLab,
 * which cannot be had. Named by UNSPRAWL_GITLAB_CI_LOCAL, or from npm's registry. Throws where it cannot be installed.
 */
export async function gitlabCi(): Promise<readonly string[]> {
  // It copies the files of a job with it.
  await need("rsync", ["rsync"]);
  const named = process.env["UNSPRAWL_GITLAB_CI_LOCAL"];
  if (named) return [named];
  const folder = join(CACHE, PACKAGE);
  const program = join(folder, "node_modules/gitlab-ci-local/dist/index.js");
  if (!existsSync(program)) install(folder);
  return [process.execPath, program];
}

function install(folder: string): void {
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", making, PACKAGE], {
    stdio: "pipe",
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(making, folder);
}
