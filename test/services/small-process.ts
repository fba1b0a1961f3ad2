import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A program to run, with nothing on its standard input. */
export type SmallRun = {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
};
export type SmallRan = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started or was ended; null for one that ended by itself. */
  readonly fault: string | null;
};

const MAIN = fileURLToPath(new URL("small-process-main.ts", import.meta.url));

let ends: { readonly requests: number; readonly answers: number } | null = null;

/**
 * Runs a program as execFileSync does, and throws what that does: an error with `status`, `stdout` and `stderr`. A small
 * process starts it: whoever starts a program copies the tables of all its memory first, which takes a test worker more
 * processor time than most programs take themselves. One for each worker; it ends when the worker has.
 */
export function runSmall(program: string, args: readonly string[], env: SmallRun["env"]): string {
  const { requests, answers } = (ends ??= startSmall());
  sendPiece(requests, { program, args, env, cwd: process.cwd() } satisfies SmallRun);
  const ran = receivePiece(answers) as SmallRan | null;
  if (ran === null) throw new Error("the process that starts programs for tests has ended");
  if (ran.status === 0) return ran.stdout;
  const said = ran.fault ?? ran.stderr;
  throw Object.assign(new Error(`Command failed: ${[program, ...args].join(" ")}\n${said}`), ran);
}

function startSmall(): NonNullable<typeof ends> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-small-"));
  const [asked, answered] = [join(dir, "asked"), join(dir, "answered")];
  execFileSync("mkfifo", [asked, answered]);
  // Open at both ends, neither waits here for the other process.
  const opened = { requests: openSync(asked, "r+"), answers: openSync(answered, "r+") };
  spawn(process.execPath, [MAIN, asked, answered], { stdio: "ignore", detached: true }).unref();
  const ready = receivePiece(opened.answers);
  rmSync(dir, { recursive: true });
  if (ready !== "ready") throw new Error("the process that starts programs for tests did not start");
  return opened;
}

/** One piece of JSON behind its length. */
export function sendPiece(to: number, piece: unknown): void {
  const body = Buffer.from(JSON.stringify(piece));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  const bytes = Buffer.concat([head, body]);
  for (let sent = 0; sent < bytes.length;) sent += writeSync(to, bytes, sent);
}

/** The next piece; null once the other end is gone. */
export function receivePiece(from: number): unknown {
  const head = received(from, 4);
  const body = head === null ? null : received(from, head.readUInt32LE());
  return body === null ? null : (JSON.parse(body.toString("utf8")) as unknown);
}

function received(from: number, length: number): Buffer | null {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length;) {
    const read = readSync(from, bytes, have, length - have, null);
    if (read === 0) return null;
    have += read;
  }
  return bytes;
}
