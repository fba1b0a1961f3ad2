import { ACCEPTS, SOURCES, STORES } from "../assembly/plug-ins.ts";

// What help and the manual pages share besides commands: environment, files, exit codes.

/** What the exit codes mean: the contract. */
export const EXITS = [
  [0, "fine"],
  [1, "failed"],
  [2, "usage or configuration"],
  [3, "findings at or above --fail-on"],
  [4, "authentication or permission"],
  [5, "partly done (says resume or rollback)"],
  [6, "migrated, but an application was not seen to read a value (--accept unread)"],
  [130, "interrupted"],
] as const;

type Row = readonly [name: string, text: string];

/** Variables that are read, by what they are for. */
export const ENVIRONMENT: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  {
    title: "unsprawl",
    rows: [
      ["XDG_CONFIG_HOME", "Where unsprawl/config.yaml and the list of trusted folders are (default: ~/.config)"],
      ["XDG_STATE_HOME", "Where runs and history are (default: ~/.local/state)"],
      ["UNSPRAWL_FINGERPRINT_KEY_FILE", "A fingerprint key that several machines share"],
      ["UNSPRAWL_DATABASE_URL", "PostgreSQL for a fleet"],
      ["UNSPRAWL_HOST", "This machine's name in the history"],
      [
        "UNSPRAWL_RUNTIME_DIR",
        "Where files with values go; must be on tmpfs (default: /run/unsprawl, or /dev/shm/unsprawl; without root, unsprawl in XDG_RUNTIME_DIR)",
      ],
      ["NO_COLOR", "No colors"],
      ["ACCESSIBLE", "The terminal UI line by line"],
      ["CI", "Never open the terminal UI, never ask"],
    ],
  },
  {
    title: "Engine and registries",
    rows: [
      ["DOCKER_HOST", "The engine: unix://, ssh:// or tcp://"],
      ["DOCKER_CONTEXT", "A context of the Docker CLI"],
      ["DOCKER_TLS_VERIFY, DOCKER_CERT_PATH", "TLS for tcp://"],
      ["DOCKER_CONFIG", "Where contexts and registry logins are (default: ~/.docker)"],
    ],
  },
  {
    title: "Stores, if none is configured",
    rows: STORES.flatMap(({ environment = {} }) => Object.entries(environment)),
  },
];

export const FILES: readonly Row[] = [
  ["unsprawl.yaml", "The project's configuration, see unsprawl.yaml(5); a JSON Schema ships with the package."],
  ["$XDG_CONFIG_HOME/unsprawl/config.yaml", "Your own configuration; the project's takes precedence."],
  [
    "$XDG_STATE_HOME/unsprawl/",
    "Journals of runs, the history of scans, the fingerprint key. None of them contains a value.",
  ],
];

/** What `unsprawl help` has besides commands. */
export const TOPICS = ["accept", "environment", "exit-codes", "sources"] as const;

/** Every value of --accept. */
export const ACCEPT_ROWS: readonly Row[] = [...ACCEPTS];

/** Every form of SOURCE. */
export const SOURCE_ROWS: readonly Row[] = [
  ...SOURCES.map(({ usage, summary }) => [usage, summary] as const),
  ["STORE:[PATH]", `what a store holds: a configured one, or ${STORES.map(({ name }) => name).join(", ")}`],
];
