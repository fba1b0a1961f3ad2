import { spawn, type ChildProcess } from "node:child_process";
import { UnsprawlError } from "../model/error.ts";

/** What a program that reads foreign input may use. Whatever it does, it is ended beyond that. */
export type ChildBounds = {
  /** Of waiting and of working, in seconds. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memoryMiB: number;
  /** Of its output, in bytes. */
  readonly output: number;
};

export type ChildResult = { readonly code: number; readonly out: string; readonly err: string };

type Started = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Called with the number of the program's process. */
  readonly began?: (pid: number) => void;
};

/** A program with bounds only reads: it goes with this process, whatever ends that. */
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP", "exit"] as const;
const LET_GO_MS = 500;

/**
 * Runs a program to its end, without input. With bounds it is ended for certain, with all that it started, once it uses
 * more, or when this process is asked to end; then `err` is the reason. Throws `failed` if it cannot be started.
 */
export function runChild(
  program: string,
  args: readonly string[],
  { env, cwd, began }: Started,
  bounds: ChildBounds | null,
): Promise<ChildResult> {
  return new Promise((done, fail) => {
    // A separate process group can be ended as a whole. Without bounds, a key press reaches the program as it reaches us.
    const [first = program, ...words] = bounds === null ? [program, ...args] : limited(program, args, bounds);
    const child = spawn(first, words, { env, cwd, stdio: ["ignore", "pipe", "pipe"], detached: bounds !== null });
    if (child.pid !== undefined) began?.(child.pid);
    let why: string | null = null;
    const end = (reason: string): void => {
      why ??= reason;
      endGroup(child);
    };
    const late =
      bounds === null ? undefined : setTimeout(() => end(`no answer after ${bounds.seconds} s`), bounds.seconds * 1000);
    let letGo: NodeJS.Timeout | undefined;
    const cancel = (): void => end("cancelled");
    if (bounds !== null) for (const one of ENDS) process.on(one, cancel);
    let length = 0;
    const [out, err]: Buffer[][] = [[], []];
    const take = (into: Buffer[] | undefined, chunk: Buffer): void => {
      length += chunk.length;
      if (bounds !== null && length > bounds.output) end(`more than ${bounds.output / 1024 / 1024} MiB of output`);
      else into?.push(chunk);
    };
    child.stdout.on("data", (chunk: Buffer) => take(out, chunk));
    child.stderr.on("data", (chunk: Buffer) => take(err, chunk));
    const over = (): void => {
      clearTimeout(late);
      clearTimeout(letGo);
      for (const one of ENDS) process.off(one, cancel);
    };
    child.on("error", (error) => {
      over();
      fail(new UnsprawlError("failed", `cannot run ${program}`, null, error.name));
    });
    child.on("exit", () => {
      if (bounds === null) return;
      endGroup(child);
      // One that has left the group may hold the pipes open for ever.
      letGo = setTimeout(() => [child.stdout, child.stderr].map((pipe) => pipe.destroy()), LET_GO_MS);
    });
    child.on("close", (code, killed) => {
      over();
      const said = Buffer.concat(err ?? []).toString("utf8");
      const reason = why ?? (bounds === null ? null : outgrown(killed, code, said, bounds));
      done({
        code: reason === null ? (code ?? 1) : 1,
        out: Buffer.concat(out ?? []).toString("utf8"),
        // What a program prints as it runs out of memory is of no use to anyone.
        err: reason === null ? said : `ended: ${reason}`,
      });
    });
  });
}

/** `ulimit` is the shell's, on every system. What a limit cannot be set for, the wall clock ends. */
function limited(program: string, args: readonly string[], { cpuSeconds, memoryMiB }: ChildBounds): string[] {
  const limits = `ulimit -t ${cpuSeconds} 2>/dev/null; ulimit -d ${memoryMiB * 1024} 2>/dev/null; ulimit -c 0 2>/dev/null`;
  return ["/bin/sh", "-c", `${limits}; exec "$0" "$@"`, program, ...args];
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function outgrown(killed: string | null, code: number | null, said: string, bounds: ChildBounds): string | null {
  if (killed === "SIGXCPU" || (killed === "SIGKILL" && bounds.cpuSeconds > 0))
    return `more than ${bounds.cpuSeconds} s of work`;
  const isFull =
    code !== 0 && /out of memory|cannot allocate memory|failed to reserve|pthread_create failed/i.test(said);
  return isFull ? `more than ${bounds.memoryMiB} MiB of memory` : null;
}
