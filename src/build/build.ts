import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type InputOptions } from "rolldown";
import { loadedOnFirstUse } from "./bundled.ts";

// `npm run build`: dist/ from the sources, with the JSON Schema of the configuration and the manual page.

const ROOT = join(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");
const PROGRAMS = {
  main: "src/bin/main.ts",
  "resolve-main": "src/bin/resolver.ts",
  "detect-worker": "src/bin/detect-worker.ts",
  demo: "src/demo/demo.ts",
};
const WRITERS = { schema: "src/build/schema.ts", man: "src/build/man.ts" };

rmSync(DIST, { recursive: true, force: true });
await bundle(PROGRAMS, DIST);
await build({
  input: join(ROOT, "src/cli/views/html/page/main.ts"),
  platform: "browser",
  logLevel: "warn",
  output: { format: "iife", minify: true, file: join(DIST, "report-page.js") },
});
chmodSync(join(DIST, "main.js"), 0o755);
await writeDocuments();

async function bundle(input: { readonly [name: string]: string }, dir: string): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: { readonly [name: string]: string };
  };
  const outside = loadedOnFirstUse(dependencies);
  const options: InputOptions = {
    input: { ...input },
    cwd: ROOT,
    platform: "node",
    logLevel: "warn",
    external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  };
  await build({ ...options, output: { format: "esm", dir } });
}

/** The writers are no part of the product: they are bundled beside it, run, and removed. */
async function writeDocuments(): Promise<void> {
  const cache = join(ROOT, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, "build-"));
  try {
    await bundle(WRITERS, dir);
    const run = (name: string, to: string): unknown =>
      execFileSync(process.execPath, [join(dir, `${name}.js`), join(DIST, to)]);
    run("schema", "unsprawl.schema.json");
    run("man", "unsprawl.1");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
