import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { UnsprawlError } from "../model/error.ts";

/** Where a project is and how Compose is called for it. */
export type ProjectCall = {
  readonly name: string;
  readonly dir: string;
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
};

/** Docker Compose, called as a person would. */
export type ComposeCli = {
  /** The resolved project as Compose prints it; holds values, stays in memory. Throws `malformed` with what Compose says. */
  config(call: ProjectCall): Promise<ComposeConfig>;
  /**
   * What Compose would do if it brought these services up now, by container: `recreate`, or `touch` for anything else it
   * would do. Null when it cannot tell without doing it (it copies configs into containers, which a dry run has not).
   */
  foresee(call: ProjectCall, services: readonly string[]): Promise<ReadonlyMap<string, "recreate" | "touch"> | null>;
  /**
   * Makes the containers of these services as the files say, and starts them when `start`. Touches no other service:
   * `own` are the names of their containers.
   */
  up(
    call: ProjectCall,
    services: readonly string[],
    start: boolean,
    scale: ReadonlyMap<string, number>,
    own: ReadonlySet<string>,
  ): Promise<void>;
};

export type ComposeConfig = { readonly services: { readonly [name: string]: ServiceConfig } } & Open;
export type Open = { readonly [key: string]: unknown };
export type ServiceConfig = Open & { readonly environment?: { readonly [name: string]: string | null } | null };

/**
 * Finds Docker Compose 2: the client's plugin, or `docker-compose`. `host` is what DOCKER_HOST is for it. Throws `absent`
 * when there is none.
 */
export function composeCli(env: NodeJS.ProcessEnv, host: string | null, redact: (text: string) => string): ComposeCli {
  const program = find(env);
  if (program === null)
    throw new UnsprawlError(
      "absent",
      "Docker Compose is not on this machine, so that nothing can be proven or moved in a Compose project",
      "install the Compose plugin (docker compose version shows it)",
    );
  const run = async (call: ProjectCall, args: readonly string[], both = false): Promise<string> => {
    const argv = [
      ...program.slice(1),
      ...["--project-name", call.name, "--project-directory", call.dir],
      ...call.files.flatMap((file) => ["--file", file]),
      ...call.envFiles.flatMap((file) => ["--env-file", file]),
      ...call.profiles.flatMap((profile) => ["--profile", profile]),
      ...args,
    ];
    const own = {
      ...env,
      ...(host === null ? {} : { DOCKER_HOST: host }),
      COMPOSE_ANSI: "never",
      COMPOSE_PROGRESS: "plain",
    };
    const { code, out, err } = await output(program[0] ?? "docker", argv, own, call.dir);
    if (code === 0) return both ? out + err : out;
    const said = redact(err.trim()).split("\n").slice(-4).join("; ");
    throw new UnsprawlError(
      "failed",
      `docker compose ${args[0] ?? ""}: ${said}`,
      `cd ${call.dir} && docker compose ${args[0] ?? ""}`,
    );
  };
  const foresee: ComposeCli["foresee"] = async (call, services) => {
    const said = await run(call, ["up", "--dry-run", "--detach", ...UP, ...services], true).catch(() => null);
    if (said === null) return null;
    // ` DRY-RUN MODE -  Container NAME  Recreate`; one in between has the old one's id in front of its name.
    const found = new Map<string, "recreate" | "touch">();
    for (const [, name = "", what = ""] of said.matchAll(/Container (?:[0-9a-f]{12}_)?(\S+)\s+(\w+)/g)) {
      if (what.startsWith("Recreat")) found.set(name, "recreate");
      else if (!/^(Running|Waiting|Healthy)$/.test(what) && !found.has(name)) found.set(name, "touch");
    }
    return found;
  };
  return {
    async config(call) {
      return JSON.parse(await run(call, ["config", "--format", "json"])) as ComposeConfig;
    },
    foresee,
    async up(call, services, start, scale, own) {
      const scales = [...scale].flatMap(([service, count]) => ["--scale", `${service}=${count}`]);
      // `--no-deps` changes what Compose remembers of a service with `depends_on`, so that its next `up` would make it
      // anew once more: it is used only when somebody else would be touched without it.
      const others = [...((await foresee(call, services)) ?? [["", "touch"]])].filter(([name]) => !own.has(name ?? ""));
      const alone = !start || others.length > 0 ? ["--no-deps"] : [];
      await run(call, ["up", start ? "--detach" : "--no-start", ...alone, ...UP, ...scales, ...services]);
    },
  };
}

/** Nothing is built or pulled: only what was asked for. */
const UP = ["--no-build", "--pull", "never"] as const;

/** Where the client looks for plugins besides the home folder. Source: docker/cli cli-plugins/manager. */
const PLUGINS = [
  "/usr/local/lib/docker/cli-plugins",
  "/usr/local/libexec/docker/cli-plugins",
  "/usr/lib/docker/cli-plugins",
  "/usr/libexec/docker/cli-plugins",
];

function find(env: NodeJS.ProcessEnv): readonly string[] | null {
  const home = env["DOCKER_CONFIG"] ?? (env["HOME"] ? join(env["HOME"], ".docker") : null);
  const folders = [...(home === null ? [] : [join(home, "cli-plugins")]), ...PLUGINS];
  const path = (env["PATH"] ?? "").split(delimiter).filter(Boolean);
  for (const dir of [...folders, ...path]) {
    const program = join(dir, "docker-compose");
    // The plugin can be called by itself; it is asked for what is version 2 only.
    if (executable(program)) return [program];
  }
  return null;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function output(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out?.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err?.push(chunk));
    child.on("error", (error) => fail(new UnsprawlError("failed", `cannot run ${program}`, null, error.name)));
    child.on("close", (code) =>
      done({
        code: code ?? 1,
        out: Buffer.concat(out ?? []).toString("utf8"),
        err: Buffer.concat(err ?? []).toString("utf8"),
      }),
    );
  });
}
