import { dirname } from "node:path";
import { AGENT_UNIT } from "../../core/agent-state.ts";
import { bare, cmd, shellLine } from "../../kit/shell.ts";
import { mustBeSeen } from "../../watch/install/private-tmp.ts";
import { quotedSetting, unitText } from "../../watch/install/unit-text.ts";
import type { WatchInstallation } from "../../watch/install/model.ts";
import type { AgentInstall } from "./settings.ts";

const FOLDER = "/etc/systemd/system";
/** How long the engine waits at boot for the first pass, with a store that does not answer. */
const BOOT = "30s";

/**
 * A service of root's, which writes files for other users, or of the user's own. The engine starts once `ExecStartPre` is over,
 * whatever came of it (systemd.service(5)): the store may be a container of that engine. Then the agent runs on, and repairs the
 * rest.
 */
export function agentUnit(asked: AgentInstall): WatchInstallation {
  const { userUnits } = asked;
  if (userUnits === null) mustBeSeen(asked.program);
  const command = (words: readonly string[]): string =>
    [...asked.program, "agent", ...words, ...(asked.config === null ? [] : ["--config", asked.config])]
      .map((word) => quotedSetting(word).replaceAll("$", "$$$$"))
      .join(" ");
  const engines = userUnits === null ? "docker.service podman.service podman-restart.service" : USERS_ENGINE;
  const online = ["Wants=network-online.target", "After=network-online.target"];
  const text = unitText({
    Unit: [
      "Description=unsprawl: serves the containers of this host with their values",
      `Before=${engines}`,
      // A user's manager has no such target.
      ...(userUnits === null ? online : []),
      "StartLimitIntervalSec=0",
    ],
    Service: [
      "Type=exec",
      `ExecStartPre=-${command(["--once", "--boot-timeout", BOOT, ...asked.words])}`,
      `ExecStart=${command(asked.words)}`,
      ...["Restart=always", "RestartSec=2s", "TimeoutStartSec=90s", "TimeoutStopSec=30s", "UMask=0077"],
      `Environment=${environment(asked).map(quotedSetting).join(" ")}`,
      ...(userUnits === null ? roots(asked) : []),
      ...HARDENING,
    ],
    Install: [`WantedBy=${userUnits === null ? "multi-user.target" : "default.target"} ${engines}`],
  });
  const folder = userUnits ?? FOLDER;
  const user = userUnits === null ? [] : ["--user"];
  const systemctl = (...words: readonly string[]): string => shellLine(["systemctl", ...user, ...words]);
  return {
    files: [{ path: `${folder}/${AGENT_UNIT}`, text }],
    next: (paths) => [
      ...(paths.every((path) => dirname(path) === folder) ? [] : [cmd`cp ${bare(shellLine(paths))} ${folder}/`]),
      systemctl("daemon-reload"),
      systemctl("enable", "--now", AGENT_UNIT),
      ...(userUnits === null ? [] : ["loginctl enable-linger"]),
      shellLine(["journalctl", ...user, "-u", AGENT_UNIT, "-f"]),
    ],
    notes: [
      `at boot the engine waits for its first pass, ${BOOT} at most`,
      userUnits === null
        ? `it runs as root, with the state in ${asked.state} and the credentials in ${asked.home}`
        : `it runs as you, with the state in ${asked.state} and the credentials in ${asked.home}; before a login only if you linger`,
    ],
  };
}

/** What starts containers for a user of rootless Podman. */
const USERS_ENGINE = "podman.service podman-restart.service";

/** What root's service may write, and what only the system's manager can close to it. */
function roots(asked: AgentInstall): string[] {
  return [
    ...memory(asked),
    `ReadWritePaths=${quotedSetting(asked.state)}`,
    `ReadOnlyPaths=-${quotedSetting(asked.home)}`,
    ...ROOTS_HARDENING,
  ];
}

function environment({ state, socket, home, userHome, memory: folder }: AgentInstall): string[] {
  return [
    `HOME=${userHome}`,
    `XDG_STATE_HOME=${dirname(state)}`,
    `UNSPRAWL_AGENT_HOME=${home}`,
    ...(folder === "/run/unsprawl" ? [] : [`UNSPRAWL_RUNTIME_DIR=${folder}`]),
    ...(socket === null || socket === "/var/run/docker.sock" ? [] : [`DOCKER_HOST=unix://${socket}`]),
  ];
}

/** Containers mount what is below it: it outlives the service. */
function memory({ memory: folder }: AgentInstall): string[] {
  return folder === "/run/unsprawl"
    ? ["RuntimeDirectory=unsprawl", "RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes"]
    : [`ReadWritePaths=${quotedSetting(dirname(folder))}`];
}

/**
 * What root's keeps: to give files to other users, to read what root may read, and the network. No private devices: the key
 * of the state folder may be sealed to the TPM.
 */
const ROOTS_HARDENING = [
  ...["CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE", "AmbientCapabilities="],
  ...["ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes", "DevicePolicy=closed"],
  ...["DeviceAllow=/dev/tpmrm0 rw", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes"],
  ...["ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes"],
];

/** Node's compiler writes code, so MemoryDenyWriteExecute is not among them. */
const HARDENING = [
  ...["NoNewPrivileges=yes", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "RestrictNamespaces=yes"],
  ...["RestrictRealtime=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes", "KeyringMode=private"],
  ...["SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"],
  ...["SystemCallFilter=@chown", "SystemCallErrorNumber=EPERM", "TasksMax=128", "LimitCORE=0", "MemoryMax=512M"],
];
