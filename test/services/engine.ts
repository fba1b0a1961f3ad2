import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { forget, remember, removeBridge } from "./running.ts";

export type TestEngine = {
  readonly dir: string;
  readonly socket: string;
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  readonly configFile: string;
  readonly pid: () => number;
  /** Docker's own client against this engine; throws with stderr. A pause that the kernel refuses is tried again. */
  readonly docker: (...args: string[]) => string;
  /** Kills the engine's process as a crash would, containers and all. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A real engine of its own, on a socket and a bridge of its own: without one, engines side by side share `docker0`, and
 * one that is told to do without a bridge takes it away from the others. `args` are dockerd's own, and
 * `config` is what its configuration file holds.
 */
export async function startEngine(
  options: { readonly args?: readonly string[]; readonly config?: object } = {},
): Promise<TestEngine> {
  const dockerd = await need("dockerd", ["docker.io", "iptables", "ca-certificates"]);
  const client = await need("docker", ["docker-cli"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-engine-"));
  const socket = join(dir, "docker.sock");
  const configFile = join(dir, "daemon.json");
  writeFileSync(configFile, `${JSON.stringify(options.config ?? {})}\n`);
  mkdirSync(join(dir, "home"));
  let child: ChildProcess | null = null;
  const bridge = await makeBridge();

  const docker = (...args: string[]): string => {
    const env = { PATH: process.env["PATH"], HOME: join(dir, "home"), DOCKER_HOST: `unix://${socket}` };
    for (let tries = 0; ; tries++) {
      try {
        return execFileSync(client, args, {
          env,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
          maxBuffer: 1 << 28,
        }).trimEnd();
      } catch (error) {
        // A kernel with cgroup v1 fails to freeze what forks at this instant, and what waits for a processor.
        if (tries > 20 || !/unable to freeze/.test(String((error as { stderr?: unknown }).stderr))) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      }
    }
  };
  const start = async (): Promise<void> => {
    const network = [`--bridge=${bridge}`, "--iptables=false", "--ip6tables=false"];
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
    remember(child.pid ?? 0, dir, bridge);
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
    removeBridge(bridge);
    rmSync(dir, { recursive: true, force: true });
  };
  await start();
  return { dir, socket, host: `unix://${socket}`, configFile, pid: () => child?.pid ?? 0, docker, kill, start, stop };
}

async function makeBridge(): Promise<string> {
  const ip = await need("ip", ["iproute2"]);
  for (let tries = 0; ; tries++) {
    const [name, a, b] = [`us${randomBytes(4).toString("hex")}`, randomInt(64, 128), randomInt(0, 256)];
    try {
      execFileSync(ip, ["link", "add", name, "type", "bridge"], { stdio: "pipe" });
      // 100.64.0.0/10 is shared address space (RFC 6598): no home or office network uses it.
      execFileSync(ip, ["address", "add", `100.${a}.${b}.1/24`, "dev", name], { stdio: "pipe" });
      execFileSync(ip, ["link", "set", name, "up"], { stdio: "pipe" });
      return name;
    } catch (error) {
      removeBridge(name);
      if (tries > 5) throw error;
    }
  }
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
