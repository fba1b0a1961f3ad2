import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { CommandContext } from "../context.ts";
import { delimiter, join } from "node:path";
import { accessSync, constants, statSync } from "node:fs";

/** `unsprawl run -- CMD…`: resolves references in the environment, then becomes CMD (execve: no parent stays). */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const { assembly } = context;
  const [command] = args;
  if (command === undefined) throw new UnsprawlError("usage", "no command", "unsprawl run -- CMD…");
  const environment = { ...assembly.env };
  const names = ["vault", "local"];
  const stores = [...(await assembly.storeNames()), ...names];
  for (const [name, reference] of Object.entries(environment)) {
    if (!reference?.startsWith("ref+")) continue;
    environment[name] = await resolve(context, stores, name, reference);
  }
  process.execve?.(executable(command, environment["PATH"] ?? ""), [...args], environment);
  return EXIT.failed;
}

async function resolve(
  context: CommandContext,
  stores: readonly string[],
  name: string,
  reference: string,
): Promise<string> {
  for (const store of stores) {
    let provider;
    try {
      provider = await context.assembly.store(store);
    } catch (error) {
      // A store that is not set up here cannot be the one; if none is, that is said below.
      if (error instanceof UnsprawlError && error.code === "config") continue;
      throw error;
    }
    const key = provider.parse(reference);
    if (key === null) continue;
    const stored = await provider.get(key);
    if (stored === null)
      throw new UnsprawlError("absent", `${name}: nothing is stored at ${reference}`, "unsprawl stores check");
    return stored.value.expose().toString("utf8");
  }
  throw new UnsprawlError(
    "config",
    `${name}: no store is configured for ${reference.slice(0, reference.indexOf(":"))}`,
    "add it to unsprawl.yaml, or set the store's environment",
  );
}

/** As execvp(3) finds it. */
function executable(command: string, path: string): string {
  const choices = command.includes("/") ? [command] : path.split(delimiter).map((dir) => join(dir, command));
  for (const file of choices) {
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  throw new UnsprawlError("absent", `no command ${JSON.stringify(command)}`, "check PATH");
}
