import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DEEP } from "./deep.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/**
 * What starts programs or servers: services, the engine, the built `unsprawl`, writers that are killed in mid-write, and
 * the compiler for the examples of docs/contributing.
 */
const OUTSIDE = [
  "test/services/",
  "test/session/driver.ts",
  "test/support/world.ts",
  "test/conformance/provider.ts",
  "test/conformance/rotator.ts",
  "test/docs/worked-copy.ts",
  "dist/",
];

/**
 * The test files of both tiers. A file's imports alone decide: if they lead to one of the above, it is an engine test,
 * otherwise it is pure and part of `npm run test:quick`. What ends with `.deep.test.ts` is for `npm run test:deep` alone.
 */
export function tiers(): { readonly pure: readonly string[]; readonly engine: readonly string[] } {
  const leads = new Map(
    globSync("test/**/*.{ts,tsx}", { cwd: ROOT }).map((file) => [
      file,
      leadsTo(file, readFileSync(ROOT + file, "utf8")),
    ]),
  );
  const tests = [...leads.keys()]
    .filter((file) => /\.test\.tsx?$/.test(file) && (DEEP || !file.endsWith(".deep.test.ts")))
    .sort();
  const outside = (file: string): boolean =>
    [...closure(file, leads)].some((one) => OUTSIDE.some((start) => one.startsWith(start)));
  return { pure: tests.filter((file) => !outside(file)), engine: tests.filter(outside) };
}

/** The files that this text imports at run time or names by `new URL`, as paths from the root; imports of types do not count. */
export function leadsTo(file: string, text: string): readonly string[] {
  const specs = [
    ...text.matchAll(/^(?:import|export)\s+(?!type\s)(?:[\w$*{}\s,]+?\s+from\s+)?"(\.[^"]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"(\.[^"]+)"\s*\)/g),
    ...text.matchAll(/\bnew URL\("(\.[^"]+)", import\.meta\.url\)/g),
  ];
  return specs.map(([, spec = ""]) => join(dirname(file), spec));
}

function closure(file: string, leads: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set([file]);
  for (const one of found) for (const next of leads.get(one) ?? []) found.add(next);
  return found;
}
