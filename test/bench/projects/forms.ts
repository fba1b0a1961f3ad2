import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestEngine } from "../../services/engine.ts";
import { Unfit } from "./fill.ts";
import type { Project } from "./find.ts";
import { withoutWaits } from "./quicker.ts";
import { composeArgs, run, type Config, type Ran } from "./tools.ts";

/** How a project is brought up and taken down. */
export type Form = {
  readonly isSwarm: boolean;
  readonly source: (project: Project) => string;
  /** What stands in the shell of whoever brings it up. */
  readonly env: (copy: string) => { readonly [name: string]: string };
  /** Throws `Unfit` if it does not come up. */
  readonly start: (project: Project, copy: string, config: Config, env: NodeJS.ProcessEnv, engine: TestEngine) => void;
  /** What is left to do by hand after a migration. */
  readonly again: Form["start"];
  readonly end: (project: Project, copy: string, env: NodeJS.ProcessEnv, engine: TestEngine) => void;
};

export const COMPOSE: Form = {
  isSwarm: false,
  source: ({ file }) => `compose:${file ?? "."}`,
  env: () => ({}),
  start(project, copy, _config, env, engine) {
    const start = (): Ran =>
      run("docker", composeArgs(project.file, "up", "-d", "--no-build", "--pull", "never"), copy, env, 100);
    let up = start();
    // A stand-in listens on no port.
    const isWaiting = /is unhealthy|has no healthcheck configured/.test(up.stderr);
    if (up.code !== 0 && isWaiting && withoutWaits(copy)) up = start();
    if (up.code !== 0) throw new Unfit(`up: ${lastLine(up.stderr)}`);
    // A check that always fails has done so long before anybody migrates.
    for (let tries = 0; tries < 15 && engine.docker("ps", "-q", "--filter", "health=starting") !== ""; tries++)
      run("sleep", ["1"], copy, env);
  },
  again: () => undefined,
  end(project, copy, env) {
    const down = composeArgs(project.file, "down", "-v", "-t", "0", "--remove-orphans");
    run("docker", down, existsSync(copy) ? copy : "/", env);
  },
};

const STACK_NAME = "stack";

/** A stack's file takes its variables from the shell alone: here the `.env` that the project was given stands in it. */
export const STACK: Form = {
  isSwarm: true,
  source: ({ file }) => `compose:${file ?? "docker-compose.yml"}`,
  env: variablesIn,
  start: deploy,
  again: deploy,
  end(_project, copy, env, engine) {
    run("docker", ["stack", "rm", STACK_NAME], existsSync(copy) ? copy : "/", env);
    for (let tries = 0; tries < 30 && engine.docker("ps", "-aq") !== ""; tries++) run("sleep", ["1"], "/", env);
    for (const kind of ["secret", "config"]) {
      const ids = engine.docker(kind, "ls", "-q").split("\n").filter(Boolean);
      if (ids.length > 0) engine.docker(kind, "rm", ...ids);
    }
  },
};

/** Deploys, and waits until each service has all its tasks. */
function deploy({ file }: Project, copy: string, _config: Config, env: NodeJS.ProcessEnv, engine: TestEngine): void {
  const up = run(
    "docker",
    ["stack", "deploy", "--resolve-image", "never", "-c", file ?? "docker-compose.yml", STACK_NAME],
    copy,
    env,
  );
  if (up.code !== 0) throw new Unfit(`deploy: ${lastLine(up.stderr)}`);
  for (let tries = 0; ; tries++) {
    const counts = engine.docker("service", "ls", "--format", "{{.Name}} {{.Replicas}}").split("\n").filter(Boolean);
    const waiting = counts.filter((one) => !/ (\d+)\/\1( |$)/.test(one) || isUpdating(engine, one.split(" ")[0] ?? ""));
    if (waiting.length === 0) return;
    if (tries > 40) throw new Unfit(`deploy: no tasks: ${waiting.join(", ")}`);
    run("sleep", ["1"], copy, env);
  }
}

/** Until then its old tasks run. */
const isUpdating = (engine: TestEngine, service: string): boolean =>
  engine.docker("service", "inspect", "-f", "{{json .UpdateStatus}}", service).includes('"updating"');

/** As Compose reads them: `${NAME}` is one of the lines above. */
function variablesIn(copy: string): { [name: string]: string } {
  const file = join(copy, ".env");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const found: { [name: string]: string } = {};
  for (const [, name = "", , value = ""] of text.matchAll(/^(?:export )?(\w+)=(["']?)(.*?)\2(?:\s+#.*)?\s*$/gm))
    found[name] = value.replaceAll(/\$\{(\w+)\}/g, (all, of: string) => found[of] ?? all);
  return found;
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
