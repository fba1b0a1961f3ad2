import { ACCEPT_WORDS, SOURCES } from "../../assembly/plug-ins.ts";
import { FAIL_ON } from "../../model/fail-on.ts";
import { CONFIDENCES } from "../../model/finding.ts";
import type { OptionSpec } from "./spec.ts";

/** Flags that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  ["--json", "Print JSON on stdout, and errors as JSON on stderr"],
  ["-q, --quiet", "Print no progress and no notes"],
  ["-v, --verbose", "Print each step as it begins, with the time, and the cause of an error"],
  ["--no-input", "Never ask for anything to be typed"],
  ["--no-color", "Print without colors (NO_COLOR does the same)"],
  ["--config <file>", "Read this configuration instead of unsprawl.yaml"],
];

/** Flags of `unsprawl` without a command. */
export const UI_OPTIONS: readonly OptionSpec[] = [
  ["--read-only", "Open the terminal UI so that nothing can be changed"],
  ["--hosts [name…]", "Open it on the engines of `hosts:` in the configuration (name or glob)"],
  ["--accessible", "Open it line by line, for screen readers"],
];

const LAYERED = SOURCES.flatMap(({ kind, layers }) => (layers === true ? [`${kind}:`] : []));

export const SCAN: readonly OptionSpec[] = [
  ["--min-confidence <level>", "Hide findings below this confidence (default: medium)", CONFIDENCES],
  ["--fail-on <level>", "Exit 3 for findings at or above this (default: medium)", FAIL_ON],
  ["--layers", `Also scan files inside image layers (${LAYERED.join(", ")})`],
  ["--baseline <file>", "Earlier scan whose findings are treated as known and do not fail"],
];

export const HOSTS: OptionSpec = [
  "--hosts [name…]",
  "Scan the engines of `hosts:` in the configuration (name or glob)",
];

/** Of a command that runs on one engine after the other. */
export const EACH_HOST: OptionSpec = [
  "--hosts [name…]",
  "Do it on each engine of `hosts:` in the configuration (name or glob), one after the other",
];

export const TARGET: readonly OptionSpec[] = [
  ["--to <store>", "Move secrets into this store: a configured one, or a provider's name"],
  [
    "--deliver <how>",
    "How the application gets its values (default: auto)",
    ["auto", "file", "runtime", "shim", "volume"],
  ],
  ["--overwrite", "Replace another value in the store (it is kept beside it until scrub)"],
  ["--accept <risk…>", "Proceed despite a known risk (see `unsprawl help accept`)", ACCEPT_WORDS],
  ["--only <name…>", "Move only variables of this name or glob"],
  ["--grace <time>", "How long a container without a health check must stay up (default: 5s)"],
  ["--health-timeout <time>", "How long a health check may take (default: 90s)"],
];

/** What a printed plan has besides its tables. */
export const PLAN_PARTS: readonly OptionSpec[] = [
  ["--diff", "Show each line that changes, with values masked"],
  ["--by-hand", "Show the commands that do the same by hand"],
];

export const PLAN_FORMATS = ["table", "json", "markdown"] as const;

export const BREAK: OptionSpec = ["--break-lock", "Break the lock of a run that no longer exists"];

export const DRY_RUN: OptionSpec = ["--dry-run", "Print what would be done, and change nothing"];

/** Of a command that asks a person on a terminal. */
export const YES: OptionSpec = ["-y, --yes", "Do it without asking; needed where nobody can be asked"];

/** What `[RUN]` can be. */
export const RUN_HELP =
  "RUN is a run's id, the first characters of one, or `last`; `unsprawl runs` lists them. Without RUN the only run that fits is meant.";

/** What `[SOURCE…]` can be. */
export const SOURCE_HELP =
  "SOURCE is kind:what, such as docker:web or compose:compose.yaml; see `unsprawl help sources`.";
