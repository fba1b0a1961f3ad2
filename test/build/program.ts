import { fileURLToPath } from "node:url";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundleForOneFile } from "../../src/build/bundle.ts";
import { makeExecutable } from "../../src/build/executable/pack.ts";
import type { Parts } from "./loads.ts";

/** The Node of the lockfile: the one that runs the tests may be a distribution's, which is no single file. */
const NODE = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));

/** Makes the one-file executable for this machine, as a release has it, in a folder. Gives its path, and the parts in it. */
export async function makeProgram(dir: string): Promise<{ readonly program: string; readonly parts: Parts }> {
  const [bundle, program] = [join(dir, "bundle"), join(dir, "unsprawl")];
  await bundleForOneFile(bundle);
  makeExecutable({ bundle, node: NODE, target: NODE, native: true, work: join(dir, "made") }, program);
  const names = readdirSync(bundle).filter((name) => name !== "report-page.json");
  return { program, parts: Object.fromEntries(names.map((name) => [name, readFileSync(join(bundle, name), "utf8")])) };
}
