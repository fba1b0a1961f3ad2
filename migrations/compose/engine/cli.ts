import { isExecutable } from "../../../src/kit/io/executable.ts";
import { delimiter, join } from "node:path";
import { runChild, type ChildBounds } from "../../../src/kit/bounded-child.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { parseBare, type JsonObject } from "../../../src/kit/json-object.ts";

/** Where a project is, and the arguments for calling Compose on it. */
export type ProjectCall = {
  readonly name: string;
  readonly dir: string;
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  /** The folder in which Compose finds the files by itself, and reads an `.env` first; null if it is given the files. */
  readonly outer: string | null;
  readonly profiles: readonly string[];
};

/** Docker Compose, run as a person would. */
export type ComposeCli = {
  /**
   * The resolved project as Compose prints it; contains values, so it stays in memory. Throws `failed` with Compose's
   * message. `variables` are filled in for `${…}`, before those of the environment and of env files.
   */
  config(call: ProjectCall, variables?: { readonly [name: string]: string }): Promise<ComposeConfig>;
  /**
   * What Compose would do to each container if it brought these services up now, short of starting them; it names none
   * that was never started and stays. Null if a dry run fails.
   */
  foresee(call: ProjectCall, services: readonly string[]): Promise<ComposeForecast | null>;
  /** The ids of the containers that Compose counts among a service's, whatever their state. */
  counted(call: ProjectCall, service: string): Promise<ReadonlySet<string>>;
  /**
   * Creates the containers of these services according to the files without starting any; `stopped` is for services
   * that stay stopped, `again` for those that Compose would keep. Touches no other service.
   */
  up(
    call: ProjectCall,
    services: readonly string[],
    how: "create" | "stopped" | "again",
    around: AroundUp,
  ): Promise<void>;
};

/** What is known of all services that an `up` may touch. */
export type AroundUp = {
  /** By service: the number of replicas. */
  readonly copies: ReadonlyMap<string, number>;
  /** The names of their containers. */
  readonly own: ReadonlySet<string>;
  /** Called with the number of Compose's process. */
  readonly began: (pid: number) => void;
};

/** By container name: it is kept, replaced or created, or (`touch`) started, stopped or removed. */
export type ComposeForecast = ReadonlyMap<string, "keep" | "recreate" | "create" | "touch">;

export type ComposeConfig = { readonly services: { readonly [name: string]: ServiceConfig } } & JsonObject;
export type ServiceConfig = JsonObject & { readonly environment?: { readonly [name: string]: string | null } | null };

/**
 * Finds Docker Compose 2: the client's plugin, or `docker-compose`. `env` is its whole environment, `host` its
 * DOCKER_HOST. Throws `absent` if Compose is not installed.
 */
export function composeCli(
  env: NodeJS.ProcessEnv,
  host: string | null,
  quote: (text: string) => Promise<string>,
): ComposeCli {
  const program = find(env);
  if (program !== null) return new InstalledCompose(program, env, host, quote);
  throw new UnsprawlError(
    "absent",
    "Docker Compose is not installed on this machine, so nothing can be verified or moved in a Compose project",
    "install the Compose plugin (docker compose version shows it)",
  );
}

type CallOptions = {
  /** Whether its messages are part of the answer. */
  readonly both?: boolean;
  readonly variables?: NodeJS.ProcessEnv;
  readonly began?: (pid: number) => void;
};

class InstalledCompose implements ComposeCli {
  readonly #program: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #host: string | null;
  readonly #quote: (text: string) => Promise<string>;

  constructor(
    program: readonly string[],
    env: NodeJS.ProcessEnv,
    host: string | null,
    quote: (text: string) => Promise<string>,
  ) {
    this.#program = program;
    this.#env = env;
    this.#host = host;
    this.#quote = quote;
  }

