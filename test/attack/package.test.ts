import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// What npm installs is one package whose bytes are all its own: nothing is fetched at installation, and nothing is loaded
// from a folder beside it.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: { readonly [name: string]: string };
  readonly bin: { readonly [name: string]: string };
  readonly man: readonly string[];
  readonly [dependencies: string]: unknown;
};

it("the package needs no other package, and runs nothing when it is installed", () => {
  for (const kind of ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"])
    expect(own[kind], kind).toBeUndefined();
  const atInstallation = /^(?:pre|post)?(?:install|prepare|uninstall)$/;
  expect(Object.keys(own.scripts).filter((name) => atInstallation.test(name))).toEqual([]);
});

it("the package holds what was built and what says so, and no more", () => {
  const words = ["pack", "--dry-run", "--ignore-scripts", "--json"];
  const [packed] = JSON.parse(execFileSync("npm", words, { cwd: ROOT, encoding: "utf8" })) as [
    { readonly files: { readonly path: string }[] },
  ];
  const paths = packed.files.map(({ path }) => path);
  const parts = paths.filter((path) => path.startsWith("dist/"));
  expect(paths.filter((path) => !parts.includes(path)).sort()).toEqual(["LICENSE", "README.md", "package.json"]);
  expect(parts.filter((path) => !/^dist\/[\w.-]+\.js$/.test(path)).sort()).toEqual([
    "dist/THIRD-PARTY-LICENSES",
    "dist/report-page.json",
    ...[...own.man, "dist/unsprawl.schema.json"].toSorted(),
  ]);
  expect(parts).not.toContain("dist/demo.js");
  for (const file of [...Object.values(own.bin), ...own.man]) expect(parts).toContain(file);
});

it("no part loads anything but other parts and Node's own modules", () => {
  const files = readdirSync(DIST).filter((name) => name.endsWith(".js"));
  expect(files.length).toBeGreaterThan(100);
  const specs = files.flatMap((file) =>
    [
      ...readFileSync(join(DIST, file), "utf8").matchAll(
        /^(?:import|export) (?:[^"'\n]* from )?"([^"\n]+)"|\bimport\("([^"\n]+)"\)|\b__require\("([^"\n]+)"\)/gm,
      ),
    ].map(([, ...found]) => found.find((one) => one !== undefined) ?? ""),
  );
  expect(specs.length).toBeGreaterThan(500);
  const foreign = specs.filter(
    (spec) => !spec.startsWith("./") && !spec.startsWith("node:") && !builtinModules.includes(spec),
  );
  expect(foreign).toEqual([]);
});

it("the licenses of all that is in it come with it", () => {
  const text = readFileSync(join(DIST, "THIRD-PARTY-LICENSES"), "utf8");
  for (const name of ["dockerode", "ink", "node-vault", "@aws-sdk/client-kms", "@azure/keyvault-secrets", "yaml"])
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
});
