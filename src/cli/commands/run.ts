import { withOriginalSwitches } from "../../kit/given-environment.ts";
import { mustBeTrusted } from "../../core/config/untrusted.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { listFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { expressionsIn, type ExpressionPiece } from "../../core/expressions.ts";
import { printable } from "../../kit/text/escape.ts";
import { delimiter, join } from "node:path";
import { isExecutable } from "../../kit/io/executable.ts";

/**
 * `unsprawl run -- CMD…`: resolves references in the environment, then becomes CMD (execve: no parent stays). With
 * `--only` just these variables: anyone who can set others, through an environment file, gets no secret of the
 * operator's.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const [command] = args;
  if (command === undefined) throw new UnsprawlError("usage", "no command", "unsprawl run -- CMD…");
  const environment = withOriginalSwitches(assembly.env);
  const named = wanted(environment, listFlag(options, "only"), options["keep"] === true);
  const values = await assembly.resolve(
    named.flatMap(([, pieces]) => pieces.flatMap(({ reference }) => reference ?? [])),
  );
  for (const [name, pieces] of named) {
    const missing = pieces.find(({ reference }) => reference !== null && (values.get(reference) ?? null) === null);
    if (missing !== undefined) {
      mustBeTrusted((await assembly.config()).untrusted, "stores");
      throw noStore(name, missing.text);
    }
    const filled = pieces.map(({ text, reference }) => values.get(reference ?? "")?.exposeText() ?? text);
    environment[name] = filled.join("");
  }
  process.execve?.(executable(command, environment["PATH"] ?? ""), [...args], environment);
  return EXIT.failed;
}

/** The variables to resolve, with their references. Throws `refused` for a reference that is not in `only`. */
function wanted(
  environment: NodeJS.ProcessEnv,
  only: readonly string[],
  keep: boolean,
): readonly (readonly [name: string, pieces: readonly ExpressionPiece[]])[] {
  const all = Object.entries(environment)
    .map(([name, value = ""]) => [name, expressionsIn(value)] as const)
    .filter(([, pieces]) => pieces.some(({ reference }) => reference !== null));
  const names = new Set(only.flatMap((one) => one.split(",")).filter(Boolean));
  if (only.length === 0) {
    if (!keep) return all;
    throw new UnsprawlError("usage", "--keep goes with --only", "unsprawl run --only NAME --keep -- CMD…");
  }
  const other = all.find(([name]) => !names.has(name));
  if (other === undefined || keep) return all.filter(([name]) => names.has(name));
  throw new UnsprawlError(
    "refused",
    `${printable(other[0])} holds a reference, but --only does not name it`,
    "name it too, or pass it on unchanged with --keep",
  );
}

/** A reference that no store here takes. */
function noStore(name: string, text: string): UnsprawlError {
  return new UnsprawlError(
    "config",
    `${name}: no store is configured for ${printable(text.slice(text.indexOf("ref+"), text.indexOf(":")))}`,
    "add it to unsprawl.yaml, or set the store's environment; --only NAME --keep passes on what other tools resolve",
  );
}

/** As execvp(3) finds it. */
function executable(command: string, path: string): string {
  const choices = command.includes("/") ? [command] : path.split(delimiter).map((dir) => join(dir, command));
  const found = choices.find(isExecutable);
  if (found !== undefined) return found;
  throw new UnsprawlError("absent", `no command ${JSON.stringify(command)}`, "check PATH");
}
