/**
 * The libraries that go into dist/: those that are small and needed at every start, and those that draw the terminal UI,
 * which are hundreds of files. All others stay outside and are loaded on first use, which the architecture test holds.
 * This is the only list of them.
 * valibot is bundled too, as a development dependency: its optional peer would bring TypeScript into the shrinkwrap.
 */
const BUNDLED = ["@scure/bip39", "commander", "ink", "p-limit", "p-map", "picomatch", "react", "string-width"];

/** The names of the dependencies that are loaded on first use. `dependencies` is package.json's. */
export function loadedOnFirstUse(dependencies: { readonly [name: string]: string }): readonly string[] {
  return Object.keys(dependencies).filter((name) => !BUNDLED.includes(name));
}
