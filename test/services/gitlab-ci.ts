import { join } from "node:path";
import { need } from "./apt.ts";
import { npmPackage } from "./npm.ts";

/**
 * The words that run a .gitlab-ci.yml here: checked by GitLab's published schema, its jobs in a shell. In place of a GitLab,
 * which cannot be had.
 */
export async function gitlabCi(): Promise<readonly string[]> {
  // It copies the files of a job with it.
  await need("rsync", ["rsync"]);
  return [process.execPath, join(npmPackage("gitlab-ci-local@4.75.1"), "dist/index.js")];
}
