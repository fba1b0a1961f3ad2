import { carryGiven, noteGiven } from "./given-environment.ts";
import { quietEnvironment } from "./quiet-options.ts";

// The first thing that a program loads: a process that would print what it sends becomes one that does not. Libraries
// read DEBUG only later. A command that it becomes gets its environment as it was given.
noteGiven(process.env);
delete process.env["DEBUG"];
const quiet = quietEnvironment(process.env);
if (quiet !== null) become(carryGiven(quiet));

/** The same program again, in this process, with another environment. */
function become(environment: NodeJS.ProcessEnv): void {
  const words = [process.argv0, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, words, environment);
  process.stderr.write("unsprawl: Node's debug switches print secrets\n  next: unset NODE_DEBUG NODE_DEBUG_NATIVE\n");
  process.exit(2);
}
