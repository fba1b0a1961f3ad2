import { carrySwitches, rememberSwitches } from "./given-environment.ts";
import { ownWords } from "./program.ts";
import { quietEnvironment } from "./quiet-options.ts";

// Imported first: restarts the process without the debug switches that would print what it sends. Libraries read DEBUG
// only later, so deleting it is enough. A command that replaces unsprawl gets the original environment.
rememberSwitches(process.env);
delete process.env["DEBUG"];
const quiet = quietEnvironment(process.env);
if (quiet !== null) become(carrySwitches(quiet));

/** Replaces this process by the same program with another environment. */
function become(environment: NodeJS.ProcessEnv): void {
  const words = [process.argv0, ...ownWords(), ...process.argv.slice(2)];
  process.execve?.(process.execPath, words, environment);
  process.stderr.write("unsprawl: Node's debug switches print secrets\n  next: unset NODE_DEBUG NODE_DEBUG_NATIVE\n");
  process.exit(2);
}
