import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Change } from "../../src/model/change.ts";
import { MAIN, type World } from "../support/world.ts";

export type Told = ({ readonly type: "change" } & Change) | { readonly type: "scan"; readonly why: string };

export type Follower = {
  readonly pid: number;
  /** What it has told so far. */
  readonly told: readonly Told[];
  readonly stderr: string;
  /** `kind name subject` of every change so far. */
  changes(): string[];
  /** Waits until this holds of what it has told; fails with all that it said when it never does. */
  until(holds: (told: readonly Told[]) => boolean): Promise<void>;
  /** Its resident set, in MiB. */
  memory(): number;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Starts `unsprawl watch … --json` and reads what it tells. */
export function follow(world: World, args: readonly string[], nodeArgs: readonly string[] = []): Follower {
  const child = spawn(process.execPath, [...nodeArgs, MAIN, "watch", ...args, "--json"], {
    cwd: world.dir,
    env: world.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const told: Told[] = [];
  let held = "";
  let stderr = "";
  let woken: () => void = () => undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (held + text).split("\n");
    held = lines.pop() ?? "";
    told.push(...lines.map((line) => JSON.parse(line) as Told));
    woken();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    woken();
  });
  const ended = new Promise<number | null>((done) =>
    child.on("close", (code) => {
      done(code);
      woken();
    }),
  );
  return {
    pid: child.pid ?? 0,
    told,
    get stderr() {
      return stderr;
    },
    changes: () =>
      told.flatMap((one) =>
        one.type === "change" ? [`${one.kind} ${one.finding.name} ${one.finding.location.subjectName}`] : [],
      ),
    async until(holds) {
      const end = Date.now() + 120_000;
      while (!holds(told)) {
        if (Date.now() > end || child.exitCode !== null)
          throw new Error(`it never held (exit ${child.exitCode}): ${JSON.stringify(told).slice(-2000)}\n${stderr}`);
        await new Promise<void>((done) => {
          woken = done;
          setTimeout(done, 200);
        });
      }
    },
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
  };
}
