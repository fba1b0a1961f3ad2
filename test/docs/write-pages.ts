import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedRegions, withRegions } from "./generated.ts";

// `npm run docs`: writes what the pages take from the code.
const root = join(import.meta.dirname, "../..");
const regions = await generatedRegions();
for (const page of ["README.md", ...globSync("docs/**/*.md", { cwd: root })]) {
  const text = readFileSync(join(root, page), "utf8");
  const filled = withRegions(text, regions);
  if (filled !== text) writeFileSync(join(root, page), filled);
}
