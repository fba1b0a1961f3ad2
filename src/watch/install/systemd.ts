import { dirname } from "node:path";
import { bare, cmd, shellLine } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { calendarOf } from "./calendar.ts";
import { mustBeSeen } from "./private-tmp.ts";
import { quotedSetting, unitText } from "./unit-text.ts";
import { watchWords, type WatchInstallation, type InstallSettings } from "./model.ts";

const FOLDER = "/etc/systemd/system";
const DAEMON = "unsprawl-watch.service";
const ONCE = "unsprawl-watch-once";

/**
 * A service that watches, or with `--once` a timer and the service that it starts: systemd.exec(5), systemd.timer(5).
 * It runs under a dynamic user in the group of the engine's socket, unless it shares its state with a user. Throws
 * `usage` for an invalid schedule.
 */
export function systemdUnits(settings: InstallSettings): WatchInstallation {
  const { once } = settings.watching;
  const service = once ? `${ONCE}.service` : DAEMON;
  const files = [{ path: `${FOLDER}/${service}`, text: serviceUnit(settings) }];
  if (once) files.push({ path: `${FOLDER}/${ONCE}.timer`, text: timerUnit(settings) });
  const started = once ? `${ONCE}.timer` : DAEMON;
  return {
    files,
    next: (paths) => [
      ...(paths.every((path) => dirname(path) === FOLDER) ? [] : [cmd`cp ${bare(shellLine(paths))} ${FOLDER}/`]),
      "systemctl daemon-reload",
      cmd`systemctl enable --now ${started}`,
      cmd`journalctl -u ${service} -f`,
    ],
    notes: notesFor(settings, service),
  };
}

function serviceUnit(settings: InstallSettings): string {
  mustBeSeen(settings.program);
  const { watching, config, socket, shared, secrets } = settings;
  const command = [...settings.program, ...watchWords(watching), ...(config === null ? [] : ["--config", config])];
  const state = shared === null ? "/var/lib" : dirname(shared.state);
  const environment = [
    `XDG_STATE_HOME=${state}`,
    "XDG_CONFIG_HOME=/etc",
    // A user without a line in /etc/passwd has no home, and Node asks for one.
    ...(shared === null ? ["HOME=/var/lib/unsprawl"] : []),
    ...(socket === null || socket === "/var/run/docker.sock" ? [] : [`DOCKER_HOST=unix://${socket}`]),
  ];
  return unitText({
    Unit: [
      "Description=unsprawl: reports which secrets are new, back or gone",
      `After=network-online.target${socket === null ? "" : " docker.service"}`,
      "Wants=network-online.target",
    ],
    Service: [
      ...(watching.once
        ? // Findings are told, and are no failure of the service.
          ["Type=oneshot", "SuccessExitStatus=3"]
        : ["Type=exec", "Restart=on-failure", "RestartSec=10s", "TimeoutStopSec=60s"]),
      `ExecStart=${command.map((word) => quotedSetting(word).replaceAll("$", "$$$$")).join(" ")}`,
      `Environment=${environment.map(quotedSetting).join(" ")}`,
      ...identity(settings),
      // Readable only by the service, under /run/credentials/UNIT: systemd.exec(5), CREDENTIALS.
      ...secrets.map(({ name, file }) => `LoadCredential=${name}:${file.replaceAll("%", "%%")}`),
      ...writable(settings),
      ...HARDENING,
      // A lock's owner is looked up among the processes: a hidden one would count as ended.
      ...(shared === null ? ["ProtectProc=invisible"] : []),
      // With private users, the socket's group would be nobody's.
      ...(shared === null && socket === null ? ["PrivateUsers=yes"] : []),
      `ProtectHome=${inHome(settings) ? "read-only" : "yes"}`,
    ],
    ...(watching.once ? {} : { Install: ["WantedBy=multi-user.target"] }),
  });
}

