import { dirname } from "node:path";
import { bare, cmd, shellLine } from "../../kit/shell.ts";
import { calendarOf } from "./calendar.ts";
import type { WatchInstallation } from "./model.ts";
import { quotedSetting, unitText } from "./unit-text.ts";

/** How `unsprawl rotate --due` is started again: as who, from where, and when. */
export type RotateTimer = {
  /** The command that starts unsprawl, and its arguments. */
  readonly words: readonly string[];
  /** Null for root. */
  readonly user: string | null;
  /** Where state, settings and the engine are found; no credential. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** As in crontab(5). */
  readonly cron: string;
};

const FOLDER = "/etc/systemd/system";
const [SERVICE, TIMER] = ["unsprawl-rotate.service", "unsprawl-rotate.timer"];

/** A timer, and the service that it starts: systemd.timer(5), systemd.exec(5). Throws `usage` for an invalid schedule. */
export function rotateUnits({ words, user, environment, cron }: RotateTimer): WatchInstallation {
  const service = unitText({
    Unit: [
      "Description=unsprawl: rotates the secrets that are due",
      "After=network-online.target docker.service",
      "Wants=network-online.target",
    ],
    Service: [
      "Type=oneshot",
      ...(user === null ? [] : [`User=${user}`]),
      `ExecStart=${words.map((word) => quotedSetting(word).replaceAll("$", "$$$$")).join(" ")}`,
      `Environment=${environment.map(([name, value]) => quotedSetting(`${name}=${value}`)).join(" ")}`,
      "UMask=0077",
      // Stopped in the middle, it puts back what it has begun: each container gets a health check again.
      ...["KillMode=mixed", "TimeoutStopSec=15min"],
      // No other view of files or processes: it writes those that containers mount, and looks into processes.
      ...["NoNewPrivileges=yes", "ProtectClock=yes", "ProtectKernelModules=yes", "LockPersonality=yes"],
    ],
  });
  const timer = unitText({
    Unit: ["Description=unsprawl: when secrets that are due are rotated"],
    Timer: [
      ...calendarOf(cron).map((one) => `OnCalendar=${one}`),
      // Once at the next boot for times that were missed; what fails waits for the next time.
      "Persistent=true",
      // So that many machines do not rotate at once.
      ...["RandomizedDelaySec=10min", "FixedRandomDelay=true"],
    ],
    Install: ["WantedBy=timers.target"],
  });
  return {
    files: [
      { path: `${FOLDER}/${SERVICE}`, text: service },
      { path: `${FOLDER}/${TIMER}`, text: timer },
    ],
    next: (paths) => [
      ...(paths.every((path) => dirname(path) === FOLDER) ? [] : [cmd`cp ${bare(shellLine(paths))} ${FOLDER}/`]),
      "systemctl daemon-reload",
      cmd`systemctl enable --now ${TIMER}`,
      cmd`journalctl -u ${SERVICE}`,
    ],
    notes: [
      "it has none of this shell's credentials: stores take theirs from the configuration (auth:), or from systemctl edit unsprawl-rotate.service",
      "secrets that one value at a time is accepted for refuse logins until their containers have restarted: choose the time with --cron",
    ],
  };
}
