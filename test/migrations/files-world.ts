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

/** The plan of a source, as JSON. */
export async function planOf(world: World, source: string, more: readonly string[] = []): Promise<Plan> {
  const ran = await world.unsprawl(["plan", source, "--to", "local", "--json", "--fail-on", "never", ...more]);
  expect(ran.stderr.includes("error"), ran.stderr).toBe(false);
  return JSON.parse(ran.stdout) as Plan;
}

export async function findingsOf(world: World, source: string): Promise<readonly Finding[]> {
  const ran = await world.unsprawl(["scan", source, "--json", "--fail-on", "never"]);
  return (JSON.parse(ran.stdout) as { findings: Finding[] }).findings;
}

/** Moves what a source holds; everything that was printed, and the run's id. */
export async function migrate(
  world: World,
  source: string,
  more: readonly string[] = [],
): Promise<{ readonly ran: Ran; readonly run: string }> {
  const ran = await world.unsprawl(["migrate", source, "--to", "local", "--yes", "--fail-on", "never", ...more]);
  return { ran, run: /Plan (\d{8}-\d{6}-[0-9a-f]{4})/.exec(printed(ran))?.[1] ?? "" };
}

export function references(plan: Plan): { readonly [name: string]: string } {
  return Object.fromEntries(
    plan.steps.flatMap((step) => (step.kind === "put" ? [[step.move.name, step.move.reference]] : [])),
  );
}

/** The environment that a command started by `unsprawl run` has. */
export async function ranWith(
  world: World,
  variables: { readonly [name: string]: string },
): Promise<{ readonly [name: string]: string }> {
  const print = "process.stdout.write(JSON.stringify(process.env))";
  const ran = await world.unsprawl(["run", "--", process.execPath, "-e", print], { env: variables });
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout) as { [name: string]: string };
}
