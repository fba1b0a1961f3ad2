import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configPage } from "./man-config.ts";
import { commandPages } from "./man-pages.ts";

// Written at build time, into the folder that is given.
const folder = process.argv[2] ?? ".";
for (const [name, text] of [...commandPages(), ["unsprawl.yaml.5", await configPage()] as const])
  writeFileSync(join(folder, name), text);
