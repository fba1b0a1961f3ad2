import { HOSTS, SCAN, SOURCE_HELP, YES } from "./shared.ts";
import type { CommandSpec } from "./spec.ts";

/** Commands that scan on a schedule. */
export const WATCHING: readonly CommandSpec[] = [
  {
    usage: "watch [source...]",
    group: "watch",
    summary: "Scan on a schedule and report only changes",
    details: `${SOURCE_HELP} Reports what is new, reappeared (state \`back\`), regressed (migrated earlier, now back) or gone.

unsprawl watch install systemd|compose|swarm|kubernetes [SOURCE…] prints what makes a service of it; unsprawl watch install dockerfile prints an image for the last three.`,
    forms: ["systemd", "compose", "swarm", "kubernetes", "dockerfile"],
    options: [
      ["--every <time>", "Scan this often, such as 15m"],
      ["--cron <schedule>", "Scan at these times, in crontab's form"],
      ["--once", "Scan once, compare with the history, and exit (3 if something is new, back or regressed)"],
      ["--events", "Also scan each container as it starts"],
      HOSTS,
      ...SCAN.filter(([flags]) => !flags.startsWith("--baseline")),
    ],
    sections: [
      {
        title: "Flags of install",
        options: [
          YES,
          ["-o, --output <folder>", "Write it into this folder"],
          ["--overwrite", "Replace files that differ"],
          ["--image <ref>", "The image with unsprawl in it"],
          ["--secret <name=file…>", "A file that the configuration names, passed on as a secret"],
          ["--socket-group <group>", "Who may use the engine's socket (default: as on this machine)"],
          ["--share-state", "systemd: run as this user, with this user's runs and history"],
          ["--fleet", "Install the fleet's server and workers"],
        ],
      },
    ],
    examples: [
      ["unsprawl watch --every 15m --events", "Every 15 minutes, and each container as it starts"],
      ["unsprawl watch --once --fail-on critical", "Under cron or in CI"],
      ["unsprawl watch install systemd --every 15m", "Print the unit"],
    ],
    stopping: "stopping",
    load: () => import("../commands/watch.ts"),
  },
  {
    usage: "fleet <action>",
    group: "watch",
    summary: "Scan many hosts and registries (serve, worker, status)",
    details:
      "Needs PostgreSQL (fleet.database.urlFile, or UNSPRAWL_DATABASE_URL). serve schedules the sources of `fleet.sources`; any number of workers scan hosts and repositories; status shows workers, the queue and each unit.",
    actions: ["serve", "status", "worker"],
    options: [
      ["--once", "serve: scan everything once, wait until it is done, and exit"],
      ["--jobs <number>", "worker: how many units to scan at once (default: 4)"],
    ],
    examples: [
      ["unsprawl fleet serve", "Schedule scans; one process"],
      ["unsprawl fleet worker --jobs 8", "Scan; as many processes as you like"],
      ["unsprawl fleet status", "Workers, queue, results"],
    ],
    stopping: "stopping",
    load: () => import("../commands/fleet.ts"),
  },
  {
    usage: "classify",
    group: "watch",
    summary: "Classify NDJSON name/value pairs from stdin",
    details: `Each line of stdin is {"id":…,"where":"env","name":…,"value":…}; each line of stdout is {"id":…,"secret":…,"confidence":…,"score":…,"rule":…,"why":…}, in the same order. Values never appear in the output.`,
    options: [],
    examples: [["unsprawl classify < pairs.ndjson", "Ask about values from another tool"]],
    load: () => import("../commands/classify.ts"),
  },
];
