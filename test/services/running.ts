import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./apt.ts";

const DIR = join(CACHE, "running");

/** Notes a service that must not outlive its test run. */
export function remember(pid: number, dir: string, bridge = "", owner = process.pid): void {
  mkdirSync(DIR, { recursive: true });
  writeFileSync(join(DIR, String(pid)), JSON.stringify({ owner, dir, bridge }));
}

export function forget(pid: number): void {
  rmSync(join(DIR, String(pid)), { force: true });
}

/** Ends what a killed test run left running: services whose owner is gone. Called once before a run. */
export function reap(): void {
  mkdirSync(DIR, { recursive: true });
  for (const name of readdirSync(DIR)) {
    const { owner, dir, bridge } = JSON.parse(readFileSync(join(DIR, name), "utf8")) as {
      owner: number;
      dir: string;
      bridge: string;
    };
    if (exists(owner)) continue;
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

/** Takes a test engine's bridge away; a name that is gone, or none, is fine. */
export function removeBridge(name: string): void {
  try {
    if (name)
      execFileSync("ip", ["link", "delete", name], {
        stdio: "ignore",
        env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
      });
  } catch {
    // Gone already.
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
