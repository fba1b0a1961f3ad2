import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type DemoEngine = {
  /** The environment that reaches the engine: DOCKER_HOST if the demo started it. */
  readonly env: { readonly [name: string]: string };
  /** Runs the engine's command-line client; throws with its output. */
  docker(args: readonly string[], input?: Buffer): string;
  stop(dir: string): void;
};

const SBIN = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;

/**
 * The engine that is reachable (as root on its host); otherwise, as root on Debian or Ubuntu, the distribution's
 * engine, started privately.
 */
export async function demoEngine(dir: string, say: (text: string) => void): Promise<DemoEngine> {
  if (process.getuid?.() !== 0)
    throw new Error("run it as root: giving files to containers needs it (sudo npm run demo)");
  if (process.env["DOCKER_HOST"] || existsSync("/var/run/docker.sock")) {
    const there = engineAt({}, () => undefined);
    try {
      say(`Engine: the one that is reachable, version ${versionOf(there)}.`);
      return there;
    } catch {
      say("The engine that is set up does not answer.");
    }
  }
  if (!has("dockerd") || !has("docker")) installEngine(say);
  return startPrivately(dir, say);
}

function installEngine(say: (text: string) => void): void {
  if (!has("apt-get"))
    throw new Error("no engine is reachable, and this is neither Debian nor Ubuntu: start one and set DOCKER_HOST");
  say("There is no engine here: apt-get install docker.io");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]): void => {
    const done = spawnSync("apt-get", args, { env, encoding: "utf8" });
    if (done.status !== 0)
      throw new Error(`apt-get ${args.join(" ")} failed: ${done.stderr.trim().split("\n").at(-1) ?? ""}`);
  };
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", "docker.io", "iptables", "ca-certificates");
  // Debian 13 has the client in a separate package.
  if (!has("docker")) apt("install", "-y", "-qq", "--no-install-recommends", "docker-cli");
}

async function startPrivately(dir: string, say: (text: string) => void): Promise<DemoEngine> {
  const home = join(dir, "engine");
  mkdirSync(home);
  writeFileSync(join(home, "daemon.json"), "{}\n");
  const socket = join(home, "docker.sock");
  const log = openSync(join(home, "log"), "a");
  // In a separate network: an engine without a bridge removes `docker0` from any other engine on the host.
  const child = spawn(
    "unshare",
    [
      "--net",
      "--",
      "dockerd",
      "--host",
      `unix://${socket}`,
      "--data-root",
      join(home, "data"),
      "--exec-root",
      join(home, "exec"),
      "--pidfile",
      join(home, "pid"),
      "--config-file",
      join(home, "daemon.json"),
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
    ],
    { stdio: ["ignore", log, log], env: { ...process.env, PATH: SBIN } },
  );
  const failed = new Promise<null>((done) => child.on("error", () => done(null)));
  const stop = (): void => {
    child.kill("SIGTERM");
    // It unmounts its containers' mounts; waited for, so that its folder can be removed.
    for (let tries = 0; tries < 100 && running(child.pid ?? 0); tries++) execFileSync("sleep", ["0.1"]);
  };
  const engine = engineAt({ DOCKER_HOST: `unix://${socket}` }, stop);
  for (let tries = 0; tries < 200; tries++) {
    try {
      say(`Engine: version ${versionOf(engine)}, started for the demo only.`);
      return engine;
    } catch {
      if (child.exitCode !== null || (await Promise.race([failed, sleep(100, true)])) === null) break;
    }
  }
  throw new Error(`dockerd did not start: ${readFileSync(join(home, "log"), "utf8").trim().split("\n").at(-1) ?? ""}`);
}

function engineAt(env: { readonly [name: string]: string }, stop: (dir: string) => void): DemoEngine {
  return {
    env,
    stop,
    docker(args, input) {
      const done = spawnSync("docker", args, { env: { ...process.env, ...env }, input, maxBuffer: 1 << 28 });
      if (done.status !== 0)
        throw new Error(
          `docker ${args[0] ?? ""}: ${done.stderr?.toString().trim() || "the client could not be started"}`,
        );
      return done.stdout.toString("utf8");
    },
  };
}

function versionOf(engine: DemoEngine): string {
  return engine.docker(["version", "-f", "{{.Server.Version}}"]).trim();
}

function has(program: string): boolean {
  return SBIN.split(":").some((dir) => existsSync(join(dir, program)));
}

function running(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
