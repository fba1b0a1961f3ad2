import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { need } from "./apt.ts";
import { dockerClient, type TestEngine } from "./engine.ts";
import { callEngine } from "./engine-api.ts";
import { forget, remember, unmountBelow } from "./running.ts";

export type TestPodman = {
  readonly dir: string;
  readonly socket: string;
  readonly host: string;
  readonly docker: TestEngine["docker"];
  /** Podman's own program on the same containers; `input` is what it reads. */
  readonly podman: (args: readonly string[], input?: string) => string;
  readonly stop: () => Promise<void>;
};

/**
 * A real Podman as root, by its Docker-compatible socket, with folders that go with it. runc and cgroupfs: crun and systemd's
 * cgroups do not work on hosts with both versions of cgroups.
 */
export async function startPodman(): Promise<TestPodman> {
  const program = await need("podman", ["podman", "conmon", "runc", "netavark"]);
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-podman-"));
  mkdirSync(join(dir, "home"));
  const docker = dockerClient(await need("docker", ["docker-cli"]), dir);
  const socket = join(dir, "docker.sock");
  const log = openSync(join(dir, "log"), "a");
  const own = ["--root", join(dir, "storage"), "--runroot", join(dir, "run"), "--tmpdir", join(dir, "tmp")];
  const how = [
    "--runtime",
    "runc",
    "--cgroup-manager",
    "cgroupfs",
    "--storage-driver",
    "overlay",
    "--events-backend",
    "file",
  ];
  const env = { ...process.env, HOME: dir, PODMAN_IGNORE_CGROUPSV1_WARNING: "1" };
  const child = spawn(program, [...own, ...how, "system", "service", "-t", "0", `unix://${socket}`], {
    stdio: ["ignore", log, log],
    env,
  });
  // It reads from a pipe alone, and Node would give it a socket.
  const podman = (args: readonly string[], input = ""): string =>
    execFileSync("sh", ["-c", 'cat | "$0" "$@"', program, ...own, ...how, ...args], {
      ...{ env, input, encoding: "utf8", stdio: "pipe" },
    }).trimEnd();
  remember(child.pid ?? 0, dir);
  const stop = async (): Promise<void> => {
    const all = await callEngine<readonly { readonly Id: string }[]>(socket, "GET", "/containers/json?all=1").catch(
      () => [],
    );
    for (const { Id } of all)
      await callEngine(socket, "DELETE", `/containers/${Id}?force=1&v=1`).catch(() => undefined);
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
    forget(child.pid ?? 0);
    unmountBelow(dir);
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    try {
      await callEngine(socket, "GET", "/version");
      return { dir, socket, host: `unix://${socket}`, docker, podman, stop };
    } catch {
      await sleep(100);
    }
  }
  await stop();
  throw new Error(`podman did not start:\n${readFileSync(join(dir, "log"), "utf8").slice(-2000)}`);
}
