import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { forget, remember } from "./running.ts";

export type TestEngine = {
  readonly dir: string;
  readonly socket: string;
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  readonly configFile: string;
  readonly pid: () => number;
  /** Docker's own client against this engine; throws with stderr. */
  readonly docker: (...args: string[]) => string;
  /** Kills the engine's process as a crash would, containers and all. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A real engine of its own on a socket of its own. `network: false` gives it no bridge, so that several can run side
 * by side. `args` are dockerd's own.
 */
export async function startEngine(options: {
  readonly network: boolean;
  readonly args?: readonly string[];
}): Promise<TestEngine> {
  const dockerd = await need("dockerd", ["docker.io", "iptables", "ca-certificates"]);
  const client = await need("docker", ["docker-cli"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-engine-"));
  const socket = join(dir, "docker.sock");
  const configFile = join(dir, "daemon.json");
  writeFileSync(configFile, "{}\n");
  mkdirSync(join(dir, "home"));
  let child: ChildProcess | null = null;

  const docker = (...args: string[]): string => {
    const env = { PATH: process.env["PATH"], HOME: join(dir, "home"), DOCKER_HOST: `unix://${socket}` };
    return execFileSync(client, args, {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 1 << 28,
    }).trimEnd();
  };
  const start = async (): Promise<void> => {
    const network = options.network ? [] : ["--bridge=none", "--iptables=false", "--ip6tables=false"];
    const log = openSync(join(dir, "log"), "a");
    child = spawn(
      dockerd,
      [
        "--host",
        `unix://${socket}`,
        "--data-root",
        join(dir, "data"),
        "--exec-root",
        join(dir, "exec"),
        "--pidfile",
        join(dir, "pid"),
        "--config-file",
        configFile,
        ...network,
        ...(options.args ?? []),
      ],
      {
        stdio: ["ignore", log, log],
        detached: true,
        env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
      },
    );
    remember(child.pid ?? 0, dir);
    for (let tries = 0; tries < 300; tries++) {
      if (child.exitCode !== null) break;
      try {
        docker("version");
        return;
      } catch {
        await sleep(100);
      }
    }
    throw new Error(`dockerd did not start:\n${readFileSync(join(dir, "log"), "utf8").slice(-2000)}`);
  };
  const kill = async (): Promise<void> => {
    const { pid } = child ?? {};
    if (pid === undefined) return;
    for (const task of [pid, ...descendants(pid)]) signal(task, "SIGKILL");
    while (alive(pid)) await sleep(20);
    forget(pid);
    rmSync(join(dir, "pid"), { force: true });
  };
  const stop = async (): Promise<void> => {
    try {
      const ids = docker("ps", "-aq").split("\n").filter(Boolean);
      if (ids.length > 0) docker("rm", "-f", "-v", ...ids);
    } catch {
      // It may be dead already: a test killed it.
    }
    const { pid } = child ?? {};
    if (pid !== undefined) {
      signal(pid, "SIGTERM");
      for (let tries = 0; tries < 150 && alive(pid); tries++) await sleep(100);
      await kill();
    }
    try {
      execFileSync(
        "sh",
        ["-c", `mount | awk -v d='${dir}/' 'index($3, d) == 1 { print $3 }' | sort -r | xargs -r -n1 umount -l`],
        { stdio: "ignore" },
      );
    } catch {
      // Nothing was mounted.
    }
    rmSync(dir, { recursive: true, force: true });
  };
  await start();
  return { dir, socket, host: `unix://${socket}`, configFile, pid: () => child?.pid ?? 0, docker, kill, start, stop };
}

function descendants(pid: number): number[] {
  let children: number[] = [];
  try {
    const listed = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
    children = listed.split("\n").map(Number).filter(Boolean);
  } catch {
    return [];
  }
  return [...children, ...children.flatMap(descendants)];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