function identity({ shared, group, socket }: InstallSettings): string[] {
  const groups = socket === null || group === null ? [] : [`SupplementaryGroups=${group}`];
  return shared === null
    ? ["DynamicUser=yes", ...groups, "StateDirectory=unsprawl", "StateDirectoryMode=0700", "UMask=0077"]
    : [`User=${shared.user}`, ...groups, "UMask=0077"];
}

function writable({ shared, metricsFile, watching }: InstallSettings): string[] {
  const paths = shared === null ? [] : [shared.state];
  if (metricsFile === null) return paths.map((path) => `ReadWritePaths=${quotedSetting(path)}`);
  const folder = dirname(metricsFile);
  // A folder under /run is created for the service, and others can read it.
  if (watching.once && folder.startsWith("/run/"))
    throw new UnsprawlError(
      "refused",
      `a unit that ends takes its folder below /run away, and ${metricsFile} with it`,
      "watch.metrics.file: a file in a folder elsewhere, such as /var/lib/node_exporter/unsprawl.prom",
    );
  const made = /^\/run\/([\w.-]+)$/.exec(folder)?.[1];
  if (made !== undefined)
    return [...paths.map((path) => `ReadWritePaths=${quotedSetting(path)}`), `RuntimeDirectory=${made}`];
  return [...paths, folder].map((path) => `ReadWritePaths=${quotedSetting(path)}`);
}

/**
 * Everything that Node can do without. Not MemoryDenyWriteExecute (Node's compiler writes code), nor ProcSubset=pid
 * (the machine's boot id says who owns a leftover lock).
 */
const HARDENING = [
  ...["NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities="],
  ...["ProtectSystem=strict", "PrivateTmp=yes", "PrivateDevices=yes", "DevicePolicy=closed"],
  ...["ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes"],
  ...["ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes"],
  ...["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "RestrictNamespaces=yes"],
  ...["RestrictRealtime=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes", "RemoveIPC=yes", "KeyringMode=private"],
  ...["SystemCallArchitectures=native", "SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"],
  ...["SystemCallErrorNumber=EPERM", "TasksMax=128"],
];

function timerUnit({ watching }: InstallSettings): string {
  const { every, cron } = watching;
  return unitText({
    Unit: ["Description=unsprawl: when to scan for secrets"],
    Timer: [
      ...(cron === null
        ? ["OnBootSec=1m", `OnUnitActiveSec=${every ?? "15m"}`]
        : [...calendarOf(cron).map((one) => `OnCalendar=${one}`), "Persistent=true"]),
      // So that many machines do not query one registry at once.
      "RandomizedDelaySec=30s",
      "FixedRandomDelay=true",
    ],
    Install: ["WantedBy=timers.target"],
  });
}

function notesFor(settings: InstallSettings, service: string): string[] {
  const { shared, secrets, program, watching } = settings;
  const notes = secrets.map(
    ({ name }) => `in the configuration, ${name} is the file /run/credentials/${service}/${name}`,
  );
  if (settings.config === null) notes.push("its configuration is /etc/unsprawl/config.yaml, where there is one");
  if (shared === null) {
    if (watching.hosts !== null)
      notes.push("hosts at ssh:// are reached with a user's keys: --share-state runs as you");
    notes.push(
      "its state is /var/lib/unsprawl, separate from yours: it does not know what your runs moved (--share-state)",
    );
    const hidden = [...program, ...watching.sources.map(pathOf)].find((word) => /^\/root(?:\/|$)/.test(word));
    if (hidden !== undefined)
      notes.push(`${hidden} can be read by root only: install unsprawl where every user can read it, or --share-state`);
  }
  return notes;
}

/** Whether anything that it needs is in a home folder. */
function inHome({ program, watching, config, shared, socket }: InstallSettings): boolean {
  const needed = [...program, ...watching.sources.map(pathOf), config ?? "", shared?.state ?? "", socket ?? ""];
  return needed.some((path) => /^\/(?:home|root|run\/user)(?:\/|$)/.test(path));
}

const pathOf = (source: string): string => source.slice(source.indexOf(":") + 1);
