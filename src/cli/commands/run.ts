import { mustBeTrusted } from "../../core/untrusted.ts";
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
  const named = Object.entries(environment).filter(([, value]) => value?.startsWith("ref+"));
  const values = await assembly.resolve(named.map(([, reference]) => reference ?? ""));
  for (const [name, reference = ""] of named) {
    const value = values.get(reference) ?? null;
    if (value === null) {
      mustBeTrusted((await assembly.config()).untrusted, "stores");
      throw new UnsprawlError(
        "config",
        `${name}: no store is configured for ${reference.slice(0, reference.indexOf(":"))}`,
        "add it to unsprawl.yaml, or set the store's environment",
      );
    }
    environment[name] = value.exposeText();
  }
  process.execve?.(executable(command, environment["PATH"] ?? ""), [...args], environment);
  return EXIT.failed;
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
