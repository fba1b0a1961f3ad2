import { readFileSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { trackHere } from "./children.ts";
import { rememberHashes } from "./known-hashes.ts";
import type { Ran } from "./world.ts";

type Given = {
  readonly cwd: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly stdin: string;
  /** Called as the command begins; what it gives back is called as it ends. */
  readonly around?: () => () => void;
};
type Face = { main(argv: readonly string[]): Promise<number> };

/** What serves until it is ended, or becomes another program; and what each of them does that ends by itself. */
const PROGRAMS: { readonly [command: string]: readonly string[] } = {
  agent: ["install", "uninstall"],
  fleet: ["status"],
  run: [],
  watch: ["install", "--once"],
};
/** Node and libraries look at these once, as a process starts. */
const AT_START =
  /^(?:NODE_(?!COMPILE_CACHE)|UV_|LC_|SSL_|DEBUG$|TZ$|LANG$|LANGUAGE$|NO_COLOR$|FORCE_COLOR$|CI$|TERM$|COLUMNS$)/;

/** The command that runs, and the folder of its world. */
let running: { readonly dir: string; readonly ended: Promise<unknown> } | null = null;
const PATIENCE_MS = 60_000;

/** True where a command line says and does the same in this process as in one of its own. */
export function fitsThisProcess(
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): boolean {
  const [command = "", ...more] = args;
  if (!/^[a-z]/.test(command)) return false;
  if (PROGRAMS[command]?.some((one) => more.includes(one)) === false) return false;
  return !Object.keys(env).some((name) => AT_START.test(name));
}

/**
 * Runs one command line of the built program in this process, which takes a tenth of the time of a process of its own.
 * The command has its own environment, working directory and streams; everything else it shares with the test. It waits
 * for a command of another world. Null while one of its own world runs, since the test wants both at once, or while one
 * does not end.
 */
export async function runHere(dist: string, args: readonly string[], given: Given): Promise<Ran | null> {
  for (let other = running; other !== null; other = running) {
    if (other.dir === given.cwd) return null;
    const busy = sleep(PATIENCE_MS, "busy", { ref: false });
    if ((await Promise.race([other.ended, busy])) === "busy") return null;
  }
  const ran = runAlone(dist, args, given);
  const ended = ran.then(
    () => "ended",
    () => "ended",
  );
  running = { dir: given.cwd, ended };
  trackHere(ended);
  try {
    return await ran;
  } finally {
    running = null;
  }
}

async function runAlone(dist: string, args: readonly string[], given: Given): Promise<Ran> {
  const said = { stdout: collector(), stderr: collector() };
  const env = Object.fromEntries(Object.entries(given.env).filter(([, value]) => value !== undefined));
  const restore = [
    swap("env", env),
    swap("stdout", said.stdout.stream),
    swap("stderr", said.stderr.stream),
    swap("stdin", Readable.from(given.stdin === "" ? [] : [Buffer.from(given.stdin)])),
    swap("exitCode", undefined),
  ];
  const after = given.around?.();
  const before = process.cwd();
  const atExit = process.listeners("exit");
  try {
    process.chdir(given.cwd);
    const code = await face(dist).main(args);
    const ended = code === 0 ? Number(process.exitCode ?? 0) : code;
    return { code: ended, signal: null, stdout: said.stdout.text(), stderr: said.stderr.text() };
  } finally {
    // What a process does as it ends.
    for (const listener of process.listeners("exit").filter((one) => !atExit.includes(one))) {
      process.off("exit", listener);
      listener(0);
    }
    after?.();
    process.chdir(before);
    for (const back of restore) back();
  }
}

let loaded: Face | null = null;

/** The command line's own part of the program that was built, without the start of a process. */
function face(dist: string): Face {
  if (loaded !== null) return loaded;
  const [, file = ""] = /import\("(\.\/cli-[^"]+)"\)/.exec(readFileSync(`${dist}/main.js`, "utf8")) ?? [];
  rememberHashes();
  enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/unsprawl-compiled", import.meta.url)));
  return (loaded = createRequire(`${dist}/main.js`)(file) as Face);
}

function collector(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}

/** Replaces a property of `process`; the result puts back what was there. */
function swap(name: "env" | "stdout" | "stderr" | "stdin" | "exitCode", value: unknown): () => void {
  const was = Object.getOwnPropertyDescriptor(process, name);
  if (name === "exitCode") {
    const code = process.exitCode;
    process.exitCode = undefined;
    return () => void (process.exitCode = code);
  }
  Object.defineProperty(process, name, { value, configurable: true, enumerable: true, writable: true });
  return () => was && Object.defineProperty(process, name, was);
}
