import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { configHome } from "../kit/home.ts";
import { effectiveUid } from "../kit/io/owner.ts";
import { agentRuns } from "./journal/lock.ts";

/** The unit of `unsprawl agent install systemd`. */
export const AGENT_UNIT = "unsprawl-agent.service";
const UNITS = "/etc/systemd/system";
/** Where the units that a package brings are. systemd starts none of them unless a link among its own wants it. */
const PACKAGED = ["/usr/lib/systemd/system", "/lib/systemd/system"];

/** Whether someone writes this host's files again after a reboot, and when a value changes. */
type AgentPresence = {
  /** An agent with this state folder is running now. */
  readonly running: boolean;
  /** Its systemd unit is installed, so that it starts before the engine; one that a package brought has to be enabled too. */
  readonly installed: boolean;
};

/** The folder of the agent's unit: the system's for root, otherwise that of the user's own (systemd.unit(5)). */
export function unitFolder(env: NodeJS.ProcessEnv): string {
  return effectiveUid() === 0 ? UNITS : join(configHome(env), "systemd/user");
}

/** What there is of an agent on this host. An agent in a container is visible only in the state folder that it uses, while it runs. */
export function agentState(state: string, env: NodeJS.ProcessEnv): AgentPresence {
  const isPackaged = effectiveUid() === 0 && PACKAGED.some((folder) => existsSync(`${folder}/${AGENT_UNIT}`));
  return {
    running: agentRuns(state),
    installed: existsSync(join(unitFolder(env), AGENT_UNIT)) || (isPackaged && isWanted()),
  };
}

/** Whether a target or another unit wants it: what `systemctl enable` does (systemd.unit(5), "[Install]"). */
function isWanted(): boolean {
  const folders = existsSync(UNITS) ? readdirSync(UNITS).filter((name) => name.endsWith(".wants")) : [];
  return folders.some(
    (folder) => lstatSync(`${UNITS}/${folder}/${AGENT_UNIT}`, { throwIfNoEntry: false }) !== undefined,
  );
}

/** What to type where nothing writes a host's files again, the better first. */
export const STEPS_WITHOUT_AGENT = [
  "unsprawl agent install systemd",
  "or unsprawl render --all, before the engine starts",
] as const;

/** The warning for a host whose consumers would not start after a reboot; null where an agent takes care of it. */
export function agentWarning(state: string, env: NodeJS.ProcessEnv, consumers: number): string | null {
  const { running, installed } = agentState(state, env);
  if (consumers === 0 || running || installed) return null;
  const whose = consumers === 1 ? "1 consumer are gone, and it does" : `${consumers} consumers are gone, and they do`;
  return `this host has no agent: after a reboot the files of ${whose} not start`;
}
