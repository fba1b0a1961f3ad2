import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { headOf } from "../kit/text/cut.ts";
import { UnsprawlError } from "../model/error.ts";

export type GitEnv = { readonly [name: string]: string };

export type Git = { readonly folder: string; readonly env: GitEnv; readonly signal: AbortSignal };

/**
 * The part of this process's environment that git gets: enough to find its configuration (which says whose repositories
 * are trusted), and nothing about stores or secrets. Git asks nothing, fetches nothing, and takes no lock that it can
 * do without.
 */
export function gitEnv({ PATH, HOME, XDG_CONFIG_HOME }: NodeJS.ProcessEnv): GitEnv {
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    ...(XDG_CONFIG_HOME === undefined ? {} : { XDG_CONFIG_HOME }),
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_PAGER: "cat",
  };
}

/** A repository's configuration may name programs to run: git must run none of them. */
const HARMLESS = [
  ...["--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false"],
  ...["-c", "log.showRoot=true", "-c", "log.follow=false", "-c", "protocol.allow=never"],
];

/** The output of a short git command. Throws `failed` with git's first line. */
export async function gitText(git: Git, args: readonly string[]): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of gitOutput(git, args)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The output of a git command as a stream. Throws `failed` at its end if the command fails; stopping early ends git.
 */
export async function* gitOutput({ folder, env, signal }: Git, args: readonly string[]): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn("git", [...HARMLESS, "-C", folder, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = headOf(said + chunk.toString("utf8"), 2000)));
  const ended = new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  ended.catch(() => undefined); // told below, once all that was printed has been taken
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await ended.catch((error: { code?: string }) => {
      throw new UnsprawlError("failed", error.code === "ENOENT" ? "git is not installed" : "git cannot be started");
    });
    signal.throwIfAborted();
    if (code !== 0) throw new UnsprawlError("failed", meaningOf(said));
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function meaningOf(said: string): string {
  if (said.includes("dubious ownership"))
    return "the repository is another user's, and git refuses it (look as that user, or trust it with safe.directory)";
  const [first = ""] = said.split("\n");
  return `git says: ${first.replace(/^fatal: /, "") || "nothing"}`;
}
