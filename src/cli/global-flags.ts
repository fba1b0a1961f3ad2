import { COMMANDS } from "./specs/index.ts";
import { COMMON_OPTIONS } from "./specs/shared.ts";
import { nameOf } from "./specs/spec.ts";

/**
 * The arguments with the flags of all commands behind the command, also where they stand before it: `unsprawl --config
 * ci.yaml scan`, as docker and git take them. Others stay where they are, so that an unknown flag is named in its place.
 */
export function commandFirst(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? "";
    const takesValue = FLAGS.get(word.split("=", 1)[0] ?? "");
    if (takesValue === undefined) break;
    at += takesValue && !word.includes("=") ? 2 : 1;
  }
  const [command = "", ...rest] = argv.slice(at);
  return at > 0 && NAMES.has(command) ? [command, ...argv.slice(0, at), ...rest] : argv;
}

/** Whether each takes a value. */
const FLAGS: ReadonlyMap<string, boolean> = new Map(
  COMMON_OPTIONS.flatMap(([flags]) =>
    flags.split(", ").map((one): [string, boolean] => [one.split(" ")[0] ?? "", flags.includes("<")]),
  ),
);

const NAMES: ReadonlySet<string> = new Set(COMMANDS.map(nameOf));
