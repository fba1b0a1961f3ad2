import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { makeImages } from "../services/images.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { becomeSwarm } from "../services/swarm.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { filesBelow, variableCanaries, Watch, type Canary } from "../support/canary.ts";
import { sample } from "../support/deep.ts";
import { layFiles, type Format } from "../support/formats.ts";
import { quiet } from "../support/quiet.ts";
import type { WatchedRan, WatchOptions } from "../support/watched.ts";
import { makeWorld, type World } from "../support/world.ts";
import { runIdOf } from "./stage.ts";

/** What the cases of a file share: a Vault, and an engine that is a swarm where `withSwarm` asks for one. */
export type CaseStage = {
  readonly engine: WorkerEngine | TestEngine;
  readonly bao: OpenBao;
  /** Some of the secrets that it `takes`, drawn. */
  readonly newCase: (takes?: (value: string) => boolean, count?: number) => Case;
};

export function makeCaseStage({ withSwarm }: { readonly withSwarm: boolean }): CaseStage {
  let engine: WorkerEngine | TestEngine;
  let bao: OpenBao;
  const cases: Case[] = [];

  beforeAll(async () => {
    [engine, bao] = await Promise.all([withSwarm ? swarmEngine() : workerEngine(), startOpenBao()]);
  });
  afterAll(async () => {
    for (const one of cases) one.remove();
    await (engine && "stop" in engine ? engine.stop() : engine?.clean());
    await bao?.stop();
  });
  // Each case has its own values for the same applications.
  beforeEach(async () => {
    for (const name of ["0", "web", "worker", "db", "api", "app", "4/github-actions", "shop/api", "shop/worker"])
      await bao.api("DELETE", `secret/metadata/apps/${name}`);
  });

  return {
    get engine() {
      return engine;
    },
    get bao() {
      return bao;
    },
    newCase(takes = () => true, count = 7) {
      const one = new Case(engine.host, bao, takes, count);
      cases.push(one);
      return one;
    },
  };
}

/** A format's secrets in its own folder, and what looks for them. */
export class Case {
  readonly world: World;
  readonly dir: string = mkdtempSync(join(tmpdir(), "unsprawl-app-"));
  readonly canaries: readonly Canary[];
  readonly watch: Watch;

  constructor(host: string, bao: OpenBao, takes: (value: string) => boolean, count: number) {
    this.world = makeWorld(host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    mkdirSync(join(this.world.dir, "tmp"));
    this.world.env["TMPDIR"] = join(this.world.dir, "tmp");
    // Each kind of value goes through a migration in moving.test.ts: here it is the places that count.
    const kinds = variableCanaries().filter(({ value }) => takes(value));
    // The first is a plain password, which fits wherever a test puts one.
    this.canaries = [...kinds.slice(0, 1), ...sample(kinds.slice(1), count - 1)];
    this.watch = new Watch(this.canaries);
  }

  get secrets(): readonly (readonly [string, string])[] {
    return this.canaries.map(({ name, value }) => [name, value]);
  }

  async quiet(args: readonly string[], code: number, options: WatchOptions = {}): Promise<WatchedRan> {
    const ran = await quiet(this.world, this.watch, args, options, this.dir);
    expect(ran.code, `${args.join(" ")}: ${ran.signal ?? ""} ${ran.stderr.slice(-600)}`).toBe(code);
    return ran;
  }

  /** What a run keeps is for its owner alone. */
  expectPrivate(): void {
    for (const file of filesBelow(join(this.world.dir, "state")))
      expect((statSync(file).mode & 0o077).toString(8), file).toBe("0");
  }

  remove(): void {
    this.world.remove();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Plans, applies, shows, undoes, moves again and purges: `gone` looks at what was changed, `back` at what was put back. */
export async function throughAll(
  one: Case,
  sources: readonly string[],
  options: readonly string[],
  gone: () => void,
  back: () => void,
  scrubbed = 0,
): Promise<void> {
  const planned = await one.quiet(["plan", ...sources, ...options, "-o", "a.plan"], 0);
  const { steps } = JSON.parse(readFileSync(join(one.world.dir, "a.plan"), "utf8")) as { steps: { kind: string }[] };
  expect(steps.filter(({ kind }) => kind === "put").length).toBeGreaterThanOrEqual(one.canaries.length);
  await one.quiet(["apply", "a.plan"], 0);
  gone();
  one.expectPrivate();
  const run = runIdOf(planned.stdout);
  for (const log of [[], ["--log"]]) await one.quiet(["runs", run, ...log], 0);
  await one.quiet(["rollback", run], 5, { env: { SOPS_AGE_KEY_FILE: "/nowhere", VAULT_TOKEN: "wrong" } });
  await one.quiet(["rollback", run], 0);
  back();
  const moved = await one.quiet(["migrate", ...sources, ...options, "--yes", "--json"], 0, { sampled: true });
  if (options.includes("file")) await one.quiet(["render", "--all"], 0);
  await one.quiet(["scrub", runIdOf(moved.stdout), "--accept", "key-backup"], scrubbed);
  gone();
}

/** Lays out these formats side by side; their sources. */
export function layAll(one: Case, formats: readonly Format[]): string[] {
  return formats.map((format, at) => {
    const dir = join(one.dir, String(at));
    const secrets = one.secrets.filter(([, value]) => format.takes(value));
    const half = Math.ceil(secrets.length / 2);
    layFiles(dir, format.files(secrets.slice(0, half), secrets.slice(half)));
    return format.source.replace("DIR", dir);
  });
}

/** Values that can stand on one line, without quotes. */
export const plain = (value: string): boolean => /^[\w:/@.?=#!-]{8,200}$/.test(value);

async function swarmEngine(): Promise<TestEngine> {
  const engine = await startEngine();
  await makeImages(engine);
  await becomeSwarm(engine);
  return engine;
}
