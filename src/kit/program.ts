import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

// Where this program's parts lie and how it is started again. In the one-file executable
// src/build/executable/program.ts is in this file's place.

/** Built, all files are in one folder. */
const BUILT = !import.meta.url.endsWith(".ts");

/** The words that start unsprawl, for a unit or a script that is to start it later; its arguments follow. */
export function startWords(): [string, ...string[]] {
  return [process.execPath, pathOf(BUILT ? "./main.js" : "../../dist/main.js")];
}

/** The same for the resolver of the OCI runtime. */
export function resolverWords(): [program: string, first: string] {
  return [process.execPath, pathOf(BUILT ? "./resolve-main.js" : "../../dist/resolve-main.js")];
}

/** The files of the volume driver, with their places in its plugin, and the words that start it there. Node is among them. */
export function driverProgram(): {
  readonly files: readonly { readonly from: string; readonly to: string }[];
  readonly words: readonly string[];
} {
  const folder = pathOf(BUILT ? "." : "../../dist");
  const parts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const [node, lib] = ["/usr/bin/node", "/usr/lib/unsprawl"];
  return {
    files: [
      { from: process.execPath, to: node },
      ...parts.map((name) => ({ from: join(folder, name), to: `${lib}/${name}` })),
    ],
    words: [node, `${lib}/volume-plugin.js`],
  };
}

/** The words between this process's name and its arguments. */
export function ownWords(): string[] {
  return [...process.execArgv, ...process.argv.slice(1, 2)];
}

/** The resolver's own arguments. */
export function resolverArguments(): string[] {
  return process.argv.slice(2);
}

/** The script and the style of the report page, which are built for browsers. */
export function reportPage(): { readonly script: string; readonly style: string } {
  return JSON.parse(readFileSync(pathOf(BUILT ? "./report-page.json" : "../../dist/report-page.json"), "utf8"));
}

/** Starts a thread that classifies or reads: src/bin/detect-worker.ts. */
export function startDetectWorker(options: WorkerOptions): Worker {
  return new Worker(pathOf(BUILT ? "./detect-worker.js" : "../bin/detect-worker.ts"), options);
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
