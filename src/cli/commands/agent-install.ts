import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Assembly } from "../../assembly/index.ts";
import type { Provider } from "../../contract/provider.ts";
import type { AgentForm } from "../../agent/install/settings.ts";
import { AGENT_UNIT, unitFolder } from "../../core/agent-state.ts";
import { homeOf } from "../../kit/home.ts";
import { effectiveUid } from "../../kit/io/owner.ts";
import { foreignProgram } from "../../kit/io/roots-alone.ts";
import { startWords } from "../../kit/program.ts";
import { loadedFolders, mustBeRoots } from "../../kit/root-loads.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { parseOnChange } from "../../model/consumer.ts";
import { canonical } from "../../model/mac.ts";
import { isConfirmed, isRemovalConfirmed } from "../confirm.ts";
import { listFlag, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, sayNext, writeResult } from "../output.ts";

/**
 * `unsprawl agent install systemd|compose|swarm`: prints the service; once that is confirmed writes it, and issues the credentials by
 * which it reads the stores of this host's consumers.
 */
export async function install(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { agentFormOf, agentInstallation } = await import("../../agent/install/index.ts");
  const { placedFiles, writeFiles } = await import("../../watch/install/write.ts");
  const { agentHome, writeReaders } = await import("../../delivery/readers.ts");
  const { memoryRoot } = await import("../../delivery/tmpfs.ts");
  const { findConnection } = await import("../../engine/connection.ts");
  const { mustServeThisHost } = await import("../../agent/here.ts");
  const { assembly } = context;
  const { cwd, env } = assembly;
  mustServeThisHost(env);
  const config = textFlag(options, "config");
  const form = agentFormOf(args[0]);
  const home = agentHome(env);
  // Of all forms only the user's own unit is not root's.
  const isRoots = form !== "systemd" || effectiveUid() === 0;
  if (isRoots) mustServeRoot(form, env, config === null ? [] : [resolve(cwd, config)]);
  const made = agentInstallation(form, {
    words: wordsOf(options),
    program: startWords(),
    image: textFlag(options, "image"),
    config: config === null ? null : resolve(cwd, config),
    state: assembly.state(),
    memory: memoryRoot(env),
    home,
    socket: findConnection(env).socketPath,
    userHome: homeOf(env),
    userUnits: isRoots ? null : unitFolder(env),
  });
  const providers = await storesToRead(assembly, listFlag(options, "to"));
  const folder = textFlag(options, "output");
  const placed = placedFiles(made.files, folder, cwd);
  const credentials = { folder: home, stores: providers.map(({ target }) => target.name) };
  const next = made.next(placed.map(({ path }) => path));
  if (!context.json)
    await writeResult(placed.map(({ path, text: body }) => `# ${path}\n${body}`).join("\n"), null, context);
  // Into a folder go the files alone, which change nothing.
  const asks = folder === null || options["yes"] === true;
  const yes = asks && (await isConfirmed(context, options, "Write this, and issue the credentials for its stores?"));
  const written = yes || folder !== null ? await writeFiles(placed, options["overwrite"] === true) : [];
  if (yes) await writeReaders(providers, home);
  if (context.json) {
    await writeResult(jsonText({ version: 1, form, files: placed, written, credentials, next }), null, context);
    return EXIT.ok;
  }
  for (const note of made.notes) say(context, note);
  const issued = yes ? "issued" : "to be issued";
  if (providers.length > 0)
    say(context, `read-only credentials ${issued} in ${home}: ${credentials.stores.join(", ")}`);
  else say(context, "this host has no consumers yet: name the stores that it may read with --to");
  for (const path of written) say(context, `wrote ${path}`);
  if (!yes && folder === null) say(context, "nothing was written: add --yes, or -o DIR; once the files are in place:");
  for (const command of next) sayNext(context, command);
  return EXIT.ok;
}

/** Throws `refused` where the service, which is root's, would start or read what another user can write. */
function mustServeRoot(form: AgentForm, env: NodeJS.ProcessEnv, configs: readonly string[]): void {
  mustBeRoots([...loadedFolders(env), ...configs.map((file) => ["--config", file] as const)]);
  const [program, script = ""] = startWords();
  const why = form === "systemd" ? foreignProgram(program, script) : null;
  if (why !== null)
    throw new UnsprawlError(
      "refused",
      `another user can replace unsprawl, which would run as root: ${why}`,
      "install it for root: docs/install.md",
    );
}

/** `unsprawl agent uninstall systemd`: with --yes removes the unit and the credentials. */
export async function uninstall(
  context: CommandContext,
  args: readonly string[],
  options: ParsedFlags,
): Promise<number> {
  if (args[0] !== "systemd")
    throw new UnsprawlError(
      "usage",
      "only the systemd unit is uninstalled from here",
      "docker compose -f unsprawl-agent-compose.yaml down --volumes, for the others",
    );
  const { agentHome } = await import("../../delivery/readers.ts");
  const { env } = context.assembly;
  const paths = [join(unitFolder(env), AGENT_UNIT), agentHome(env)].filter((path) => existsSync(path));
  const yes = await isRemovalConfirmed(context, options, paths);
  if (yes) for (const path of paths) rmSync(path, { recursive: true, force: true });
  await writeResult(
    context.json
      ? jsonText({ version: 1, paths, removed: yes })
      : paths.map((path) => `${yes ? "removed" : "to be removed:"} ${path}`).join("\n") || "no agent is installed",
    null,
    context,
  );
  if (!yes && paths.length > 0) say(context, "nothing was removed: add --yes");
  if (yes && paths.length > 0) {
    const user = effectiveUid() === 0 ? "" : " --user";
    sayNext(context, `systemctl${user} disable --now ${AGENT_UNIT}; systemctl${user} daemon-reload`);
    say(context, "the stores still know its credentials: revoke them there");
  }
  return EXIT.ok;
}

/** The flags that the service has too, validated. */
function wordsOf(options: ParsedFlags): string[] {
  const onChange = textFlag(options, "onChange");
  if (onChange !== null) parseOnChange(onChange);
  const flags = { onChange: "--on-change", every: "--every", metrics: "--metrics", grace: "--grace" };
  const all = { ...flags, healthTimeout: "--health-timeout" };
  return Object.entries(all).flatMap(([name, flag]) => {
    const value = textFlag(options, name);
    return value === null ? [] : [flag, value];
  });
}

/** The stores that are named, else those of this host's consumers. */
async function storesToRead(assembly: Assembly, named: readonly string[]): Promise<readonly Provider[]> {
  if (named.length > 0) return Promise.all(named.map((name) => assembly.store(name)));
  const consumers = (await assembly.supplies()).index.read();
  const targets = new Map(consumers.flatMap(({ stores }) => stores).map((one) => [canonical(one), one]));
  return Promise.all([...targets.values()].map((target) => assembly.storeOf(target)));
}
