/**
 * Libraries that Ink calls for every character of every frame, and what it is given instead in the built program: the
 * same results, found faster for the text that our screens consist of. The stand-ins themselves import the libraries.
 */
import { join } from "node:path";

const FASTER: { readonly [library: string]: string } = {
  "string-width": "string-width.ts",
  "@alcalzone/ansi-tokenize": "ansi-tokenize.ts",
};

/** The file to load for this import by a library; null for any other import. */
export function standInFor(imported: string, importer: string | undefined): string | null {
  const file = FASTER[imported];
  return file === undefined || importer?.includes("/node_modules/") !== true ? null : join(import.meta.dirname, file);
}
