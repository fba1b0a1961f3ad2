import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { forget, remember } from "./running.ts";

const MANAGER = "/usr/lib/systemd/systemd";

export type BootedSystemd = {
  /** A command in there; throws with what it says. */
  run(...words: string[]): string;
  /** `systemctl` in there. */
  systemctl(...args: string[]): string;
  stop(): Promise<void>;
};

/** What every unit wants by itself, and nothing behind it: what is booted is what the test brings. */
const TARGETS: { readonly [unit: string]: string } = {
  "sysinit.target": "DefaultDependencies=no",
  "basic.target": "Requires=sysinit.target\nAfter=sysinit.target",
  "network-online.target": "After=basic.target",
  "shutdown.target": "DefaultDependencies=no",
  "multi-user.target": "Requires=basic.target\nAfter=basic.target\nAllowIsolate=yes",
  "default.target": "Requires=basic.target\nAfter=basic.target\nAllowIsolate=yes",
};

/** Puts the targets beside the units of this root and enables these units, as `systemctl enable` does at an installation. */
export async function enableUnits(root: string, ...units: readonly string[]): Promise<void> {
  const systemctl = await need("systemctl", ["systemd"]);
  writeTargets(unitsOf(root));
  execFileSync(systemctl, [`--root=${root}`, "enable", ...units], { stdio: "pipe" });
}

/** What a manager wants by itself, a user's too. */
export function writeTargets(folder: string): void {
  for (const [unit, text] of Object.entries(TARGETS))
    writeFileSync(join(folder, unit), `[Unit]\nDescription=${unit}\n${text}\n`);
}

/** The folder for units below a root. */
export function unitsOf(root: string): string {
  const folder = join(root, "etc/systemd/system");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Boots a real systemd as the first process of namespaces of its own, with the units of this root alone, into
 * `multi-user.target`. It has the network, the files and the devices of this machine, and a `/run` and control groups of its
 * own; `/proc/sys` is for reading. Throws where this machine lets none boot: without root, or without cgroup v2.
 */
export async function bootSystemd(root: string): Promise<BootedSystemd> {
  const mount = unifiedMount();
  if (process.getuid?.() !== 0 || mount === null)
    throw new Error("no systemd can boot here: it takes root, and cgroup v2 mounted for writing");
  await need("systemd-analyze", ["systemd"]);
  const [unshare, nsenter] = [await need("unshare", ["util-linux"]), await need("nsenter", ["util-linux"])];
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-boot-"));
  const group = mkdtempSync(join(mount, "unsprawl-boot-"));
  // Other users' processes have theirs below it.
  chmodSync(group, 0o755);
  const log = join(dir, "log");
  const script = join(dir, "boot");
  writeFileSync(
    script,
    [
      "set -e",
      "mount --make-rprivate /",
      "mount -t proc proc /proc",
      "mount --bind /proc/sys /proc/sys",
      "mount -o remount,bind,ro /proc/sys",
      "mount -t tmpfs -o mode=755 tmpfs /run",
      "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
      `exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=${unitsOf(root)} \\`,
      `  ${MANAGER} --system --unit=multi-user.target --log-target=null`,
    ].join("\n"),
  );
  const out = openSync(log, "a");
  const enter = `echo $$ >${group}/cgroup.procs && exec ${unshare} --fork --kill-child --pid --mount --uts --ipc --cgroup sh ${script}`;
  const child = spawn("sh", ["-c", enter], { stdio: ["ignore", out, out], detached: true });
  const pid = child.pid ?? 0;
  remember(pid, dir);
  const first = await until(() => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()) || null);
  const run = (...words: string[]): string =>
    execFileSync(nsenter, ["-t", String(first), "-m", "-p", ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const systemctl = (...args: string[]): string => run("systemctl", ...args);
  const stop = async (): Promise<void> => {
    const ended = child.exitCode !== null || child.signalCode !== null;
    const gone = ended ? null : new Promise((done) => child.once("exit", done));
    if (first !== null) end(first);
    end(pid);
    await gone;
    await until(() => (removed(group) ? true : null));
    forget(pid);
    rmSync(dir, { recursive: true, force: true });
  };
  const isUp = await until(() => (systemctl("show", "-p", "Version").startsWith("Version=") ? true : null));
  if (isUp !== null) return { run, systemctl, stop };
  const said = readFileSync(log, "utf8").slice(-2000);
  await stop();
  throw new Error(`systemd did not boot:\n${said}`);
}

/** Where cgroup v2 is mounted on this machine, alone or beside version 1; null where it is not. */
function unifiedMount(): string | null {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const found = lines.find((line) => / - cgroup2 /.test(line) && / rw[, ]/.test(line));
  return found?.split(" ")[4] ?? null;
}

/** Removes a control group whose processes have ended, with those below it; false while some have not. */
function removed(group: string): boolean {
  try {
    for (const one of readdirSync(group, { withFileTypes: true }))
      if (one.isDirectory()) removed(join(group, one.name));
    rmdirSync(group);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** What `look` gives, once it gives something; null after two minutes. What it throws means that it is not so yet. */
async function until<T>(look: () => T | null): Promise<T | null> {
  for (let tries = 0; tries < 1200; tries++) {
    try {
      const found = look();
      if (found !== null) return found;
    } catch {
      // Not yet.
    }
    await sleep(100);
  }
  return null;
}
