import { execFileSync } from "node:child_process";
import { afterAll, beforeAll } from "vitest";
import { which } from "../services/apt.ts";
import { BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

export const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();

export type Report = {
  readonly findings: readonly { readonly [key: string]: unknown }[];
  readonly groups: readonly { readonly count: number }[];
  readonly summary: { readonly [key: string]: unknown };
};

export const reportOf = (ran: Ran): Report => JSON.parse(ran.stdout) as Report;

/** Docker's own client at an engine. */
export function dockerAt(host: string, { dir }: Pick<World, "dir">): (...args: string[]) => string {
  return (...args) =>
    execFileSync(which("docker") ?? "docker", args, {
      env: { PATH: process.env["PATH"], HOME: dir, DOCKER_HOST: host },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trimEnd();
}

/** Three containers of the worker's engine, never started: PREFIX-one, PREFIX-two (the same password, and a token), PREFIX-clean. */
export async function containers(prefix: string): Promise<{
  readonly world: World;
  readonly docker: (...args: string[]) => string;
  /** The test's own containers as they are now: for "nothing was changed". */
  readonly standing: () => string;
}> {
  const { host } = await workerEngine();
  const world = makeWorld(host);
  const docker = dockerAt(host, world);
  const all = {
    one: { DB_PASSWORD, LOG_LEVEL: "info" },
    two: { DB_PASSWORD, API_TOKEN },
    clean: { LOG_LEVEL: "info" },
  };
  beforeAll(() => {
    for (const [name, env] of Object.entries(all)) {
      const variables = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
      docker("create", "--name", `${prefix}-${name}`, "--network", "none", ...variables, BUSYBOX, "true");
    }
  });
  afterAll(() => {
    docker("rm", "-f", ...Object.keys(all).map((name) => `${prefix}-${name}`));
    world.remove();
  });
  const standing = (): string =>
    docker("ps", "-a", "--no-trunc", "--filter", `name=^/${prefix}-`, "--format", "{{.ID}} {{.Names}} {{.State}}");
  return { world, docker, standing };
}
