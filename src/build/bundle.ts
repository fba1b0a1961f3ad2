import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type InputOptions, type Plugin } from "rolldown";
import { loadsOnFirstUse } from "./bundled.ts";
import { standInFor } from "./stand-ins/index.ts";

const ROOT = join(import.meta.dirname, "../..");

/**
 * What libraries try to load and do without: parts in machine code, colours, developer tools. Left as they are, they would
 * be looked for in folders above the installed program, which is no place to run code from.
 */
const OPTIONAL = /\.node$|^(?:cpu-features|pg-native|supports-color|cardinal|react-devtools-core)$/;
/** What dockerode loads for builds with BuildKit, which nobody here starts: a third of its time to load. */
const UNUSED = /^(?:@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;
const STAND_INS = {
  "\0absent.cjs": 'throw Object.assign(new Error("not part of unsprawl"), { code: "MODULE_NOT_FOUND" });',
  "\0unused.cjs": "module.exports = {};",
};
const withoutOptionalParts: Plugin = {
  name: "without-optional-parts",
  resolveId: (id) => (OPTIONAL.test(id) ? "\0absent.cjs" : UNUSED.test(id) ? "\0unused.cjs" : null),
  load: (id) => (id in STAND_INS ? STAND_INS[id as keyof typeof STAND_INS] : null),
};

const withStandIns: Plugin = { name: "with-stand-ins", resolveId: standInFor };

/**
 * One folder with everything in it: what is installed is this alone, without a library that a registry serves that day.
 * Returns the files that went into it.
 */
export async function bundle(
  input: { readonly [name: string]: string },
  dir: string,
  more: readonly Plugin[] = [],
): Promise<readonly string[]> {
  const options: InputOptions = {
    input: { ...input },
    cwd: ROOT,
    platform: "node",
    logLevel: "warn",
    // A library in UMD asks a `require` that it is given, for files that are not there.
    resolve: { mainFields: ["module", "main"] },
    transform: {
      define: {
        // React brings a second copy of itself for developers, which is slower and larger.
        "process.env.NODE_ENV": '"production"',
        // A library in CommonJS asks where it is; of the files beside it none is needed.
        __dirname: "import.meta.dirname",
      },
    },
    plugins: [withoutOptionalParts, withStandIns, ...more],
    // Where each part is from: with a link for node_modules, the builder's own folders.
    experimental: { attachDebugInfo: "none" },
    preserveEntrySignatures: "allow-extension",
    // What one part loads on first use may be common to others, and then is there already.
    checks: { ineffectiveDynamicImport: false },
  };
  const light = (id: string): boolean => id.startsWith(join(ROOT, "src/")) && !loadsLibrary(id);
  // Node takes about a third of a millisecond for each file that it loads: what ten or more of the parts loaded on first
  // use need is one file, as far as it loads no large library.
  const common = { name: "common", test: light, minShareCount: 10, includeDependenciesRecursively: false };
  const { output } = await build({
    ...options,
    output: { format: "esm", dir, strictExecutionOrder: true, codeSplitting: { groups: [common] } },
  });
  return output.flatMap((one) => (one.type === "chunk" ? one.moduleIds : []));
}

/** The bundle of the one-file executable, with the page of HTML reports that `npm run build` has made. Returns its files. */
export async function bundleForOneFile(dir: string): Promise<readonly string[]> {
  const input = {
    main: "src/bin/main.ts",
    "resolve-main": "src/bin/resolver.ts",
    "detect-worker": "src/bin/detect-worker.ts",
    "volume-plugin": "src/bin/volume-plugin.ts",
  };
  const files = await bundle(input, dir, [programOfExecutable]);
  cpSync(join(ROOT, "dist/report-page.json"), join(dir, "report-page.json"));
  return files;
}

/** In the one-file executable the parts are in it, and it starts itself. */
const programOfExecutable: Plugin = {
  name: "program-of-executable",
  load: (id) => (id === join(ROOT, "src/kit/program.ts") ? 'export * from "../build/executable/program.ts";' : null),
};

/** True where this file of ours imports, as it is loaded, a library that is loaded on first use. */
function loadsLibrary(file: string): boolean {
  const statements = readFileSync(file, "utf8").split(/^(?=import |export )/m);
  return statements.some((statement) => {
    const [, from = "."] = /^[^"]*\bfrom "([^"\n]+)"/.exec(statement) ?? [];
    return !statement.startsWith("import type ") && loadsOnFirstUse(from);
  });
}
