/**
 * The libraries that load in no time: all but valibot are needed at every start. All others are loaded on first use,
 * which the architecture test holds. This is the only list of them.
 */
const SMALL = ["@scure/bip39", "commander", "p-limit", "p-map", "picomatch", "string-width", "valibot"];

/** True for a library, or a file of one, that is loaded on first use; false for Node's modules and for files of ours. */
export function loadsOnFirstUse(imported: string): boolean {
  if (/^(?:node:|[./])/.test(imported)) return false;
  return !SMALL.some((name) => imported === name || imported.startsWith(`${name}/`));
}
