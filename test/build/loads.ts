import { fileURLToPath } from "node:url";
import { execFileSync } from "node:child_process";

/** The parts of a bundle: name → text. */
export type Parts = { readonly [name: string]: string };
/** The error of each import, "" where there was none, and what the parts have put into the array `order`. */
export type Loaded = { readonly errors: readonly string[]; readonly order: readonly string[] };

const WORDS = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];

/** Has the loader of the one-file executable import the parts of each list at once, afresh for each list. */
export function loadsAtOnce(parts: Parts, lists: readonly (readonly string[])[]): Loaded[] {
  const program = fileURLToPath(new URL("loads.cjs", import.meta.url));
  const input = JSON.stringify({ parts, lists });
  const output = execFileSync(process.execPath, [...WORDS, program], { input, maxBuffer: 1 << 28, encoding: "utf8" });
  return JSON.parse(output) as Loaded[];
}
