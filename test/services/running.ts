import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./apt.ts";

const DIR = join(CACHE, "running");

type RunningNote = { readonly owner: number; readonly dir: string; readonly bridge: string };

/** Notes a service that must not outlive its test run. */
export function remember(pid: number, dir: string, bridge = "", owner = process.pid): void {
  mkdirSync(DIR, { recursive: true });
  // Whole from the start: another run may be reading them.
  const written = join(DIR, `.${pid}`);
  writeFileSync(written, JSON.stringify({ owner, dir, bridge } satisfies RunningNote));
  renameSync(written, join(DIR, String(pid)));
}

export function forget(pid: number): void {
  rmSync(join(DIR, String(pid)), { force: true });
}

/** Ends what a killed test run left running: services whose owner is gone. Called once before a run. */
export function reap(): void {
  mkdirSync(DIR, { recursive: true });
  for (const name of readdirSync(DIR).filter((one) => /^\d+$/.test(one))) {
    const note = read(name);
    if (note === null || exists(note.owner)) continue;
    const { dir, bridge } = note;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
      if (command.includes(dir)) process.kill(Number(name), "SIGTERM");
      execFileSync("sleep", ["1"]);
      unmountBelow(dir);
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // Gone by itself.
    }
    removeBridge(bridge);
    forget(Number(name));
  }
  removeOverlays();
}

/** `null` where its own run, or another's reaping, has taken it away since. */
function read(name: string): RunningNote | null {
  try {
    return JSON.parse(readFileSync(join(DIR, name), "utf8")) as RunningNote;
  } catch {
    return null;
  }
}

/**
 * What a swarm's engine that was killed leaves of its overlay networks, `vx-…`: while one is there, no other engine can
 * make its own of the same number. An engine that lives has them in namespaces.
 */
function removeOverlays(): void {
  for (const name of readdirSync("/sys/class/net")) if (name.startsWith("vx-")) removeBridge(name);
}

export function unmountBelow(dir: string): void {
  try {
    execFileSync(
      "sh",
      ["-c", `mount | awk -v d='${dir}/' 'index($3, d) == 1 { print $3 }' | sort -r | xargs -r -n1 umount -l`],
      { stdio: "ignore" },
    );
  } catch {
    // Nothing was mounted.
  }
}

/** Takes a test engine's bridge away, and the bridges of networks it had; a name that is gone, or none, is fine. */
export function removeBridge(name: string): void {
  if (!name) return;
  try {
    const range = `100.${name.slice(name.indexOf("-") + 1)}.0.0/16`;
    const lines = name.startsWith("us-") ? ip("-4", "-o", "address", "show", "to", range).split("\n") : [];
    const networks = lines.map((line) => line.split(/\s+/)[1] ?? "").filter((one) => one.startsWith("br-"));
    for (const one of [name, ...networks]) ip("link", "delete", one);
  } catch {
    // Gone already.
  }
}

function ip(...args: string[]): string {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  return execFileSync("ip", args, { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8", env });
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
