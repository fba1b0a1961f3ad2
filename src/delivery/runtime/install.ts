import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import { findDaemon, readDaemonConfig, reloadDaemon, withRuntime, type Daemon } from "../../engine/daemon.ts";
import type { Engine } from "../../engine/engine.ts";
import { OTHER_IDS, remapsIds } from "../../engine/facts.ts";
import { isPodman, type EngineInfo } from "../../engine/types.ts";
import { UnsprawlError } from "../../model/error.ts";
import { isExecutable } from "../../kit/io/executable.ts";
import { resolverWords } from "../../kit/program.ts";
import { atomicWrite, contentDigest } from "../../kit/io/atomic.ts";
import { issueCredentials } from "../readers.ts";
import { memoryRoot } from "../tmpfs.ts";
import { foreignFile, foreignProgram } from "../../kit/io/roots-alone.ts";
import { runtimeProgram } from "./program.ts";
import { readSettings, RUNTIME_NAME, runtimeHome, type RuntimeSettings } from "./settings.ts";
import { makeFolders } from "../../kit/io/folders.ts";

const WAIT_MS = 15_000;

export type Installed = { readonly program: string; readonly daemonConfig: string; readonly stores: readonly string[] };

/** What `installRuntime` would write, for those who manage the engine's configuration themselves. Holds no credential. */
export type InstallPreview = {
  readonly program: string;
  readonly programText: string;
  readonly daemonConfig: string;
  readonly daemonText: string;
};

/**
 * Installs the runtime: the program in front of runc, a read-only credential for each store (0600), and the
 * registration with the engine, an entry in daemon.json followed by a reload. No container restarts. Repeat it to add
 * stores.
 *
 * Throws `denied` without root, `refused` if others could modify the program, `unreachable` if the engine is not on
 * this host, `failed` if the engine does not accept the configuration.
 */
export async function installRuntime(
  engine: Engine,
  providers: readonly Provider[],
  env: NodeJS.ProcessEnv,
  configFile: string | null,
): Promise<Installed> {
  const daemon = requireHost(engine, configFile);
  const home = runtimeHome(env);
  const before = readSettings(home);
  mustBeRoots(foreignProgram(...resolverWords()));
  makeFolders(home, 0o700);
  mustBeRoots(foreignFile([home]));
  const stores = new Map((before?.stores ?? []).map((store) => [store.name, store]));
  for (const provider of providers) stores.set(provider.target.name, await issueCredentials(provider, home));
  if (stores.size === 0)
    throw new UnsprawlError("usage", "the runtime needs a store to read from", "unsprawl runtime install --to STORE");

  const plan = await previewInstall(engine, env, daemon.configFile);
  const settings: RuntimeSettings = {
    version: 1,
    realRuntime: await realRuntime(engine),
    memory: memoryRoot(env),
    engineRoot: (await engine.info()).DockerRootDir,
    stores: [...stores.values()],
    waitMs: before?.waitMs ?? WAIT_MS,
  };
  await atomicWrite(join(home, "runtime.json"), Buffer.from(`${JSON.stringify(settings, null, 2)}\n`), { mode: 0o600 });
  await atomicWrite(plan.program, Buffer.from(plan.programText), { mode: 0o755 });
  const old = readDaemonConfig(daemon.configFile);
  const registered = Object.keys((await engine.info()).Runtimes ?? {}).includes(RUNTIME_NAME);
  if (old !== plan.daemonText || !registered) {
    makeFolders(dirname(daemon.configFile), 0o755);
    const there = existsSync(daemon.configFile);
    await atomicWrite(
      daemon.configFile,
      plan.daemonText,
      there ? { expect: contentDigest(old) } : { mode: 0o644, expect: null },
    );
    if (!(await reloadDaemon(daemon, engine, (runtimes) => runtimes.includes(RUNTIME_NAME)))) {
      await atomicWrite(daemon.configFile, old || "{}\n", { expect: contentDigest(plan.daemonText) });
      process.kill(daemon.pid, "SIGHUP");
      throw new UnsprawlError(
        "failed",
        "the engine did not accept the runtime; its configuration is unchanged",
        "check the engine's log; runtimes set with --add-runtime cannot be combined with daemon.json",
      );
    }
  }
  return { program: plan.program, daemonConfig: daemon.configFile, stores: [...stores.keys()] };
}

