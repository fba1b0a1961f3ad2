import { expect } from "vitest";
import type { Watch } from "./canary.ts";
import { watched, type WatchedRan, type WatchOptions } from "./watched.ts";
import type { World } from "./world.ts";

/**
 * Runs unsprawl, and looks at all that it showed to anyone: its output, the processes that it starts, every write outside memory and
 * `own`, a folder whose files had the values before, and every file of the world afterwards; if `sampled`, the processes
 * of the engine too.
 */
export async function quiet(
  world: World,
  watch: Watch,
  args: readonly string[],
  options: WatchOptions = {},
  own: string = world.memory,
): Promise<WatchedRan> {
  const ran = await watched(world, args, options);
  const what = args.join(" ");
  expect.soft(watch.find(ran.stdout), `stdout of ${what}`).toEqual([]);
  expect.soft(watch.find(ran.stderr), `stderr of ${what}`).toEqual([]);
  const shown = ran.shown.filter(({ where }) => ![world.memory, own].some((dir) => where.startsWith(`write ${dir}/`)));
  const found = shown.flatMap((one) => watch.find(one.text).map((hit) => `${one.where}: ${hit}`));
  expect.soft(found, `processes and writes of ${what}`).toEqual([]);
  // The journal, plans, reports, the configuration, the working directory, its temporary files, and the encrypted store.
  expect.soft(watch.findInFiles(world.dir), `files after ${what}`).toEqual([]);
  return ran;
}
