import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { forget, remember } from "./running.ts";

/** Debian's `nobody`: servers such as PostgreSQL do not run as root. */
const NOBODY = 65_534;
const root = process.getuid?.() === 0;
const who = root ? { uid: NOBODY, gid: NOBODY } : {};

/** A folder that goes away with its server, and a server that goes away with its test. */
export type Server = {
  readonly dir: string;
  /** Ends it, and leaves its folder. */
  readonly end: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A new folder of the unprivileged user's own. */
export function ownDir(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `unsprawl-${name}-`));
  own(dir);
  return dir;
}

/** Writes a file that only the server may read. */
export function ownFile(dir: string, name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text, { mode: 0o600 });
  own(file);
  return file;
}

/** Runs a program to its end as the unprivileged user. */
export function runOwn(program: string, args: readonly string[], dir: string): void {
  execFileSync(program, args, { ...who, cwd: dir, env: envOf(dir), stdio: "pipe", timeout: 300_000 });
}

/** A certificate for `localhost` and 127.0.0.1 that signs itself, and its key. */
export async function ownCertificate(dir: string): Promise<{ readonly cert: string; readonly key: string }> {
  const openssl = await need("openssl", ["openssl"]);
  const [key, cert] = [join(dir, "server.key"), join(dir, "server.crt")];
  execFileSync(
    openssl,
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"].concat([
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout",
      key,
      "-out",
      cert,
    ]),
    { stdio: "pipe" },
  );
  chmodSync(key, 0o600);
  for (const file of [key, cert]) own(file);
  return { key, cert };
}

/** Starts a server as the unprivileged user, or as who runs the tests, and waits until `ready` no longer throws. */
export async function startOwn(
  program: string,
  args: readonly string[],
  dir: string,
  ready: () => Promise<unknown>,
  argv0 = program,
  { env = {}, asIs = false }: { readonly env?: { readonly [name: string]: string }; readonly asIs?: boolean } = {},
): Promise<Server> {
  const log = openSync(join(dir, "log"), "a");
  const child = spawn(program, args, {
    ...(asIs ? {} : who),
    ...{ argv0, cwd: dir, env: { ...envOf(dir), ...env }, stdio: ["ignore", log, log] },
  });
  child.on("error", () => {});
  remember(child.pid ?? 0, dir);
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const end = async (): Promise<void> => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      // PostgreSQL's word for "fast"; the others take it as well.
      child.kill("SIGINT");
      const late = setTimeout(kill, 5000);
      await gone;
      clearTimeout(late);
    }
    forget(child.pid ?? 0);
  };
  const stop = async (): Promise<void> => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    try {
      await ready();
      return { dir, end, stop };
    } catch (error) {
      if (tries < 2400 && child.exitCode === null) {
        await sleep(50);
        continue;
      }
      const said = readFileSync(join(dir, "log"), "utf8").slice(-2000);
      await stop();
      throw new Error(`${argv0} did not start:\n${said}`, { cause: error });
    }
  }
}

function own(path: string): void {
  if (root) chownSync(path, NOBODY, NOBODY);
}

function envOf(dir: string): NodeJS.ProcessEnv {
  return { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: dir, LC_ALL: "C", TZ: "UTC" };
}
