import { cpSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "./tools.ts";

/**
 * Copies what the dynamic linker of this machine loads for a program into a root folder, the linker among it, each where
 * it is looked for: for a system that has no C library or another one.
 */
export function copyLibraries(program: string, tree: string): void {
  for (const [, path = ""] of run("ldd", [program]).matchAll(/(?<!\S)(\/\S+) \(0x/g)) {
    // Debian's linker looks in the same folder below /usr, where /lib is no link to it.
    const to = isLinker(path) ? path : join("/usr", path.replace(/^\/usr/, ""));
    mkdirSync(dirname(join(tree, to)), { recursive: true });
    cpSync(realpathSync(path), join(tree, to));
  }
}

/**
 * Moves the linker in a tree to another path, and has the program start with that one: the usual path may belong to a
 * package of the system. The path in the program is replaced where it stands, by one that is no longer.
 */
export function moveLinker(program: string, tree: string): void {
  const bytes = readFileSync(program);
  const [usual = ""] = /\/lib64\/ld-linux[\w.-]+\.so\.\d+/.exec(bytes.toString("latin1", 0, 4096)) ?? [];
  const own = "/usr/lib/unsprawl/ld.so";
  if (usual === "" || own.length > usual.length) throw new Error(`${program} names no linker that could be replaced`);
  bytes.write(own.padEnd(usual.length, "\0"), bytes.indexOf(usual), "latin1");
  writeFileSync(program, bytes);
  mkdirSync(join(tree, dirname(own)), { recursive: true });
  renameSync(join(tree, usual), join(tree, own));
  rmSync(join(tree, dirname(usual)), { recursive: true, force: true });
}

const isLinker = (path: string): boolean => basename(path).startsWith("ld-linux");
