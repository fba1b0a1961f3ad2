import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

/** The runs that have a journal, without asking the program. */
export function runIds(world: World): string[] {
  const dir = join(world.dir, "state/unsprawl/runs");
  const files = existsSync(dir) ? readdirSync(dir) : [];
  return files.filter((file) => file.endsWith(".jsonl")).map((file) => file.replace(/\.jsonl$/, ""));
}
