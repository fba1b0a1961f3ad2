import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assemble, type Assembly } from "../../src/assembly/index.ts";
import { planWith } from "../../src/cli/plan-options.ts";
import { Progress } from "../../src/cli/progress.ts";
import type { ParsedFlags } from "../../src/cli/context.ts";
import { listRuns, type RunSummary } from "../../src/core/journal/runs.ts";
import { jsonText } from "../../src/kit/text/escape.ts";
import type { World } from "./world.ts";

// What prepares or verifies a step of a test, without a process for each: the code is the same as the command line's.

/** Plans as `unsprawl plan SOURCES -o FILE` does, and returns the id of the plan's run. */
export async function savePlan(
  world: World,
  file: string,
  sources: readonly string[],
  options: ParsedFlags,
): Promise<string> {
  const assembly = assemblyOf(world);
  const progress = new Progress(process.stderr, { quiet: true, verbose: false }, assembly.redactor);
  const context = {
    assembly,
    progress,
    json: true,
    quiet: true,
    verbose: false,
    configFile: null,
    signal: new AbortController().signal,
  };
  const { plan } = await planWith(context, sources, options);
  if (plan.steps.length === 0) throw new Error(`nothing to move in ${sources.join(" ")}: ${jsonText(plan.notMoved)}`);
  writeFileSync(join(world.dir, file), jsonText(plan));
  return plan.id;
}

/** All runs of a world, as `unsprawl runs` lists them. */
export function runsOf(world: World): readonly RunSummary[] {
  return listRuns(assemblyOf(world).installation());
}

/** How far a run got; null when its process was killed before its first record was whole: then it did nothing. */
export function stateOf(world: World, run: string): RunSummary["state"] | null {
  const found = runsOf(world).find((one) => one.run === run);
  return found === undefined || found.units.length === 0 ? null : found.state;
}

/** The values that references stand for, as `unsprawl run` resolves them. */
export async function resolved(
  world: World,
  references: { readonly [name: string]: string },
): Promise<{ readonly [name: string]: string | undefined }> {
  const values = await assemblyOf(world).resolve(Object.values(references));
  const entries = Object.entries(references).map(([name, text]) => [name, values.get(text)?.exposeText()] as const);
  return Object.fromEntries(entries);
}

export function assemblyOf(world: World): Assembly {
  return assemble(world.env, world.dir, null);
}