/** What `installRuntime` would write. Throws `refused` for an engine that it cannot serve. */
export async function previewInstall(
  engine: Engine,
  env: NodeJS.ProcessEnv,
  configFile: string | null,
): Promise<InstallPreview> {
  mustTakeRuntimes(await engine.info());
  const home = runtimeHome(env);
  const program = join(home, "unsprawl-runc");
  const file =
    configFile ?? findDaemon(engine.connection.socketPath ?? "", null)?.configFile ?? "/etc/docker/daemon.json";
  const [node, resolver] = resolverWords();
  const paths = {
    node,
    resolver,
    home,
    realRuntime: await realRuntime(engine),
    memory: memoryRoot(env),
  };
  return {
    program,
    programText: runtimeProgram(paths),
    daemonConfig: file,
    daemonText: withRuntime(readDaemonConfig(file), RUNTIME_NAME, program),
  };
}

/** Uninstalls the runtime. Throws `refused` while a container uses it, since it could not start any more. */
export async function uninstallRuntime(
  engine: Engine,
  env: NodeJS.ProcessEnv,
  configFile: string | null,
): Promise<void> {
  const daemon = requireHost(engine, configFile);
  const users = await runtimeUsers(engine);
  if (users.length > 0)
    throw new UnsprawlError(
      "refused",
      `the runtime is used by ${users.join(", ")}`,
      "unsprawl rollback, or remove them first",
    );
  const old = readDaemonConfig(daemon.configFile);
  const text = withRuntime(old, RUNTIME_NAME, null);
  if (text !== old) await atomicWrite(daemon.configFile, text, { expect: contentDigest(old) });
  // Still there if an earlier uninstall was interrupted before the engine had read its file again.
  if (text !== old || Object.keys((await engine.info()).Runtimes ?? {}).includes(RUNTIME_NAME)) {
    await reloadDaemon(daemon, engine, (runtimes) => !runtimes.includes(RUNTIME_NAME));
  }
  rmSync(runtimeHome(env), { recursive: true, force: true });
}

/** The names of the containers that the runtime starts. */
export async function runtimeUsers(engine: Engine): Promise<string[]> {
  const users: string[] = [];
  for (const listed of await engine.containers()) {
    const doc = await engine.container(listed.Id);
    if (doc?.HostConfig.Runtime === RUNTIME_NAME) users.push(doc.Name.replace(/^\//, ""));
  }
  return users;
}

/** Root runs the program at each container start, so anyone who can modify it is root. */
function mustBeRoots(fault: string | null): void {
  if (fault === null) return;
  throw new UnsprawlError(
    "refused",
    `${fault}: root would run a program that others can change, at each start of a container`,
    "install unsprawl where only root can write (sudo npm install --global), then run its `runtime install`",
  );
}

/** Before root is asked for: it would help nobody there. */
function mustTakeRuntimes(info: EngineInfo): void {
  if (isPodman(info))
    throw new UnsprawlError(
      "refused",
      "Podman has no daemon.json: its containers are moved by file or shim",
      "unsprawl plan docker: --to STORE",
    );
  if (remapsIds(info)) throw new UnsprawlError("refused", OTHER_IDS, "unsprawl plugin install --to STORE");
}

function requireHost(engine: Engine, configFile: string | null): Daemon {
  if (process.getuid?.() !== 0)
    throw new UnsprawlError(
      "denied",
      "only root can register a runtime with the engine",
      "run as root, or: unsprawl runtime install --print",
    );
  const daemon = engine.connection.socketPath === null ? null : findDaemon(engine.connection.socketPath, configFile);
  if (daemon) return daemon;
  throw new UnsprawlError(
    "unreachable",
    `no dockerd of this host listens on ${engine.connection.address}`,
    "run it on the engine's host, or: unsprawl runtime install --print",
  );
}

async function realRuntime(engine: Engine): Promise<string> {
  const named = (await engine.info()).Runtimes?.["runc"]?.path ?? "runc";
  const choices = named.startsWith("/")
    ? [named]
    : ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"].map((dir) => join(dir, named));
  const found = choices.find(isExecutable);
  if (found !== undefined) return found;
  throw new UnsprawlError(
    "absent",
    `the engine's runtime ${named} is not on this host`,
    "install runc, or run unsprawl where the engine runs",
  );
}
