import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { dockerClient, type TestEngine } from "./engine.ts";
import { callEngine } from "./engine-api.ts";
import { after, asPerson, people, PERSON } from "./engines.ts";
import { forget, remember, unmountBelow } from "./running.ts";

export type TestPodman = {
  readonly dir: string;
  readonly socket: string;
  readonly host: string;
  readonly docker: TestEngine["docker"];
  /** Podman's own program on the same containers; `input` is what it reads. */
  readonly podman: (args: readonly string[], input?: string) => string;
  /** The words that its program is called with. */
  readonly command: readonly string[];
  /** All of it ends at this instant, containers too, and what a boot empties is gone. */
  readonly kill: () => Promise<void>;
  /** Its service again; its containers stay as they are. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A real Podman, by its Docker-compatible socket, with folders that go with it: root's, or a person's without root. runc and
 * cgroupfs: crun and systemd's cgroups do not work on hosts with both versions of cgroups.
 */
export async function startPodman({ rootless = false }: { readonly rootless?: boolean } = {}): Promise<TestPodman> {
  const program = await need("podman", ["podman", "conmon", "runc", "netavark"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-podman-"));
  const home = join(dir, "home");
  mkdirSync(home);
  if (rootless) {
    await need("newuidmap", ["uidmap"]);
    chmodSync(dir, 0o711);
    chownSync(home, PERSON, PERSON);
  }
  const docker = dockerClient(await need("docker", ["docker-cli"]), home);
  const socket = join(home, "docker.sock");
  const log = openSync(join(dir, "log"), "a");
  const folders = { "--root": "storage", "--runroot": "run", "--tmpdir": "tmp" };
  const own = Object.entries(folders).flatMap(([flag, name]) => [flag, join(rootless ? home : dir, name)]);
  const settings = ["--runtime=runc", "--cgroup-manager=cgroupfs", "--storage-driver=overlay", "--events-backend=file"];
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, PODMAN_IGNORE_CGROUPSV1_WARNING: "1" };
  const around = rootless ? ["unshare", "--mount", ...after(people({ dir }), [...asPerson, program])] : [program];
  const words = [...around, ...own, ...settings];
  const [first = "", ...rest] = words;
  let child: ChildProcess;
  // It reads from a pipe alone, and Node would give it a socket.
  const podman = (args: readonly string[], input = ""): string =>
    execFileSync("sh", ["-c", 'cat | "$0" "$@"', ...words, ...args], {
      ...{ env, input, encoding: "utf8", stdio: "pipe", cwd: home },
    }).trimEnd();
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
    forget(child.pid ?? 0);
  };
  const start = async (): Promise<void> => {
    child = spawn(first, [...rest, "system", "service", "-t", "0", `unix://${socket}`], {
      ...{ stdio: ["ignore", log, log], env, cwd: home },
    });
    remember(child.pid ?? 0, dir);
    for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
      try {
        await callEngine(socket, "GET", "/version");
        return;
      } catch {
        await sleep(100);
      }
    }
    await stop();
    throw new Error(`podman did not start:\n${readFileSync(join(dir, "log"), "utf8").slice(-2000)}`);
  };
  const kill = async (): Promise<void> => {
    const ids = docker("ps", "-q", "--no-trunc").split("\n").filter(Boolean);
    const inside = ids.map((id) => Number(docker("inspect", id, "--format", "{{.State.Pid}}")));
    await ended("SIGKILL");
    for (const pid of [...processesNaming(dir), ...inside]) kill9(pid);
    unmountBelow(dir);
    const folders = ["run", "tmp"].map((name) => join(rootless ? home : dir, name));
    const ofRunc = ids.map((id) => join(rootless ? home : "/run", "runc", id));
    for (const folder of [...folders, ...ofRunc]) rmSync(folder, { recursive: true, force: true });
  };
  const stop = async (): Promise<void> => {
    const all = await callEngine<readonly { readonly Id: string }[]>(socket, "GET", "/containers/json?all=1").catch(
      () => [],
    );
    for (const { Id } of all)
      await callEngine(socket, "DELETE", `/containers/${Id}?force=1&v=1`).catch(() => undefined);
    if (child.exitCode === null && child.signalCode === null) await ended("SIGTERM");
    unmountBelow(dir);
    rmSync(dir, { recursive: true, force: true });
  };
  await start();
  return { dir, socket, host: `unix://${socket}`, docker, podman, command: words, kill, start, stop };
}

/** Those whose command names this folder: conmon, and in a person's namespace the process that keeps it. */
function processesNaming(dir: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(dir) ? [Number(name)] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function kill9(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone with another.
  }
}
