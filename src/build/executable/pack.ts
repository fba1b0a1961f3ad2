import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripped } from "./strip.ts";

const HERE = import.meta.dirname;
/** A program, because its library changes how this process reports errors, and warns of sections that a Node may have. */
const POSTJECT = fileURLToPath(import.meta.resolve("postject/dist/cli.js"));
/** Node.js documentation, "Single executable applications", "Injecting the preparation blob into the node binary". */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
/** The loader compiles ES modules by itself. What a user's NODE_OPTIONS would add to a program that root runs is left out. */
const SWITCHES = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];

export type ExecutableParts = {
  /** The folder of the bundle, made for one file, with report-page.json in it. */
  readonly bundle: string;
  /** A Node that runs here, of the same version as `target`. */
  readonly node: string;
  /** The Node that becomes the executable. */
  readonly target: string;
  /** Whether both are for the same processor: V8's cached data is of use to no other. */
  readonly native: boolean;
  /** A folder for what is made on the way. */
  readonly work: string;
};

/** Makes the one-file executable `output`. Throws where a tool fails. */
export function makeExecutable(parts: ExecutableParts, output: string): void {
  const { bundle, node, target, native, work } = parts;
  mkdirSync(work, { recursive: true });
  const names = readdirSync(bundle)
    .filter((name) => name.endsWith(".js"))
    .sort();
  const sources = names.map((name) => readFileSync(join(bundle, name)));
  const cached = native ? cachedData(node, bundle, names) : null;
  writeFileSync(join(work, "code"), Buffer.concat(sources));
  if (cached !== null) writeFileSync(join(work, "cache"), cached.bytes);
  writeFileSync(join(work, "index.json"), JSON.stringify(indexOf(names, sources, cached?.lengths ?? null)));
  cpSync(join(HERE, "loader.cjs"), join(work, "loader.cjs"));
  cpSync(join(bundle, "report-page.json"), join(work, "report-page.json"));
  const assets = ["index.json", "code", "loader.cjs", "report-page.json", ...(cached === null ? [] : ["cache"])];
  const settings = {
    // Named from the work folder: the path of the first becomes part of the executable.
    main: "loader.cjs",
    output: "blob",
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    execArgv: SWITCHES,
    execArgvExtension: "none",
    assets: Object.fromEntries(assets.map((name) => [name, name])),
  };
  writeFileSync(join(work, "settings.json"), JSON.stringify(settings));
  run(node, ["--experimental-sea-config", "settings.json"], work);
  writeFileSync(output, stripped(readFileSync(target)), { mode: 0o755 });
  run(node, [POSTJECT, output, "NODE_SEA_BLOB", join(work, settings.output), "--sentinel-fuse", FUSE]);
}

type CachedData = { readonly bytes: Buffer; readonly lengths: readonly number[] };

function cachedData(node: string, folder: string, names: readonly string[]): CachedData {
  // V8 orders some of it by hashes and by what its threads do, which differ in each process.
  const { stdout, stderr } = run(node, [...SWITCHES, "--predictable", join(HERE, "cached-data.cjs"), folder, ...names]);
  return { bytes: stdout, lengths: JSON.parse(stderr.toString("utf8")) as number[] };
}

/** What the loader reads: where each part is, in bytes. */
function indexOf(names: readonly string[], sources: readonly Buffer[], cached: readonly number[] | null): object {
  const at = { code: 0, cache: 0 };
  const parts = names.map((name, index) => {
    const [length, cachedLength] = [sources[index]?.length ?? 0, cached?.[index] ?? 0];
    const place = [at.code, length, at.cache, cachedLength];
    at.code += length;
    at.cache += cachedLength;
    return [name, place] as const;
  });
  return { cached: cached !== null, parts: Object.fromEntries(parts) };
}

function run(
  program: string,
  args: readonly string[],
  cwd?: string,
): { readonly stdout: Buffer; readonly stderr: Buffer } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { maxBuffer: 1 << 30, ...(cwd && { cwd }) });
  if (error !== undefined || status !== 0)
    throw new Error(
      `${program} ${args[0] ?? ""}: ${error?.message ?? `${stdout.toString("utf8", 0, 2000)}${stderr.toString("utf8")}`}`,
    );
  return { stdout, stderr };
}
