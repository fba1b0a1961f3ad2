import { ACCEPT_WORDS, ACCEPTS, SOURCES, STORES } from "../assembly/plug-ins.ts";
import type { CommandModule } from "./context.ts";
import { FORMAT_NAMES } from "./views/index.ts";

/** `flags`, the description, and the allowed values. A flag with `…` may be given more than once. */
export type OptionSpec = readonly [flags: string, text: string, choices?: readonly string[]];

export type CommandSpec = {
  readonly usage: string;
  readonly summary: string;
  readonly details?: string;
  readonly options: readonly OptionSpec[];
  /** Shown when it is cancelled. */
  readonly stopping?: string;
  readonly load: () => Promise<CommandModule>;
};

const LEVELS = ["low", "medium", "high"] as const;

export const COMMON_OPTIONS: readonly OptionSpec[] = [
  ["--json", "JSON on stdout"],
  ["--quiet", "no progress, no notes"],
  ["--no-input", "never ask for anything to be typed"],
  ["--config <file>", "configuration in place of unsprawl.yaml"],
];

const LAYERED = SOURCES.flatMap(({ kind, layers }) => (layers === true ? [`${kind}:`] : []));

const SCAN: readonly OptionSpec[] = [
  ["--min-confidence <level>", "hide findings below this (default: medium)", LEVELS],
  ["--fail-on <level>", "exit 3 for findings at or above this (default: medium)", [...LEVELS, "never"]],
  ["--layers", `the files of images too, layer by layer (${LAYERED.join(", ")})`],
  ["--baseline <file>", "an earlier scan (--format baseline, or --json): what it has is known, and does not fail"],
];

const HOSTS: OptionSpec = [
  "--hosts [name…]",
  "the engines of `hosts:` in the configuration, or those of this name or glob",
];

const TARGET: readonly OptionSpec[] = [
  ["--to <store>", "a configured store, or a provider with its own environment"],
  ["--deliver <how>", "how the application gets its value (default: auto)", ["auto", "file", "runtime", "shim"]],
  ["--overwrite", "replace another value in the store (it is kept beside it until scrub)"],
  ["--accept <what…>", "go on although (the plan says when; what each means is below)", ACCEPT_WORDS],
  ["--only <name…>", "move only variables of this name or glob"],
  ["--grace <time>", "how long a container without a health check must stay up (default: 5s)"],
  ["--health-timeout <time>", "how long a health check may take (default: 90s)"],
];

const INSTALL: readonly OptionSpec[] = [
  ["--yes", "install: write what is printed"],
  ["-o, --output <folder>", "install: write it into this folder"],
  ["--overwrite", "install: replace files that differ"],
  ["--image <ref>", "install: the image with unsprawl in it"],
  ["--secret <name=file…>", "install: a file that the configuration names, handed over as a secret"],
  ["--socket-group <group>", "install: who may use the engine's socket (default: as it is on this machine)"],
  ["--share-state", "install systemd: as this user, with the state of this user's own runs"],
  ["--fleet", "install: the fleet's server and workers"],
];

const BREAK: OptionSpec = ["--break-lock", "take the engine's lock over from a run that is gone for good"];

