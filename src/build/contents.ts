import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A package whose code is in the bundle. */
export type BundledPackage = {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The text of its license, as it ships it; "" where it ships none. */
  readonly text: string;
};

/** The Node that is part of an executable, and its licenses. */
export type BundledNode = { readonly version: string; readonly text: string };

/** The packages that these files are of, by name and version, each once. */
export function bundledPackages(files: readonly string[]): readonly BundledPackage[] {
  const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []));
  const packages = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      readonly [key in "name" | "version" | "license"]?: string;
    };
    const [file] = readdirSync(folder)
      .filter((one) => /^(?:licen[cs]e|copying)/i.test(one))
      .sort();
    const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
    return { name: name ?? "", version: version ?? "", license: license ?? "", text };
  });
  const byName = new Map(packages.map((one) => [`${one.name}@${one.version}`, one]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** The folder of the package that a file belongs to; null for a file of ours, or one that a plug-in of the build made. */
function packageFolder(file: string): string | null {
  if (!file.includes("/node_modules/") || file.includes("\0")) return null;
  for (let at = dirname(file); !at.endsWith("/node_modules"); at = dirname(at)) {
    const manifest = join(at, "package.json");
    // A folder of a package may have a manifest that says no more than how its files are read.
    if (existsSync(manifest) && /"version"\s*:/.test(readFileSync(manifest, "utf8"))) return at;
  }
  throw new Error(`${file} is in no package`);
}

/** All licenses in one text, as the licenses ask for: each text once, with the packages that it is for. */
export function licensesText(packages: readonly BundledPackage[], node: BundledNode | null): string {
  const byText = new Map<string, string[]>();
  for (const { name, version, license, text } of packages) {
    const same = text === "" ? `License: ${license}` : text;
    byText.set(same, [...(byText.get(same) ?? []), `${name} ${version} (${license})`]);
  }
  if (node !== null) byText.set(node.text.trim(), [`Node.js ${node.version}`]);
  const parts = [...byText].map(([text, names]) => `${names.join("\n")}\n\n${text}`);
  return `unsprawl contains the following.\n\n${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** The packages as a bill of materials. Source: CycloneDX 1.6, JSON; package URLs: purl-spec, type npm. */
export function bom(
  version: string,
  packages: readonly BundledPackage[],
  { version: nodeVersion }: BundledNode,
): string {
  const components = packages.map(({ name, version: of, license }) => ({
    type: "library",
    "bom-ref": purl(name, of),
    name,
    version: of,
    licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }],
    purl: purl(name, of),
  }));
  const node = { type: "platform", "bom-ref": `node@${nodeVersion}`, name: "node", version: nodeVersion };
  const main = { type: "application", "bom-ref": `unsprawl@${version}`, name: "unsprawl", version };
  const body = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: main },
    components: [...components, node],
  };
  const digest = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  // A version 8 UUID (RFC 9562, section 5.8): the same contents have the same number.
  const parts = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`, `a${digest.slice(17, 20)}`];
  const { bomFormat, specVersion, ...rest } = body;
  const serialNumber = `urn:uuid:${parts.join("-")}-${digest.slice(20, 32)}`;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber, ...rest }, null, 2)}\n`;
}

const purl = (name: string, version: string): string => `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
