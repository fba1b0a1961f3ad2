import { existsSync } from "node:fs";
import { agentRuns } from "./journal/lock.ts";

/** The unit of `unsprawl agent install systemd`. */
export const AGENT_UNIT = "unsprawl-agent.service";
const UNIT_FOLDERS = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/** Whether someone writes this host's files again after a reboot, and when a value changes. */
type AgentPresence = {
  /** An agent with this state folder is running now. */
  readonly running: boolean;
  /** Its systemd unit is installed, so that it starts before the engine. */
  readonly installed: boolean;
};

/** What there is of an agent on this host. An agent in a container is visible only in the state folder that it uses, while it runs. */
export function agentState(state: string): AgentPresence {
  return {
    running: agentRuns(state),
    installed: UNIT_FOLDERS.some((folder) => existsSync(`${folder}/${AGENT_UNIT}`)),
  };
}

/** The warning for a host whose consumers would not start after a reboot; null where an agent takes care of it. */
export function agentWarning(state: string, consumers: number): string | null {
  const { running, installed } = agentState(state);
  if (consumers === 0 || running || installed) return null;
  const who = consumers === 1 ? "1 consumer" : `${consumers} consumers`;
  return `this host has no agent: after a reboot the files of ${who} are gone, and their containers do not start`;
}
