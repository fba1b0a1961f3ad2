import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { BUSYBOX } from "../services/images.ts";
import { filesBelow, random } from "../support/canary.ts";
import { Containers } from "../support/containers.ts";
import { savePlan } from "../support/in-process.ts";
import { heldLocks } from "../support/locks.ts";
import { expectServed } from "../support/served.ts";
import { changePlan } from "../support/signed.ts";
import type { Ran, World } from "../support/world.ts";
import { engine, newWorld, stored } from "./rig.ts";

const PAGE = 4096;
/** What a proof takes is not what fails here. */
const GRACE = "100ms";
/** A script that stays up, and ends at once when it is stopped. */
export const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
type Doc = {
  Id: string;
  Name: string;
  State: { Running: boolean; Paused: boolean; Pid: number; StartedAt: string };
  Config: unknown;
  HostConfig: unknown;
};

/** A container to be moved, what it was before, and what must be so again. */
export class Subject {
  readonly name: string;
  readonly secrets: { readonly [name: string]: string };
  readonly world: World;
  #before: Doc;

  constructor(
    name: string,
    options: {
      world?: World;
      secrets?: { readonly [name: string]: string };
      more?: readonly string[];
      script?: string;
    } = {},
  ) {
    this.name = name;
    this.world = options.world ?? newWorld();
    this.secrets = options.secrets ?? { DB_PASSWORD: random(18), SESSION_SECRET: random(40) };
    const env = Object.entries(this.secrets).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
    const network = options.more?.includes("--network") ? [] : ["--network", "none"];
    engine.docker(
      "run",
      "-d",
      "--name",
      name,
      ...network,
      "--stop-timeout",
      "1",
      "--restart",
      "unless-stopped",
      ...env,
      ...(options.more ?? []),
      BUSYBOX,
      "sh",
      "-c",
      options.script ?? APP,
    );
    this.#before = this.inspect();
  }

  inspect(name = this.name): Doc {
    return (JSON.parse(engine.docker("inspect", name)) as [Doc])[0];
  }

  /** What a person changed meanwhile is no trace of a run. */
  noteChange(): void {
    this.#before = this.inspect();
  }

  target(to: string, deliver = "shim"): string[] {
    return [`docker:${this.name}`, "--to", to, "--deliver", deliver, "--grace", GRACE];
  }

  migrate(
    to: string,
    deliver?: string,
    env: { [name: string]: string | undefined } = {},
    more: readonly string[] = [],
  ): Promise<Ran> {
    return this.world.unsprawl(["migrate", ...this.target(to, deliver), "--yes", ...more], { env });
  }

  planned(to: string): [sources: string[], options: { to: string; deliver: "shim"; grace: string }] {
    return [[`docker:${this.name}`], { to, deliver: "shim", grace: GRACE }];
  }

  async plan(to: string): Promise<void> {
    await savePlan(this.world, "plan.json", ...this.planned(to));
  }

  /** Makes the plan's record in the journal end so many bytes before a page is full; how many pages it takes then. */
  padPlan(bytes: number): number {
    const file = join(this.world.dir, "plan.json");
    let pages = 0;
    changePlan(this.world, file, (plan) => {
      const padded = (text: string): Plan => ({
        ...plan,
        warnings: [...plan.warnings, { unit: this.name, text }],
      });
      const data = (text: string): object => ({ plan: { ...padded(text), mac: "0".repeat(64) } });
      const record = JSON.stringify({
        at: new Date(),
        step: "run",
        state: "intent",
        data: data(""),
        mac: "0".repeat(64),
      });
      pages = Math.ceil((record.length + 1 + bytes) / PAGE);
      return padded("-".repeat(pages * PAGE - bytes - record.length - 1));
    });
    return pages;
  }

  planId(): string {
    return (JSON.parse(readFileSync(join(this.world.dir, "plan.json"), "utf8")) as { id: string }).id;
  }

  /** The same container, configured as before, up, with its values. `undisturbed`: it was not even stopped. */
  async expectAsBefore(undisturbed = false): Promise<void> {
    const now = this.inspect();
    const { Id, Name, Config, HostConfig, State } = this.#before;
    expect.soft(now).toMatchObject({ Id, Name });
    expect.soft(now.Config).toEqual(Config);
    expect.soft(now.HostConfig).toEqual(HostConfig);
    expect
      .soft({ running: now.State.Running, paused: now.State.Paused })
      .toEqual({ running: State.Running, paused: State.Paused });
    if (undisturbed) expect.soft(now.State.StartedAt).toBe(State.StartedAt);
    await this.expectServing();
  }

  async isUntouched(): Promise<boolean> {
    const { Id, State } = (await new Containers(engine.socket).inspect(this.name)) as unknown as Doc;
    const same = Id === this.#before.Id && State.StartedAt === this.#before.State.StartedAt;
    return same && (await stored(this.name)) === null;
  }

  async expectServing(): Promise<void> {
    await expectServed(engine.docker, this.name, this.secrets);
  }

  async expectNothingLeft(): Promise<void> {
    const names = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    expect.soft(names.filter((one) => one.startsWith(this.name))).toEqual([this.name]);
    expect.soft(await stored(this.name), "in Vault").toBeNull();
    expect
      .soft(
        filesBelow(join(this.world.dir, ".local/share/unsprawl/secrets")).filter((file) => !file.endsWith("ballast")),
        "in the local store",
      )
      .toEqual([]);
    this.expectUnlocked();
    const inMemory = filesBelow(this.world.memory).filter(
      (file) => file.includes("/units/") || file.includes("/bundles/"),
    );
    expect.soft(inMemory, "in memory").toEqual([]);
  }

  expectUnlocked(): void {
    expect.soft(heldLocks(join(this.world.env["XDG_STATE_HOME"] ?? "", "unsprawl")), "locks").toEqual([]);
  }

  remove(): void {
    const names = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    engine.docker("rm", "-f", ...names.filter((one) => one.startsWith(this.name)));
  }
}
