import { join } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import { atomicWrite } from "../../kit/io/atomic.ts";
import { makeFolders } from "../../kit/io/folders.ts";
import { foreignFile, foreignProgram } from "../../kit/io/roots-alone.ts";
import { resolverWords } from "../../kit/program.ts";
import { UnsprawlError } from "../../model/error.ts";
import { issueCredentials } from "../readers.ts";
import { memoryRoot } from "../tmpfs.ts";
import { runtimeProgram } from "./program.ts";
import { readSettings, type RuntimeSettings } from "./settings.ts";

const WAIT_MS = 15_000;

/** A runtime's program: where it lies, and its text. */
export type ProgramFile = { readonly program: string; readonly programText: string };

/** The program for the configuration of an engine, or of containerd. */
export function programFile(home: string, realRuntime: string, env: NodeJS.ProcessEnv): ProgramFile {
  const [node, resolver] = resolverWords();
  const programText = runtimeProgram({ node, resolver, home, realRuntime, memory: memoryRoot(env) });
  return { program: join(home, "unsprawl-runc"), programText };
}

/**
 * Writes a runtime's program, its settings and a credential for each store that can only read, beside those that are there,
 * and returns the names of all its stores. `again` is the command for messages. Throws `refused` if others than root could
 * change the program, `usage` without any store.
 */
export async function writeRuntime(
  home: string,
  { program, programText }: ProgramFile,
  providers: readonly Provider[],
  env: NodeJS.ProcessEnv,
  settings: Pick<RuntimeSettings, "realRuntime" | "engineRoot" | "pods">,
  again: string,
): Promise<readonly string[]> {
  const before = readSettings(home);
  if (providers.length === 0 && (before?.stores ?? []).length === 0)
    throw new UnsprawlError("usage", "the runtime needs a store to read from", again);
  mustBeRoots(foreignProgram(...resolverWords()));
  makeFolders(home, 0o700);
  mustBeRoots(foreignFile([home]));
  const stores = new Map((before?.stores ?? []).map((store) => [store.name, store]));
  for (const provider of providers) stores.set(provider.target.name, await issueCredentials(provider, home));
  const all: RuntimeSettings = {
    version: 1,
    ...settings,
    memory: memoryRoot(env),
    stores: [...stores.values()],
    waitMs: before?.waitMs ?? WAIT_MS,
  };
  await atomicWrite(join(home, "runtime.json"), Buffer.from(`${JSON.stringify(all, null, 2)}\n`), { mode: 0o600 });
  await atomicWrite(program, Buffer.from(programText), { mode: 0o755 });
  return [...stores.keys()];
}

/** Root runs the program at each container start, so anyone who can modify it is root. */
function mustBeRoots(fault: string | null): void {
  if (fault === null) return;
  throw new UnsprawlError(
    "refused",
    `${fault}: root would run a program that others can change, at each start of a container`,
    "install unsprawl where only root can write (sudo npm install --global), then run its `runtime install`",
  );
}