  async config(call: ProjectCall, variables: { readonly [name: string]: string } = {}): Promise<ComposeConfig> {
    return parseBare(await this.#run(call, ["config", "--format", "json"], { variables })) as ComposeConfig;
  }

  async foresee(call: ProjectCall, services: readonly string[]): Promise<ComposeForecast | null> {
    // Without starting any: what they depend on need not be healthy for this.
    const args = ["up", "--dry-run", "--no-start", ...UP, ...services];
    const said = await this.#run(call, args, { both: true }).catch(() => null);
    return said === null ? null : forecastIn(said);
  }

  async counted(call: ProjectCall, service: string): Promise<ReadonlySet<string>> {
    const listed = await this.#run(call, ["ps", "--all", "--quiet", service]);
    return new Set(listed.split("\n").filter(Boolean));
  }

  async up(...[call, services, how, { copies, own, began }]: Parameters<ComposeCli["up"]>): Promise<void> {
    // `--no-deps` changes what Compose records for a service with `depends_on`, so that the next `up` would recreate
    // it once more. So it is used only if other services would be touched without it.
    const foreseen = (await this.foresee(call, services)) ?? new Map([["", "touch"]]);
    const others = [...foreseen].filter(([name, what]) => what !== "keep" && !own.has(name));
    const alone = how !== "create" || others.length > 0 ? ["--no-deps"] : [];
    const force = how === "again" ? ["--force-recreate"] : [];
    // Passed only if Compose would choose another number, since it is recorded too.
    const more = others.some(([, what]) => what === "create");
    const scales = [...copies].flatMap(([service, count]) =>
      count > 1 || more ? ["--scale", `${service}=${count}`] : [],
    );
    await this.#run(call, ["up", "--no-start", ...alone, ...force, ...UP, ...scales, ...services], { began });
  }

  async #run(
    call: ProjectCall,
    args: readonly string[],
    { both = false, variables = {}, began }: CallOptions = {},
  ): Promise<string> {
    const [program = "docker", ...before] = this.#program;
    const options = { env: this.#environment(variables), cwd: call.outer ?? call.dir, ...(began && { began }) };
    const bounds = READS.test(args.join(" ")) ? READ_BOUNDS : null;
    const { code, out, err } = await runChild(program, [...before, ...argumentsFor(call), ...args], options, bounds);
    if (code === 0) return both ? out + err : out;
    const said = (await this.#quote(err.trim())).split("\n").slice(-4).join("; ");
    throw new UnsprawlError(
      "failed",
      `docker compose ${args[0] ?? ""}: ${said}`,
      cmd`cd ${call.dir} && docker compose ${args[0] ?? ""}`,
    );
  }

  #environment(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const own: NodeJS.ProcessEnv = {
      ...OURS,
      ...this.#env,
      ...ofProject(variables),
      ...(this.#host === null ? {} : { DOCKER_HOST: this.#host }),
      ...QUIET,
    };
    // What a project's own folder says of its files is asked for there, and nowhere else.
    for (const name of FILES) delete own[name];
    return own;
  }
}

function argumentsFor({ name, dir, files, envFiles, outer, profiles }: ProjectCall): readonly string[] {
  return [
    ...["--project-name", name],
    ...(outer === null ? ["--project-directory", dir] : []),
    ...(outer === null ? files.flatMap((file) => ["--file", file]) : []),
    ...envFiles.flatMap((file) => ["--env-file", file]),
    ...profiles.flatMap((profile) => ["--profile", profile]),
  ];
}

/** Matches ` DRY-RUN MODE -  Container NAME  Recreate`; a temporary name has the old id as a prefix. */
function forecastIn(said: string): ComposeForecast {
  const found = new Map<string, "keep" | "recreate" | "create" | "touch">();
  for (const [, name = "", what = ""] of said.matchAll(/Container (?:[0-9a-f]{12}_)?(\S+)\s+(\w+)/g)) {
    const known = found.get(name) ?? "keep";
    if (what.startsWith("Recreat")) found.set(name, "recreate");
    // `Created` alone is one that exists and does not run.
    else if (what === "Creating" && known !== "recreate") found.set(name, "create");
    else if (!/^(Running|Waiting|Healthy|Created)$/.test(what) && known === "keep") found.set(name, "touch");
    else found.set(name, known);
  }
  return found;
}

/** Never builds or pulls images. */
const UP = ["--no-build", "--pull", "never"] as const;

/**
 * A project's `.env` also configures Compose itself, where the environment does not. These variables are the user's to
 * choose: set to empty, which equals unset, `.env` cannot set them.
 */
const OURS: { readonly [name: string]: string } = {
  ...{ DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_CONFIG: "", DOCKER_CERT_PATH: "", DOCKER_TLS_VERIFY: "" },
  ...{ DOCKER_TLS: "", DOCKER_API_VERSION: "", LD_PRELOAD: "", LD_LIBRARY_PATH: "" },
  // Where the client sends its telemetry. OTEL_* counts only in the environment, and must stay unset there: an empty
  // OTEL_…_ENDPOINT has Compose send its own to this machine, and hides from `${OTEL_…}` what the `.env` says.
  DOCKER_CLI_OTEL_EXPORTER_OTLP_ENDPOINT: "",
};
/** Without the variables that Compose and the system itself read. */
function ofProject(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !/^(?:COMPOSE_|DOCKER_|LD_|UNSPRAWL_|PATH$|HOME$)/.test(name)),
  );
}

/** Disables unwanted features and fixes the output format. */
const QUIET: { readonly [name: string]: string } = {
  ...{ COMPOSE_REMOVE_ORPHANS: "false", COMPOSE_EXPERIMENTAL_GIT_REMOTE: "false", COMPOSE_MENU: "false" },
  ...{ COMPOSE_EXPERIMENTAL_OCI_REMOTE: "false", COMPOSE_ANSI: "never", COMPOSE_PROGRESS: "plain" },
};

/** Settings of the user's environment that every call answers by its arguments. */
const FILES = ["COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "COMPOSE_ENV_FILES", "COMPOSE_PROFILES"] as const;

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
    // The plugin also runs as a program; only features of version 2 are used.
    if (isExecutable(program)) return [program];
  }
  return null;
}

/**
 * Commands that only read the project's files get bounds: a few lines can keep Compose busy forever, or have it take all
 * memory, and a pipe in place of a file is waited for. A large project needs a second and 200 MB.
 */
const READS = /^config |^up --dry-run /;
const READ_BOUNDS: ChildBounds = { seconds: 60, cpuSeconds: 20, memoryMiB: 1024, output: 64 * 1024 * 1024 };
