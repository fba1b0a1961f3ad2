import { cmd } from "../kit/shell.ts";
import type { CliContext } from "./context.ts";

const RUN_COMMAND = /\bunsprawl (?:resume|rollback|scrub) \d{8}-\d{6}-[0-9a-f]{4}\b/g;

/**
 * A text in which each command for a run has the `--config` that this command was given: the store of the run may be
 * described nowhere else.
 */
export function withConfig(text: string, { configFile }: Pick<CliContext, "configFile">): string {
  if (configFile === null) return text;
  const flag = cmd` --config ${configFile}`;
  return text.replace(RUN_COMMAND, (command) => command + flag);
}
