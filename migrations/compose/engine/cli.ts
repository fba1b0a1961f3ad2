import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

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
   * What Compose would do if it brought these services up now, by container. Null when it cannot tell without doing it (it
   * copies configs into containers, which a dry run has not).
   */
  foresee(call: ProjectCall, services: readonly string[]): Promise<ComposeForecast | null>;
  /**
   * Creates the containers of these services as the files say, and starts none: `stopped` is for services that stay
   * stopped. Touches no other service: `own` are the names of their containers, `copies` how many each has.
   */
  up(
    call: ProjectCall,
    services: readonly string[],
    how: "create" | "stopped",
    copies: ReadonlyMap<string, number>,
    own: ReadonlySet<string>,
  ): Promise<void>;
};

/** By a container's name: it stays, is replaced, does not exist yet, or is started, stopped or removed (`touch`). */
export type ComposeForecast = ReadonlyMap<string, "keep" | "recreate" | "create" | "touch">;

export type ComposeConfig = { readonly services: { readonly [name: string]: ServiceConfig } } & JsonObject;
export type ServiceConfig = JsonObject & { readonly environment?: { readonly [name: string]: string | null } | null };

/**
 * Finds Docker Compose 2: the client's plugin, or `docker-compose`. `env` is all that it gets of the environment, `host`
 * what DOCKER_HOST is for it. Throws `absent` when there is none.
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
    const own = { ...OURS, ...env, ...(host === null ? {} : { DOCKER_HOST: host }), ...QUIET };
    const { code, out, err } = await output(
      program[0] ?? "docker",
      argv,
      own,
      call.dir,
      READS.test(args.join(" ")) ? READ_LIMIT : 0,
    );
    if (code === 0) return both ? out + err : out;
    const said = redact(err.trim()).split("\n").slice(-4).join("; ");
    throw new UnsprawlError(
      "failed",
      `docker compose ${args[0] ?? ""}: ${said}`,
      cmd`cd ${call.dir} && docker compose ${args[0] ?? ""}`,
    );
  };
  const foresee: ComposeCli["foresee"] = async (call, services) => {
    const said = await run(call, ["up", "--dry-run", "--detach", ...UP, ...services], true).catch(() => null);
    if (said === null) return null;
    // ` DRY-RUN MODE -  Container NAME  Recreate`; one in between has the old one's id in front of its name.
    const found = new Map<string, "keep" | "recreate" | "create" | "touch">();
    for (const [, name = "", what = ""] of said.matchAll(/Container (?:[0-9a-f]{12}_)?(\S+)\s+(\w+)/g)) {
      const known = found.get(name) ?? "keep";
      if (what.startsWith("Recreat")) found.set(name, "recreate");
      else if (what.startsWith("Creat") && known !== "recreate") found.set(name, "create");
      else if (!/^(Running|Waiting|Healthy)$/.test(what) && known === "keep") found.set(name, "touch");
      else found.set(name, known);
    }
    return found;
  };
  return {
    async config(call) {
      return JSON.parse(await run(call, ["config", "--format", "json"])) as ComposeConfig;
    },
    foresee,
    async up(call, services, how, copies, own) {
      // `--no-deps` changes what Compose remembers of a service with `depends_on`, so that its next `up` would make it
      // anew once more: it is used only when somebody else would be touched without it.
      const foreseen = (await foresee(call, services)) ?? new Map([["", "touch"]]);
      const others = [...foreseen].filter(([name, what]) => what !== "keep" && !own.has(name));
      const alone = how === "stopped" || others.length > 0 ? ["--no-deps"] : [];
      // Said only where Compose would take another number, since it is remembered too.
      const more = others.some(([, what]) => what === "create");
      const scales = [...copies].flatMap(([service, count]) =>
        count > 1 || more ? ["--scale", `${service}=${count}`] : [],
      );
      await run(call, ["up", "--no-start", ...alone, ...UP, ...scales, ...services]);
    },
  };
}

/** Nothing is built or pulled: only what was asked for. */
const UP = ["--no-build", "--pull", "never"] as const;

/**
 * A project's `.env` sets for Compose itself whatever its environment does not have. These are the user's to choose: empty
 * is as good as not set, and cannot be set any more.
 */
const OURS: { readonly [name: string]: string } = {
  ...{ DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_CONFIG: "", DOCKER_CERT_PATH: "", DOCKER_TLS_VERIFY: "" },
  ...{ DOCKER_TLS: "", DOCKER_API_VERSION: "", LD_PRELOAD: "", LD_LIBRARY_PATH: "" },
};
/** What it may not do besides, and how it prints. */
const QUIET: { readonly [name: string]: string } = {
  ...{ COMPOSE_REMOVE_ORPHANS: "false", COMPOSE_EXPERIMENTAL_GIT_REMOTE: "false", COMPOSE_MENU: "false" },
  ...{ COMPOSE_EXPERIMENTAL_OCI_REMOTE: "false", COMPOSE_ANSI: "never", COMPOSE_PROGRESS: "plain" },
};

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

/** What only reads the project's files: those that include each other twice keep Compose busy for good. */
const READS = /^config |^up --dry-run /;
const READ_LIMIT = 120_000;

function output(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  timeout: number,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      ...{ env, cwd, timeout, killSignal: "SIGKILL" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out?.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err?.push(chunk));
    child.on("error", (error) => fail(new UnsprawlError("failed", `cannot run ${program}`, null, error.name)));
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL" && timeout > 0) err?.push(Buffer.from(`\nended: no answer after ${timeout / 1000} s`));
      done({
        code: code ?? 1,
        out: Buffer.concat(out ?? []).toString("utf8"),
        err: Buffer.concat(err ?? []).toString("utf8"),
      });
    });
  });
}
