import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Provider } from "../../contract/provider.ts";
import { findDaemon, readDaemonConfig, reloadDaemon, withRuntime, type Daemon } from "../../engine/daemon.ts";
import type { Engine } from "../../engine/engine.ts";
import { OTHER_IDS, remapsIds } from "../../engine/facts.ts";
import { isPodman, type EngineInfo } from "../../engine/types.ts";
import { UnsprawlError } from "../../model/error.ts";
import { isExecutable } from "../../kit/io/executable.ts";
import { atomicWrite, contentDigest } from "../../kit/io/atomic.ts";
import { programFile, writeRuntime, type ProgramFile } from "./files.ts";
import { RUNTIME_NAME, runtimeHome } from "./settings.ts";
import { makeFolders } from "../../kit/io/folders.ts";

export type Installed = { readonly program: string; readonly daemonConfig: string; readonly stores: readonly string[] };

/** What `installRuntime` would write, for those who manage the engine's configuration themselves. Holds no credential. */
export type InstallPreview = ProgramFile & {
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
  const plan = await previewInstall(engine, env, daemon.configFile);
  const settings = { realRuntime: await realRuntime(engine), engineRoot: (await engine.info()).DockerRootDir };
  const again = "unsprawl runtime install --to STORE";
  const stores = await writeRuntime(home, plan, providers, env, settings, again);
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
  return { program: plan.program, daemonConfig: daemon.configFile, stores };
}

/** What `installRuntime` would write. Throws `refused` for an engine that it cannot serve. */
export async function previewInstall(
  engine: Engine,
  env: NodeJS.ProcessEnv,
  configFile: string | null,
): Promise<InstallPreview> {
  mustTakeRuntimes(await engine.info());
  const home = runtimeHome(env);
  const file =
    configFile ?? findDaemon(engine.connection.socketPath ?? "", null)?.configFile ?? "/etc/docker/daemon.json";
  const made = programFile(home, await realRuntime(engine), env);
  return {
    ...made,
    daemonConfig: file,
    daemonText: withRuntime(readDaemonConfig(file), RUNTIME_NAME, made.program),
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
  return onThisHost((await engine.info()).Runtimes?.["runc"]?.path ?? "runc");
}

/** The absolute path of the OCI runtime that an engine, or containerd, names. Throws `absent`. */
export function onThisHost(named: string): string {
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
