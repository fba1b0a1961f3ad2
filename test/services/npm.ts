import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PERSON } from "../support/person.ts";
import { CACHE } from "./apt.ts";

/** The folder of a package that tests run as it is, at one version (`npm@10.9.9`), from npm's registry. Nothing in it runs. */
export function npmPackage(named: string): string {
  const folder = join(CACHE, named);
  const name = named.slice(0, named.lastIndexOf("@"));
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    execFileSync("npm", ["install", ...quiet, "--prefix", making, named], { env: PERSON, stdio: "pipe" });
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  }
  return join(folder, "node_modules", name);
}
