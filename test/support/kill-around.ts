import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { composeCli } from "../services/compose.ts";
import type { TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import type { OpenBao } from "../services/openbao.ts";
import { random } from "./canary.ts";
import { track } from "./children.ts";
import { savePlan, stateOf } from "./in-process.ts";
import { expectServed } from "./served.ts";
import { MAIN, type World } from "./world.ts";

/** Goes on when it is asked to stop, until it is killed: the longest phase of a migration is then the stop. */
const STUBBORN = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"];
const STOP_SECONDS = 4;
/** Not `unless-stopped`: an engine that was killed stops what it finds running, and takes that for a stop by hand (moby 26.1). */
const UP = "true always";

export type KillForm = "container" | "Compose";
export type Bystanders = {
  readonly engine: TestEngine;
  readonly bao: OpenBao;
  readonly world: World;
  /** Otherwise by a start script. */
  readonly deliver?: "volume";
};

/** An application that is up, that always restarts, and is migrated to Vault. */
export class KilledSubject {
  readonly name: string;
  readonly container: string;
  readonly #value = random(20);
  readonly #around: Bystanders;
  readonly #form: KillForm;
  run = "";

  constructor(name: string, form: KillForm, around: Bystanders) {
    this.name = name;
    this.container = form === "container" ? name : `${name}-web-1`;
    this.#around = around;
    this.#form = form;
    around.world.plant({ [`${name} API_TOKEN`]: this.#value });
  }

  /** Starts it, and plans its migration. */
  async begin(isStubborn: boolean): Promise<this> {
    const { engine, world, deliver = "shim" } = this.#around;
    const command = isStubborn ? STUBBORN : APP;
    const seconds = String(STOP_SECONDS);
    if (this.#form === "container") {
      const how = ["--network", "none", "--restart", "always", "--stop-timeout", seconds];
      engine.docker("run", "-d", "--name", this.name, ...how, "-e", `API_TOKEN=${this.#value}`, BUSYBOX, ...command);
    } else {
      const dir = join(world.dir, this.name);
      mkdirSync(dir);
      const web = {
        ...{ image: BUSYBOX, network_mode: "none", restart: "always", stop_grace_period: `${seconds}s` },
        ...{ command: command.map((word) => word.replaceAll("$", "$$$$")), environment: { API_TOKEN: this.#value } },
      };
      writeFileSync(join(dir, "compose.yaml"), JSON.stringify({ services: { web } }));
      execFileSync(await composeCli(), ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
    }
    const options = { to: "vault", deliver, grace: "100ms" };
    this.run = await savePlan(world, `${this.name}.json`, [`docker:${this.container}`], options);
    return this;
  }

  /** Applies the plan, and calls `strike` when `isDue`; whether the program was still at work then. */
  async applyUntil(
    isDue: () => boolean | Promise<boolean>,
    strike: (pid: number) => void | Promise<void>,
  ): Promise<boolean> {
    const { dir, env } = this.#around.world;
    const child = spawn(process.execPath, [MAIN, "apply", `${this.name}.json`, "--yes"], {
      cwd: dir,
      env,
      stdio: "ignore",
    });
    track(child);
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    while (!isOver() && !(await isDue())) await sleep(20);
    const wasAtWork = !isOver();
    if (wasAtWork) await strike(child.pid ?? 0);
    await ended;
    return wasAtWork;
  }

  /** Whether the engine has been asked to stop the old container, which has not ended yet. */
  isStopping(): boolean {
    return this.#state() === "true no";
  }

  /** Whether the run's journal has come to a step that has this text in its name. */
  isAt(step: string): boolean {
    try {
      const file = join(this.#around.world.dir, "state/unsprawl/runs", `${this.run}.jsonl`);
      const names = [...readFileSync(file, "utf8").matchAll(/^\{"at":"[^"]*","step":"([^"]*)"/gm)];
      return names.some(([, name = ""]) => name.includes(step));
    } catch {
      return false; // not begun yet
    }
  }

  /** Ends the run by this verb, and expects the application up, wherever its value is. False if the run never began. */
  async finish(verb: "resume" | "rollback"): Promise<boolean> {
    const { engine, bao, world } = this.#around;
    const was = stateOf(world, this.run);
    if (was === null) return false;
    const ended = await world.unsprawl([verb, this.run]);
    const now = stateOf(world, this.run);
    const what = `${verb} of ${this.run} (${was}, now ${now})`;
    expect(ended.code, `${what}: ${ended.stderr}${ended.stdout}`).toBe(0);
    // Nothing was left to do, so that nobody but the engine has started it again, which takes a moment.
    if (was === now) await expect.poll(() => this.isUp()).toBe(true);
    this.expectUp(what);
    await expectServed(engine.docker, this.container, { API_TOKEN: this.#value });
    const path = this.#form === "container" ? this.name : `${this.name}/web`;
    const stored = await bao.api("GET", `secret/data/apps/${path}`).catch(() => null);
    const isMoved = now === "done";
    expect(stored !== null, what).toBe(isMoved);
    expect(engine.docker("inspect", this.container).includes(this.#value), what).toBe(!isMoved);
    return true;
  }

  /** It runs, and would again after a restart of the engine. */
  expectUp(what = this.run): void {
    expect(this.#state(), what).toBe(UP);
  }

  isUp(): boolean {
    return this.#state() === UP;
  }

  #state(): string {
    const state = "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}";
    return this.#around.engine.docker("inspect", "-f", state, this.container);
  }

  clear(): void {
    const { engine } = this.#around;
    const names = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    const own = names.filter((one) => one === this.container || one.startsWith(`${this.container}-`));
    if (own.length > 0) engine.docker("rm", "-f", ...own);
  }
}
