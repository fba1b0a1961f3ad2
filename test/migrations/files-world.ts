import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Finding } from "../../src/model/finding.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Ran, World } from "../support/world.ts";

/** A new password each time, of letters and digits alone, and some of either: letters alone could be a word. */
export function password(): string {
  return randomBytes(15).toString("base64url").replace(/[-_]/g, "x").replace(/..$/, "k7");
}

/** Every file below a folder that holds one of these texts. */
export function holders(dir: string, texts: readonly string[]): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())
    .filter((file) => {
      const held = readFileSync(file, "utf8");
      return texts.some((text) => held.includes(text));
    });
}

export function printed({ stdout, stderr }: Ran): string {
  return stdout + stderr;
}

/** A source, or several that are planned and moved as one. */
type Sources = string | readonly string[];

/** The plan of these sources, as JSON. */
export async function planOf(world: World, sources: Sources, more: readonly string[] = []): Promise<Plan> {
  const of = [sources].flat();
  const ran = await world.unsprawl(["plan", ...of, "--to", "local", "--json", "--fail-on", "never", ...more]);
  expect(ran.stderr.includes("error"), ran.stderr).toBe(false);
  return JSON.parse(ran.stdout) as Plan;
}

export async function findingsOf(world: World, source: string): Promise<readonly Finding[]> {
  const ran = await world.unsprawl(["scan", source, "--json", "--fail-on", "never"]);
  return (JSON.parse(ran.stdout) as { findings: Finding[] }).findings;
}

/** Moves what these sources hold; everything that was printed, and the run's id. */
export async function migrate(
  world: World,
  sources: Sources,
  more: readonly string[] = [],
): Promise<{ readonly ran: Ran; readonly run: string }> {
  const of = [sources].flat();
  const ran = await world.unsprawl(["migrate", ...of, "--to", "local", "--yes", "--fail-on", "never", ...more]);
  return { ran, run: /Plan (\d{8}-\d{6}-[0-9a-f]{4})/.exec(printed(ran))?.[1] ?? "" };
}

/** The references by their variables' names; of what lies below `path` alone, where a plan has several sources. */
export function references(plan: Plan, path = ""): { readonly [name: string]: string } {
  return Object.fromEntries(
    plan.steps.flatMap((step) =>
      step.kind === "put" && step.move.location.subjectId.startsWith(path)
        ? [[step.move.name, step.move.reference]]
        : [],
    ),
  );
}

/**
 * The environments that commands started by `unsprawl run` have, one for each of the given: all are handed to one
 * command, with names that keep them apart.
 */
export async function ranWithEach(
  world: World,
  environments: readonly { readonly [name: string]: string }[],
): Promise<readonly { readonly [name: string]: string }[]> {
  const apart = environments.flatMap((variables, at) =>
    Object.entries(variables).map(([name, value]) => [`AT_${at}_${name}`, value]),
  );
  const got = Object.entries(await ranWith(world, Object.fromEntries(apart)));
  return environments.map((_, at) => {
    const prefix = `AT_${at}_`;
    const own = got.filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
  });
}

/** The environment that a command started by `unsprawl run` has. */
export async function ranWith(
  world: World,
  variables: { readonly [name: string]: string },
): Promise<{ readonly [name: string]: string }> {
  const print = "process.stdout.write(JSON.stringify(process.env))";
  const ran = await world.unsprawl(["run", "--", process.execPath, "-e", print], { env: variables, mayShow: true });
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as { [name: string]: string };
}