/** A list for `--help`: names in a column, descriptions beside them. */
function listed(title: string, rows: readonly (readonly [name: string, text: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`${title}:`, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join("\n");
}

const SOURCE_LIST = listed("Sources", [
  ...SOURCES.map(({ usage, summary }) => [usage, summary] as const),
  ["STORE:[PATH]", "what a store holds: a configured one, or by its own environment"],
  ["", STORES.map(({ name }) => name).join(", ")],
]);

const ACCEPT_LIST = listed("--accept", [...ACCEPTS]);

/** Every command of the contract that this version has. Help, completion and README are made from this table. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "scan [source...]",
    summary: "find secrets and say why each is one",
    details: SOURCE_LIST,
    options: [
      ...SCAN,
      ["--format <format>", "how to print it", FORMAT_NAMES],
      ["-o, --output <file>", "write it to a file (0600)"],
      ["--verify", "ask vendors and databases whether each secret is live (sends it to them; nothing is changed)"],
      ["--show-ignored", "list what `ignore` or a label hides too"],
      ["--remember", "keep what was found in the history: what an earlier scan saw is known, and does not fail"],
      ["--resume", "go on with an interrupted scan of a registry or repository"],
      HOSTS,
    ],
    load: () => import("./commands/scan.ts"),
  },
  {
    usage: "plan [source...]",
    summary: "show what a migration would do, with masked diffs",
    details: `${SOURCE_LIST}\n\n${ACCEPT_LIST}`,
    options: [...SCAN, ...TARGET, ["-o, --output <file>", "save the plan for apply (0600)"]],
    load: () => import("./commands/plan.ts"),
  },
  {
    usage: "apply <plan>",
    summary: "do what a saved plan says",
    options: [BREAK],
    load: () => import("./commands/apply.ts"),
  },
  {
    usage: "migrate [source...]",
    summary: "plan and apply in one",
    details: `${SOURCE_LIST}\n\n${ACCEPT_LIST}`,
    options: [...SCAN, ...TARGET, BREAK, ["--yes", "do it without asking"]],
    load: () => import("./commands/migrate.ts"),
  },
  {
    usage: "resume [run]",
    summary: "go on with a run that was interrupted",
    options: [BREAK],
    load: () => import("./commands/resume.ts"),
  },
  {
    usage: "rollback [run]",
    summary: "undo a run: containers and store as before",
    options: [BREAK],
    load: () => import("./commands/rollback.ts"),
  },
  {
    usage: "scrub [run]",
    summary: "purge what a finished run kept for rollback, and say what else still shows the values",
    options: [
      BREAK,
      ["--no-residue", "do not look for what else still shows the values"],
      ["--accept <what…>", "key-backup: the key that alone opens the stored values has a backup (remembered per key)"],
    ],
    load: () => import("./commands/scrub.ts"),
  },
  { usage: "runs [run]", summary: "list runs, or show one", options: [], load: () => import("./commands/runs.ts") },
  {
    usage: "watch [source...]",
    summary: "scan again and again, and tell only what is new, back, regressed or gone",
    details: `${SOURCE_LIST}

unsprawl watch install systemd|compose|swarm|kubernetes [SOURCE…] prints what makes a service of it;
unsprawl watch install dockerfile, an image for the last three.`,
    options: [
      ["--every <time>", "scan this often, such as 15m"],
      ["--cron <schedule>", "scan at these times, as crontab has them"],
      ["--once", "scan once, compare with the history, and exit (3 for what is new, back or regressed)"],
      ["--events", "look at each container as it starts, too"],
      HOSTS,
      ...SCAN.filter(([flags]) => !flags.startsWith("--baseline")),
      ...INSTALL,
    ],
    stopping: "stopping",
    load: () => import("./commands/watch.ts"),
  },
  {
    usage: "agent [action] [form]",
    summary: "Serve this host: files for migrated containers, at boot and when a value changes in the store",
    details: `agent writes the files that migrated containers mount, starts containers that could not start without them, and
hands a new value to its consumers: a restart, one container at a time and only while each gets healthy; a signal; or
nothing. The label unsprawl.on-change of a container comes before --on-change.

unsprawl agent install systemd|compose|swarm   print what makes a service of it; with --yes write it, and issue
                                               credentials of its own that can only read
unsprawl agent uninstall systemd               remove both`,
    options: [
      ["--once", "one pass: files, starts, and what has changed since the pass before; exit 5 if something is left"],
      ["--on-change <what>", "what a container gets on a new value: restart (default), signal:NAME or none"],
      ["--every <time>", "ask the stores this often (default: 2s)"],
      ["--boot-timeout <time>", "with --once: before the engine starts, without it, and for at most this long"],
      ["--metrics <address>", "counters for Prometheus, such as 127.0.0.1:9465"],
      ["--grace <time>", "how long a container without a health check must stay up (default: 5s)"],
      ["--health-timeout <time>", "how long a health check may take (default: 90s)"],
      ["--yes", "install, uninstall: do what is printed"],
      ["-o, --output <folder>", "install: write the files into this folder"],
      ["--overwrite", "install: replace files that differ"],
      ["--image <ref>", "install: the image with unsprawl in it"],
      ["--to <store…>", "install: the stores that it may read (default: those of this host's consumers)"],
    ],
    stopping: "stopping",
    load: () => import("./commands/agent.ts"),
  },
  {
    usage: "fleet <action>",
    summary: "many hosts and registries on PostgreSQL: serve asks, any number of workers scan, status tells",
    details: `serve asks for each source of \`fleet.sources\` when it is due; worker takes hosts and repositories as jobs; status
shows workers, the queue and each unit. Database: fleet.database.urlFile, or UNSPRAWL_DATABASE_URL.`,
    options: [
      ["--once", "serve: ask for everything now, wait until it is done, and exit"],
      ["--jobs <number>", "worker: how many it takes at once (default: 4)"],
    ],
    stopping: "stopping",
    load: () => import("./commands/fleet.ts"),
  },
  {
    usage: "classify",
    summary: "NDJSON name/value pairs on stdin → verdicts on stdout",
    options: [],
    load: () => import("./commands/classify.ts"),
  },
  {
    usage: "run <command...>",
    summary: "resolve references in the environment, then exec: unsprawl run -- CMD…",
    options: [
      ["--only <name…>", "resolve only these variables; any other reference is an error (commas, or several times)"],
      ["--keep", "with --only: hand other references on as they are"],
    ],
    load: () => import("./commands/run.ts"),
  },
  {
    usage: "render [what...]",
    summary: "write the files that running containers mount (at boot, after rotation)",
    details: `render [RUN]           what one run moved
render --all           what all finished runs of this host moved
render SOURCE…         what docker:[NAME], compose:FILE say of themselves, on any host that may read the store`,
    options: [
      ["--all", "for every finished run"],
      [
        "--accept <what…>",
        "older-value: also values that the store wrote before those handed out, such as from a backup",
      ],
    ],
    load: () => import("./commands/render.ts"),
  },
  {
    usage: "runtime <action> [what...]",
    summary: "the OCI runtime: install, uninstall, status; allow and forbid say who may have which reference",
    details: `runtime allow CONSUMER VARIABLE REFERENCE…   let its containers have what these references name
runtime forbid CONSUMER [VARIABLE [REFERENCE…]]   take it back
CONSUMER is a container's NAME, compose:PROJECT/SERVICE, swarm:SERVICE or id:FULL-ID. A migration does it by itself; a
container that names any other reference does not start.`,
    options: [
      ["--to <store…>", "stores that it may read; credentials of its own are made for each"],
      ["--print", "print what would be written, and change nothing"],
      ["--daemon-config <file>", "the engine's daemon.json (default: found from the running engine)"],
    ],
    load: () => import("./commands/runtime.ts"),
  },
  {
    usage: "stores [action] [what]",
    summary: "configured stores; check STORE tries every right; policy SUBJECT says who may read; rewrap STORE",
    options: [
      ["--to <store>", "the store, for `stores policy`"],
      ["--project <name>", "the Compose project, where the store's path asks for it"],
    ],
    load: () => import("./commands/stores.ts"),
  },
  {
    usage: "rules [action] [what]",
    summary: "detection rules: list, `rules show ID`, `rules test` (value on stdin)",
    options: [["--name <name>", "the variable's name, for `rules test`"]],
    load: () => import("./commands/rules.ts"),
  },
  {
    usage: "trust [folder]",
    summary: "let this folder's unsprawl.yaml name stores, hosts, channels, and hide findings",
    details: `Such settings of unsprawl.yaml count only when the file and its folder are yours and you have trusted them, until one
of them changes. All others always count. A file that you name yourself (--config) needs no trust.`,
    options: [
      ["--print", "print what would be trusted, and change nothing"],
      ["--always", "trust the folder whatever its file will say"],
      ["--remove", "do not trust it any more"],
      ["--list", "list the folders that are trusted"],
    ],
    load: () => import("./commands/trust.ts"),
  },
  {
    usage: "doctor",
    summary: "engine, stores, runtime, leftovers, and what still shows moved values",
    options: [
      ["--no-residue", "do not look for what still shows moved values"],
      ["--alive", "only whether the agent, watch or fleet member that runs here keeps up: exit 1 if one hangs"],
    ],
    load: () => import("./commands/doctor.ts"),
  },
  {
    usage: "uninstall",
    summary: "before unsprawl is removed from this host: who needs it, and with --yes what it installed goes",
    details: `Refused while containers of this host would not start without unsprawl; they are listed. With --yes it removes the
OCI runtime and the agent. It keeps the state folder, stores and keys, and prints how the program is removed.`,
    options: [
      ["--check", "only say whether containers need it: exit 1 if one does"],
      ["--yes", "remove the runtime and the agent"],
    ],
    load: () => import("./commands/uninstall.ts"),
  },
  {
    usage: "completion <shell>",
    summary: "completion script: bash, zsh or fish",
    options: [],
    load: () => import("./commands/completion.ts"),
  },
];
