import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { escapeDollars, SOCKET, STATE, WARNING, yaml } from "../../watch/install/container.ts";
import type { WatchInstallation } from "../../watch/install/model.ts";
import type { AgentInstall } from "./settings.ts";

const COMPOSE_FILE = "unsprawl-agent-compose.yaml";
const STACK_FILE = "unsprawl-agent-stack.yaml";
const HOME = "/etc/unsprawl/agent";

/** A Compose project with the agent for this machine's engine. */
export function agentCompose(asked: AgentInstall): WatchInstallation {
  const service = {
    ...base(asked),
    restart: "always",
    security_opt: ["no-new-privileges:true"],
    pids_limit: 128,
  };
  const text = yaml({ name: "unsprawl-agent", services: { agent: service }, volumes: { state: {} } }, WARNING);
  return {
    files: [{ path: COMPOSE_FILE, text }],
    next: ([path = COMPOSE_FILE]) => [cmd`docker compose -f ${path} up -d`, cmd`docker compose -f ${path} logs -f`],
    notes: notes(asked),
  };
}

/** A stack with an agent on every node, each for the engine of its node. */
export function agentStack(asked: AgentInstall): WatchInstallation {
  const { init, ...service } = base(asked);
  const deploy = {
    mode: "global",
    restart_policy: { condition: "any", delay: "2s" },
    update_config: { order: "stop-first" },
    resources: { limits: { pids: 128 } },
  };
  const services = { agent: { ...service, init, deploy } };
  const text = yaml({ version: "3.9", services, volumes: { state: {} } }, WARNING);
  return {
    files: [{ path: STACK_FILE, text }],
    next: ([path = STACK_FILE]) => [
      cmd`docker stack deploy --with-registry-auth -c ${path} unsprawl-agent`,
      "docker service logs -f unsprawl-agent_agent",
    ],
    notes: [...notes(asked), `each node needs the credentials in ${asked.home} and the folder ${asked.memory}`],
  };
}

/** Root in its container, with no right but to give files to other users. Paths are those of the host: labels name them. */
function base({ image, words, memory, home, socket }: AgentInstall): { readonly [key: string]: unknown } {
  if (image === null)
    throw new UnsprawlError(
      "usage",
      "an agent in a container needs an image with unsprawl in it: --image REF",
      "unsprawl watch install dockerfile shows how to build one",
    );
  const bind = (source: string, target: string, readOnly: boolean): object => ({
    ...{ type: "bind", source: escapeDollars(source), target },
    ...(readOnly ? { read_only: true } : {}),
  });
  return {
    image,
    command: ["agent", ...words].map(escapeDollars),
    user: "0:0",
    init: true,
    read_only: true,
    cap_drop: ["ALL"],
    cap_add: ["CHOWN", "FOWNER", "DAC_OVERRIDE"],
    environment: { XDG_STATE_HOME: STATE, HOME: STATE, UNSPRAWL_AGENT_HOME: HOME, UNSPRAWL_RUNTIME_DIR: memory },
    tmpfs: ["/tmp"],
    stop_grace_period: "30s",
    volumes: [
      bind(socket ?? SOCKET, SOCKET, true),
      bind(memory, memory, false),
      bind(home, HOME, true),
      { type: "volume", source: "state", target: STATE },
    ],
  };
}

function notes({ memory }: AgentInstall): string[] {
  return [
    "it starts with the engine, not before it: after a boot it starts the containers that could not start without files",
    `${memory} must be on tmpfs on the host`,
    "Compose files of other projects are not in its container: unsprawl agent install systemd reads them",
  ];
}
