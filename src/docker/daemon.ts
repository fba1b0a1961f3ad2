import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { applyEdits, modify, parse, type ParseError } from "jsonc-parser";
import { UnsprawlError } from "../model/error.ts";
import type { Engine } from "./engine.ts";

/** The engine's process on this host, and the file that configures it. */
export type Daemon = { readonly pid: number; readonly configFile: string };

const DEFAULT_CONFIG = "/etc/docker/daemon.json";

/** Finds the dockerd that listens on this connection's socket, by the command lines in /proc. Null when there is none. */
export function findDaemon(socketPath: string, configFile: string | null): Daemon | null {
  const running = readdirSync("/proc").flatMap((entry) => {
    const argv = /^\d+$/.test(entry) ? commandLine(entry) : [];
    return /(^|\/)dockerd$/.test(argv[0] ?? "") ? [{ pid: Number(entry), argv }] : [];
  });
  const exact = running.filter(({ argv }) =>
    argv.some((word) => word.replace(/^(--host=|-H=?|unix:\/\/)+/, "").replace(/^unix:\/\//, "") === socketPath),
  );
  // Under systemd the socket is inherited (`-H fd://`) and not on the command line.
  const found = exact[0] ?? (running.length === 1 ? running[0] : undefined);
  return found
    ? { pid: found.pid, configFile: configFile ?? flag(found.argv, "--config-file") ?? DEFAULT_CONFIG }
    : null;
}

/** `daemon.json` with (or, for null, without) a runtime; all other bytes stay. Throws `malformed`. */
export function withRuntime(text: string, name: string, path: string | null): string {
  const source = text.trim() === "" ? "{}\n" : text;
  const errors: ParseError[] = [];
  const config = parse(source, errors) as { runtimes?: { [name: string]: unknown } } | undefined;
  if (errors.length > 0 || typeof config !== "object")
    throw new UnsprawlError(
      "malformed",
      "the engine's daemon.json is not JSON",
      "mend it first: dockerd --validate --config-file FILE",
    );
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: "\n" };
  const others = Object.keys(config.runtimes ?? {}).filter((one) => one !== name);
  if (path === null && !(config.runtimes && name in config.runtimes)) return text;
  const at = path === null && others.length === 0 ? ["runtimes"] : ["runtimes", name];
  return applyEdits(source, modify(source, at, path === null ? undefined : { path }, { formattingOptions }));
}

/** Tells the engine to read its configuration again (dockerd(8): SIGHUP) and waits until `ready`. */
export async function reload(
  daemon: Daemon,
  engine: Engine,
  ready: (runtimes: readonly string[]) => boolean,
): Promise<boolean> {
  process.kill(daemon.pid, "SIGHUP");
  for (let tries = 0; tries < 50; tries++) {
    await sleep(100);
    if (ready(Object.keys((await engine.info()).Runtimes ?? {}))) return true;
  }
  return false;
}

export function readConfig(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return [];
  }
}

function flag(argv: readonly string[], name: string): string | null {
  for (const [at, word] of argv.entries()) {
    if (word === name) return argv[at + 1] ?? null;
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  }
  return null;
}
