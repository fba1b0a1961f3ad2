import { spawnSync, type SpawnSyncOptionsWithStringEncoding } from "node:child_process";

type Mount = {
  readonly type: string;
  readonly source?: string;
  readonly target: string;
  readonly bind?: { readonly create_host_path?: boolean };
};
export type Service = {
  readonly image?: string;
  readonly build?: unknown;
  readonly entrypoint?: readonly string[] | null;
  readonly command?: readonly string[] | null;
  readonly environment?: { readonly [name: string]: string | null } | null;
  readonly healthcheck?: { readonly test?: readonly string[] | null };
  readonly volumes?: readonly Mount[];
  readonly devices?: readonly unknown[];
  readonly privileged?: boolean;
  readonly pid?: string;
  readonly [other: string]: unknown;
};
type External = { readonly name?: string; readonly external?: boolean; readonly file?: string };

/** What `docker compose config` prints. */
export type Config = {
  readonly name: string;
  readonly services?: { readonly [name: string]: Service };
  readonly volumes?: {
    readonly [name: string]: (External & { readonly driver_opts?: { readonly [name: string]: string } }) | null;
  };
  readonly networks?: { readonly [name: string]: External | null };
  readonly secrets?: { readonly [name: string]: External | null };
  readonly configs?: { readonly [name: string]: External | null };
};

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, seconds = 60): Ran {
  const options: SpawnSyncOptionsWithStringEncoding = {
    cwd,
    env,
    encoding: "utf8",
    timeout: seconds * 1000,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
  };
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  return {
    code: status,
    stdout: stdout ?? "",
    stderr: `${stderr ?? ""}${error === undefined ? "" : `\n${error.message}`}`,
  };
}

export const composeArgs = (file: string | null, ...args: string[]): string[] => [
  "compose",
  ...(file === null ? [] : file.split(":").flatMap((one) => ["-f", one])),
  ...args,
];

/** What Compose makes of the project, null if it refuses, and what it said. */
export function compose(
  folder: string,
  file: string | null,
  env: NodeJS.ProcessEnv,
  options: readonly string[] = [],
): { config: Config | null; said: string } {
  const ran = run("docker", composeArgs(file, ...options, "config", "--format", "json"), folder, env);
  return { config: ran.code === 0 ? (JSON.parse(ran.stdout) as Config) : null, said: ran.stderr };
}
