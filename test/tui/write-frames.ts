import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FRAMES, goldenFrames } from "./golden.ts";

// `npm run frames`: writes what the screens show now, to be looked at before it is committed.
const dir = join(import.meta.dirname, "../..", FRAMES);
rmSync(dir, { recursive: true, force: true });
mkdirSync(dir, { recursive: true });
for (const [name, text] of goldenFrames()) writeFileSync(join(dir, name), text);
