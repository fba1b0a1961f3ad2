import { BREAK, DRY_RUN, EACH_HOST, RUN_HELP, YES } from "./shared.ts";
import type { CommandSpec, OptionSpec } from "./spec.ts";

const UNSIGNED: OptionSpec = [
  "--accept <risk…>",
  "unsigned-journal: the run of an early version whose journal has no authentication codes is as its journal says",
  ["unsigned-journal"],
];

/** Commands for what a migration left. */
export const RUNS: readonly CommandSpec[] = [
  {
    usage: "runs [run]",
    group: "runs",
    summary: "List runs, or show one",
    details: RUN_HELP,
    options: [["--log", "Show the run's journal: every step with its time"]],
    examples: [
      ["unsprawl runs", "All runs, with the next command of each"],
      ["unsprawl runs last", "What the last run moved, and how to rotate it"],
      ["unsprawl runs last --log", "Its journal"],
    ],
    load: () => import("../commands/runs.ts"),
  },
  {
    usage: "resume [run]",
    group: "runs",
    summary: "Resume an interrupted run",
    details: `${RUN_HELP} Continues where the process ended, with applying or with rolling back.`,
    options: [UNSIGNED, YES, BREAK],
    examples: [["unsprawl resume", "Resume the run that was interrupted"]],
    load: () => import("../commands/resume.ts"),
  },
  {
    usage: "rollback [run]",
    group: "runs",
    summary: "Undo a run: containers, files and store as before",
    details: RUN_HELP,
    options: [DRY_RUN, UNSIGNED, YES, BREAK, EACH_HOST],
    eachHost: true,
    examples: [
      ["unsprawl rollback last --dry-run", "What would be put back"],
      ["unsprawl rollback last", "Undo the last run"],
    ],
    load: () => import("../commands/rollback.ts"),
  },
  {
    usage: "rotate [what...]",
    group: "runs",
    summary: "Make new values for moved secrets, where they are checked and everywhere",
    details: `A moved secret was readable until then. rotate makes a new value, writes it to the store, sets it where it is checked (databases, caches, queues, directories; a key that only the application checks is just made), has every container receive it, one after another, also on other engines that it was moved on, and proves that the old one is refused.

What is a run's id, the first characters of one, or \`last\`, or a container, docker:NAME; without it, everything that was moved is meant. Servers are asked first whether it can be done. A rotation is a run: resume, rollback and scrub work as for any other, and rollback does until scrub.

unsprawl rotate install systemd prints a timer that runs rotate --due.`,
    options: [
      [
        "--due",
        "Rotate what the schedule of the configuration (rotate.every, rules, names) says is due, in every store; a failure is sent to the channels of notify",
      ],
      ["--only <name…>", "Rotate only variables of this name"],
      [
        "--value-from <file>",
        "The new value of one secret, which is valid already where it is checked (- for stdin); a newline at its end does not count, unless the old value ends in one",
      ],
      [
        "--dynamic",
        "Hand the login over to Vault's database engine, by a static role: it changes the password from now on, and everyone refers to it there",
      ],
      [
        "--connection <[mount/]name>",
        "With --dynamic: the server as the engine calls it (default: the one of its address, at the mount database)",
      ],
      [
        "--every <time>",
        "With --dynamic: how often the engine changes it (default: rotate: of the configuration, or 30d)",
      ],
      [
        "--accept <risk…>",
        "other-engine: containers that another engine had of it are left out if that engine does not answer",
        ["other-engine"],
      ],
      ["-o, --output <file>", "Save the plan for apply (0600), and change nothing"],
      DRY_RUN,
      YES,
      BREAK,
      ["--grace <time>", "How long a container without a health check must stay up (default: 5s)"],
      ["--health-timeout <time>", "How long a health check may take (default: 90s)"],
    ],
    sections: [
      {
        title: "Flags of install",
        options: [
          ["--cron <schedule>", "When, in crontab's form (default: 0 3 * * *)"],
          ["--overwrite", "Replace files that differ"],
        ],
      },
    ],
    examples: [
      ["unsprawl rotate last --dry-run", "What would be done for what the last run moved"],
      ["unsprawl rotate docker:web --only DB_PASSWORD", "One secret of one container"],
      [
        "unsprawl rotate docker:web --only DB_PASSWORD --dynamic --dry-run",
        "Hand one login over to Vault's database engine",
      ],
      ["unsprawl rotate --due --yes", "What the schedule says, from a timer"],
      ["unsprawl rotate install systemd", "Print that timer"],
    ],
    load: () => import("../commands/rotate.ts"),
  },
  {
    usage: "scrub [run]",
    group: "runs",
    summary: "Delete what a finished run kept for rollback",
    details: `${RUN_HELP} Also reports what else still shows the values: logs, shell histories, images, other containers. Afterwards the run cannot be rolled back.`,
    options: [
      DRY_RUN,
      ["--no-residue", "Do not look for other places that still show the values"],
      [
        "--accept <risk…>",
        "key-backup: the key that alone opens the stored values has a backup (remembered per key); unsigned-journal: as for rollback",
        ["key-backup", "unsigned-journal"],
      ],
      ["-y, --yes", "Delete without asking; that a key has a backup is confirmed by --accept key-backup alone"],
      BREAK,
    ],
    examples: [
      ["unsprawl scrub last --dry-run", "What would be deleted"],
      ["unsprawl scrub last --accept key-backup", "Delete it; the key of the store has a backup"],
    ],
    load: () => import("../commands/scrub.ts"),
  },
];
