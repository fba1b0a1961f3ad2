import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { APP } from "../services/images.ts";
import type { OpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { track } from "../support/children.ts";
import { plantedIn } from "../support/planted.ts";
import type { World } from "../support/world.ts";

type EngineClient = { readonly docker: (...args: string[]) => string };

/** Starts an application with a secret and moves it into OpenBao; gives the secret. */
export async function migrated(
  { docker }: EngineClient,
  world: World,
  app: {
    readonly name: string;
    readonly image: string;
    readonly deliver: string;
    readonly more?: readonly string[];
    readonly command?: readonly string[];
  },
): Promise<string> {
  const { name, image, deliver, more = [], command = APP } = app;
  const value = random(24);
  world.plant({ [`${name} API_TOKEN`]: value });
  docker("run", "-d", "--name", name, "--restart", "always", "-e", `API_TOKEN=${value}`, ...more, image, ...command);
  const args = ["migrate", `docker:${name}`, "--to", "vault", "--deliver", deliver, "--grace", "100ms", "--yes"];
  const { code, stdout, stderr } = await world.unsprawl(args);
  expect(code, stderr + stdout).toBe(0);
  return value;
}

/** What the application's process has in its environment; nothing while it is down, or just being started. */
export function valueIn({ docker }: EngineClient, name: string): string {
  try {
    const entries = readFileSync(`/proc/${docker("inspect", "-f", "{{.State.Pid}}", name)}/environ`, "utf8").split(
      "\0",
    );
    return entries.find((entry) => entry.startsWith("API_TOKEN="))?.slice("API_TOKEN=".length) ?? "";
  } catch {
    return "";
  }
}

/** A new value in OpenBao, beside what else is at this path. */
export async function change(bao: OpenBao, world: World, name: string): Promise<string> {
  const value = random(24);
  world.plant({ [`a later ${name} API_TOKEN ${randomBytes(3).toString("hex")}`]: value });
  await bao.api("PATCH", `secret/data/apps/${name}`, { data: { API_TOKEN: value } });
  return value;
}

/** What a reboot does to tmpfs. */
export function emptyMemory(world: World): void {
  for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true, force: true });
}

export type RunningAgent = {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Ends it and gives its exit code; fails if it printed a value. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
};

/** `unsprawl agent`, until it is ended. */
export function startAgent(world: World, ...args: string[]): RunningAgent {
  const [program = "", ...words] = world.program;
  const child = spawn(program, [...words, "agent", ...args], {
    cwd: world.dir,
    env: world.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  track(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const ended = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  return {
    child,
    output: () => output,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      const code = await ended;
      expect(plantedIn(output), "the agent's output shows values").toEqual([]);
      return code;
    },
  };
}
