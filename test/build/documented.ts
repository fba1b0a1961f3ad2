import { readFileSync } from "node:fs";
import { VERSION } from "../../src/model/version.ts";

const PAGES = ["README.md", "docs/install.md"].map((page) =>
  readFileSync(new URL(`../../${page}`, import.meta.url), "utf8"),
);

/**
 * A command of the pages on installation, as it stands there, to be run. Throws if it no longer does.
 * test/docs/install.test.ts looks for the commands that nothing runs.
 */
export function documented(command: string): string {
  if (!PAGES.some((page) => page.includes(command))) throw new Error(`README.md and docs/install.md lack: ${command}`);
  return command.replaceAll("0.1.0", VERSION);
}
