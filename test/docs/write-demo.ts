import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { demoPicture } from "./demo-picture.ts";

// `npm run docs:demo`: the README's picture, from the demo on this machine.
writeFileSync(join(import.meta.dirname, "../../docs/demo.svg"), demoPicture(process.env));
