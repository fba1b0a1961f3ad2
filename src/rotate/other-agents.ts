import { dirname } from "node:path";
import { agentState } from "../core/agent-state.ts";
import { nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { cmd } from "../kit/shell.ts";

/**
 * Notes on agents of this host that do not see what a rotation has locked, since their state folder is another one: such an
 * agent restarts the same containers as soon as the store has the new value.
 */
export function otherAgents(docs: readonly ContainerDoc[], state: string, env: NodeJS.ProcessEnv): readonly string[] {
  const inContainers = docs.filter((doc) => doc.State.Running && isAgent(doc) && !sharesState(doc, state)).map(nameOf);
  const { installed, running } = agentState(state, env);
  return [
    ...inContainers.map(
      (name) =>
        cmd`the agent in ${name} cannot know of this rotation, and restarts these containers too: docker stop ${name} first, and start it afterwards`,
    ),
    ...(installed && !running
      ? [
          "the agent that is installed does not run with this state folder: if it runs with another, it cannot know of this rotation, and restarts these containers too",
        ]
      : []),
  ];
}

/** As `agent install compose` and `swarm` start it. */
const isAgent = ({ Config: { Cmd, Env } }: ContainerDoc): boolean =>
  Cmd?.[0] === "agent" && (Env ?? []).some((one) => one.startsWith("UNSPRAWL_AGENT_HOME="));

const sharesState = ({ Mounts }: ContainerDoc, state: string): boolean =>
  (Mounts ?? []).some(({ Source }) => Source === state || Source === dirname(state));
