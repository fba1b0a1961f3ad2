import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { bundle } from "./bundle.ts";
import { bundledPackages, licensesText } from "./contents.ts";

// `npm run build`: dist/ from the sources, with the JSON Schema of the configuration and the manual page.

const ROOT = join(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");
const PROGRAMS = {
  main: "src/bin/main.ts",
  "resolve-main": "src/bin/resolver.ts",
  "detect-worker": "src/bin/detect-worker.ts",
  "volume-plugin": "src/bin/volume-plugin.ts",
  demo: "src/demo/demo.ts",
};
const WRITERS = { schema: "src/build/schema.ts", man: "src/build/man.ts" };

for (const name of existsSync(DIST) ? readdirSync(DIST) : [])
  if (name !== "release") rmSync(join(DIST, name), { recursive: true, force: true });
const files = await bundle(PROGRAMS, DIST);
writeFileSync(join(DIST, "THIRD-PARTY-LICENSES"), licensesText(bundledPackages(files), null));
await writeReportPage();
chmodSync(join(DIST, "main.js"), 0o755);
await writeDocuments();

/** The script and the style of the report page, built for browsers: `reportPage` reads them. */
async function writeReportPage(): Promise<void> {
  const page = join(ROOT, "src/cli/views/html/page");
  const { output } = await build({
    ...{ input: join(page, "main.ts"), platform: "browser", logLevel: "warn", write: false },
    output: { format: "iife", minify: true },
  });
  const style = readFileSync(join(page, "style.css"), "utf8").replace(/\n\s*/g, " ");
  writeFileSync(join(DIST, "report-page.json"), JSON.stringify({ script: output[0].code.trim(), style: style.trim() }));
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
    run("man", ".");
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
