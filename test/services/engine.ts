import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need, which } from "./apt.ts";
import { callEngine } from "./engine-api.ts";
import { forget, remember, removeBridge, unmountBelow } from "./running.ts";
import { runSmall } from "./small-process.ts";

export type TestEngine = {
  readonly dir: string;
  readonly socket: string;
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  readonly configFile: string;
  readonly bridge: string;
  readonly pid: () => number;
  /** Docker's own client against this engine; throws with stderr. A pause that the kernel refuses is tried again. */
  readonly docker: (...args: string[]) => string;
  /** Kills the engine's process as a crash would, containers and all. */
  readonly kill: () => Promise<void>;
  /** Kills dockerd and nothing else: containerd, containers and plugins run on. */
  readonly killAlone: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Where an engine is: its folder, and the bridge whose addresses are its own. */
export type EnginePlace = { readonly dir: string; readonly bridge: string };

/**
 * A real engine of its own, on a socket, a bridge and addresses of its own: without one, engines side by side share
 * `docker0`, and one that is told to do without a bridge takes it away from the others. `args` are dockerd's own, and
 * `config` is what its configuration file holds. Most tests need none of their own: see `workerEngine`.
 */
export async function startEngine(
  options: {
    readonly args?: readonly string[];
    readonly config?: object;
    /** The process that ends it, when that is not this one. */
    readonly owner?: number;
    /** The words that start it in its place, from dockerd's own; what it needs in its folder is there already. */
    readonly around?: (place: EnginePlace, words: readonly string[]) => readonly string[];
  } = {},
): Promise<TestEngine> {
  const { owner = process.pid } = options;
  const dockerd = await need("dockerd", ["docker.io", "iptables", "ca-certificates"]);
  const client = await need("docker", ["docker-cli"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-engine-"));
  const socket = join(dir, "docker.sock");
  const configFile = join(dir, "daemon.json");
  writeFileSync(configFile, `${JSON.stringify(options.config ?? {})}\n`);
  mkdirSync(join(dir, "home"));
  let child: ChildProcess | null = null;
  const bridge = await makeBridge();

  const docker = dockerClient(client, dir);
  const start = async (): Promise<void> => {
    const pool = `base=100.${bridge.slice(3)}.128.0/17,size=26`;
    const network = [`--bridge=${bridge}`, `--default-address-pool=${pool}`, "--iptables=false", "--ip6tables=false"];
    const log = openSync(join(dir, "log"), "a");
    const folders = ["--data-root", join(dir, "data"), "--exec-root", join(dir, "exec"), "--pidfile", join(dir, "pid")];
    const reached = ["--host", `unix://${socket}`, "--config-file", configFile];
    const words = [dockerd, ...reached, ...folders, ...network, ...(options.args ?? [])];
    const [program = dockerd, ...rest] = options.around?.({ dir, bridge }, words) ?? words;
    child = spawn(program, rest, {
      stdio: ["ignore", log, log],
      detached: true,
      // It collects garbage rarely: the machine has more memory than time. It outlives the home of the file that starts it,
      // and hands its own on to the OCI runtime.
      env: { ...process.env, HOME: dir, GOGC: "400", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
    });
    child.unref();
    remember(child.pid ?? 0, dir, bridge, owner);
    for (let tries = 0; tries < 2400; tries++) {
      if (child.exitCode !== null) break;
      try {
        await callEngine(socket, "GET", "/version");
        return;
      } catch {
        await sleep(50);
      }
    }
    throw new Error(`dockerd did not start:\n${readFileSync(join(dir, "log"), "utf8").slice(-2000)}`);
  };
  const kill = (): Promise<void> => killEngine(child?.pid ?? 0, dir);
  const killAlone = async (): Promise<void> => {
    const pid = child?.pid ?? 0;
    signal(pid, "SIGKILL");
    await goneFor(pid, dir);
  };
  const stop = (): Promise<void> => endEngine({ pid: child?.pid ?? 0, dir, bridge });
  await start();
  return {
    dir,
    socket,
    host: `unix://${socket}`,
    configFile,
    bridge,
    pid: () => child?.pid ?? 0,
    docker,
    kill,
    killAlone,
    start,
    stop,
  };
}

/** Docker's own client at the engine of this folder. */
export function dockerClient(program: string, dir: string): TestEngine["docker"] {
  const env = { PATH: process.env["PATH"], HOME: join(dir, "home"), DOCKER_HOST: `unix://${join(dir, "docker.sock")}` };
  return (...args) => {
    for (let tries = 0; ; tries++) {
      try {
        return runSmall(program, args, env).trimEnd();
      } catch (error) {
        // A kernel with cgroup v1 fails to freeze what forks at this instant, and what waits for a processor.
        if (tries > 20 || !/unable to freeze/.test(String((error as { stderr?: unknown }).stderr))) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      }
    }
  };
}

/** Ends an engine, whichever process started it, and removes its containers, its folder and its bridge. */
export async function endEngine(engine: {
  readonly pid: number;
  readonly dir: string;
  readonly bridge: string;
}): Promise<void> {
  const { pid, dir, bridge } = engine;
  const docker = dockerClient(which("docker") ?? "docker", dir);
  try {
    const ids = docker("ps", "-aq").split("\n").filter(Boolean);
    if (ids.length > 0) docker("rm", "-f", "-v", ...ids);
  } catch {
    // It may be dead already: a test killed it.
  }
  if (pid !== 0) {
    signal(pid, "SIGTERM");
    for (let tries = 0; tries < 300 && alive(pid); tries++) await sleep(50);
    await killEngine(pid, dir);
  }
  unmountBelow(dir);
  removeBridge(bridge);
  rmSync(dir, { recursive: true, force: true });
}

async function killEngine(pid: number, dir: string): Promise<void> {
  if (pid === 0) return;
  // A container's shim, and a plugin's, is nobody's child, and names the engine's folder.
  const all = [pid, ...namingFolder(dir)].flatMap((one) => [one, ...descendants(one)]);
  for (const task of all) signal(task, "SIGKILL");
  await goneFor(pid, dir);
  forget(pid);
}

/** Waits until a killed dockerd is gone, and takes away its PID file, which would keep the next one from starting. */
async function goneFor(pid: number, dir: string): Promise<void> {
  while (alive(pid)) await sleep(20);
  rmSync(join(dir, "pid"), { force: true });
}

async function makeBridge(): Promise<string> {
  const ip = await need("ip", ["iproute2"]);
  for (let tries = 0; ; tries++) {
    const range = randomInt(64, 128);
    // Named by its addresses, so that the kernel refuses a second bridge with the same ones.
    const name = `us-${range}`;
    try {
      execFileSync(ip, ["link", "add", name, "type", "bridge"], { stdio: "pipe" });
    } catch (error) {
      if (tries > 200) throw error;
      continue;
    }
    try {
      // 100.64.0.0/10 is shared address space (RFC 6598): no home or office network uses it. The rest of the range is
      // for the engine's own networks: engines side by side would run out of Docker's default 31.
      execFileSync(ip, ["address", "add", `100.${range}.0.1/24`, "dev", name], { stdio: "pipe" });
      execFileSync(ip, ["link", "set", name, "up"], { stdio: "pipe" });
      return name;
    } catch (error) {
      removeBridge(name);
      if (tries > 20) throw error;
    }
  }
}

function namingFolder(dir: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${dir}/`)
        ? Number(name)
        : [];
    } catch {
      return []; // ended meanwhile
    }
  });
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
