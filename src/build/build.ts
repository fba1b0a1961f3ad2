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
/** Ink asks for it where it is installed, which it is not. */
const DEVTOOLS = "react-devtools-core";
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
    external: (id) => outside.some((name) => isOf(name, id)) || id === DEVTOOLS,
    // React brings a second copy of itself for developers, which is slower and larger.
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    preserveEntrySignatures: "allow-extension",
    // What one part loads on first use may be common to others, and then is there already.
    checks: { ineffectiveDynamicImport: false },
  };
  const light = (id: string): boolean => id.startsWith(join(ROOT, "src/")) && !loads(outside, id);
  // Node takes about a third of a millisecond for each file that it loads: what ten or more of the parts loaded on first
  // use need is one file, as far as it loads no large library.
  const common = { name: "common", test: light, minShareCount: 10, includeDependenciesRecursively: false };
  await build({
    ...options,
    output: { format: "esm", dir, strictExecutionOrder: true, codeSplitting: { groups: [common] } },
  });
}

/** True where this file of ours imports one of these packages as it is loaded. */
function loads(packages: readonly string[], file: string): boolean {
  const statements = readFileSync(file, "utf8").split(/^(?=import |export )/m);
  return statements.some((statement) => {
    const [, from = ""] = /^[^"]*\bfrom "([^"\n]+)"/.exec(statement) ?? [];
    return !statement.startsWith("import type ") && packages.some((name) => isOf(name, from));
  });
}

/** True for the name of a package, and of a file of it. */
function isOf(name: string, id: string): boolean {
  return id === name || id.startsWith(`${name}/`);
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
