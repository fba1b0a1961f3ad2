import { spawn } from "node:child_process";
import { childEnvironment } from "../kit/child-environment.ts";
import { isExecutable } from "../kit/io/executable.ts";
import { delimiter, resolve } from "node:path";
import { SEND_MS, type ChannelKind, type ChannelTools } from "../contract/channel.ts";
import { must } from "../kit/schema/index.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";
import { printable } from "../kit/text/escape.ts";
import { batchJson } from "./batch.ts";
import { AGAIN, FIX, Undelivered } from "./undelivered.ts";
import { oneOrMore, ChannelSettingsReader } from "./settings.ts";

const SETTINGS = {
  command: must("the program and its arguments, as a list; the changes come as JSON on stdin", oneOrMore()),
};

/**
 * A program that gets `{"version":1,"batch":ID,"changes":[…]}` on stdin, without a shell. Exit 0 means delivered. Any
 * other exit, or exceeding the time limit (then it and its children are killed), is retried. Only the first line of its
 * stderr is shown, and only if it failed.
 */
export const command: ChannelKind = {
  settings: SETTINGS,
  open(given, tools) {
    const settings = new ChannelSettingsReader(SETTINGS, given, tools);
    const [program = "", ...args] = [settings.given.command].flat();
    const path = program.includes("/") ? resolve(settings.dir, program) : program;
    return {
      name: given.name,
      goesTo: program,
      most: 500,
      async send(batch, signal) {
        const over = await withTimeLimit(SEND_MS, signal, (stop) => ran(path, args, batchJson(batch), tools, stop));
        const ended = typeof over === "string" ? { why: noAnswerText(over, SEND_MS), needsFix: false } : over;
        if (ended.why !== null)
          throw new Undelivered(
            "failed",
            ended.needsFix ? FIX : AGAIN,
            `${given.name}: ${program}: ${ended.why}`,
            "unsprawl doctor",
          );
      },
      async probe() {
        if (isProgram(path, tools.env)) return `${program} can be run`;
        throw settings.wrong(
          "command",
          `names a program that cannot be run: ${program}`,
          "check its path and its mode",
        );
      },
    };
  },
};

/** Null if it succeeded. */
type CommandOutcome = { readonly why: string | null; readonly needsFix: boolean };

function ran(
  path: string,
  args: readonly string[],
  input: string,
  tools: ChannelTools,
  stop: AbortSignal,
): Promise<CommandOutcome> {
  return new Promise((done) => {
    // In a separate process group, so that its children end with it.
    const child = spawn(path, args, {
      env: childEnvironment(tools.env),
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    const said: Buffer[] = [];
    let size = 0;
    child.stderr.on("data", (chunk: Buffer) => {
      if (size < KEPT) said.push(chunk);
      size += chunk.length;
    });
    // A program that does not read its input is not our concern.
    child.stdin.on("error", () => {}).end(input);
    const killAll = (): void => kill(child.pid);
    stop.addEventListener("abort", killAll, { once: true });
    const end = (ended: CommandOutcome): void => {
      // Background processes that it left on purpose are not killed.
      stop.removeEventListener("abort", killAll);
      child.stderr.destroy();
      done(ended);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = error.code === "ENOENT" || error.code === "EACCES";
      end({ why: missing ? "it cannot be run" : "it could not be started", needsFix: missing });
    });
    const ended = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      const line = firstLine(Buffer.concat(said).toString("utf8"), tools);
      const why = `${killedBy === null ? `exit ${code}` : `killed by ${killedBy}`}${line}`;
      end({ why: code === 0 ? null : why, needsFix: false });
    };
    child.once("close", ended);
    // A process that it left behind may hold stderr open indefinitely.
    child.once("exit", (...how) => void setTimeout(ended, LINGER_MS, ...how));
  });
}

/** How long to wait for its last output. */
const LINGER_MS = 500;
const KEPT = 4096;
const SHOWN = 200;

function firstLine(text: string, tools: ChannelTools): string {
  const line = printable(tools.redact(text).trim().split("\n", 1)[0] ?? "");
  return line === "" ? "" : `: ${line.slice(0, SHOWN).toWellFormed()}`;
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Already ended.
  }
}

function isProgram(path: string, env: NodeJS.ProcessEnv): boolean {
  const places = path.includes("/") ? [path] : (env["PATH"] ?? "").split(delimiter).map((dir) => resolve(dir, path));
  return places.some(isExecutable);
}
