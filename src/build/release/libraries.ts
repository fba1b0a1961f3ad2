import { cpSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "./tools.ts";

/**
 * Copies what the dynamic linker of this machine loads for a program into a root folder, each at its own path, for a
 * system that has no C library or another one. Returns the copied paths.
 */
export function copyLibraries(program: string, tree: string, folder: string | null = null): readonly string[] {
  const paths = [...run("ldd", [program]).matchAll(/(?<!\S)(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  return paths.map((path) => {
    const to = folder === null ? path : join(folder, basename(path));
    mkdirSync(dirname(join(tree, to)), { recursive: true });
    cpSync(realpathSync(path), join(tree, to));
    return to;
  });
}
