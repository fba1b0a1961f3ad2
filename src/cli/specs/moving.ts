import { FORMAT_NAMES } from "../views/index.ts";
import {
  BREAK,
  DRY_RUN,
  EACH_HOST,
  HOSTS,
  PLAN_FORMATS,
  PLAN_PARTS,
  SCAN,
  SOURCE_HELP,
  TARGET,
  YES,
} from "./shared.ts";
import type { CommandSpec } from "./spec.ts";

/** Commands that find secrets and move them. */
export const MOVING: readonly CommandSpec[] = [
  {
    usage: "scan [source...]",
    group: "move",
    reads: true,
    summary: "Find secrets and explain each finding",
    details: `${SOURCE_HELP} Without one, the containers of the engine are scanned. Nothing is changed.`,
    options: [
      ...SCAN,
      ["--format <format>", "Output format (default: table)", FORMAT_NAMES],
      ["-o, --output <file>", "Write the result to a file (0600)"],
      ["--verify", "Ask vendors and databases whether each secret works (this sends it to them)"],
      ["--show-ignored", "Also list findings that `ignore` or a label hides"],
      ["--remember", "Record findings in the history: those of an earlier scan are known and do not fail"],
      ["--resume", "Resume an interrupted scan of a registry or repository"],
      HOSTS,
    ],
    examples: [
      ["unsprawl scan", "All containers of the engine, and their images"],
      ["unsprawl scan docker:web compose:compose.yaml", "One container and a Compose project"],
      ["unsprawl scan image:shop/web:1.2 --layers", "An image, with the files in its layers"],
      ["unsprawl scan dir:. --fail-on critical", "In CI: exit 3 for critical findings only"],
      ["unsprawl scan --format html -o report.html", "A report to pass on; it holds no value"],
    ],
    load: () => import("../commands/scan.ts"),
  },
  {
    usage: "plan [source...]",
    group: "move",
    reads: true,
    summary: "Show what a migration would do, with masked diffs",
    details: `${SOURCE_HELP} Nothing is changed. A saved plan holds no value; apply re-reads each one and refuses if it has changed.`,
    options: [
      ...SCAN,
      ...TARGET,
      ...PLAN_PARTS,
      ["--format <format>", "Output format (default: table); markdown is for a change ticket", PLAN_FORMATS],
      ["-o, --output <file>", "Save the plan for apply (0600); with --format markdown, write that"],
      EACH_HOST,
    ],
    eachHost: true,
    examples: [
      ["unsprawl plan docker:web --to local", "What would change, and why"],
      ["unsprawl plan docker:web --to local --diff", "With each line that changes"],
      ["unsprawl plan docker:web --to local -o plan.json", "Save the plan for review"],
      ["unsprawl plan compose:compose.yaml --to local --only DB_PASSWORD", "One variable of a Compose project"],
    ],
    load: () => import("../commands/plan.ts"),
  },
  {
    usage: "apply <plan>",
    group: "move",
    summary: "Apply a saved plan",
    details: "Refuses if a container, a file or a value has changed since the plan was made.",
    options: [...PLAN_PARTS, DRY_RUN, YES, BREAK],
    examples: [
      ["unsprawl apply plan.json --dry-run", "Show the plan again"],
      ["unsprawl apply plan.json", "Move the secrets"],
    ],
    load: () => import("../commands/apply.ts"),
  },
  {
    usage: "migrate [source...]",
    group: "move",
    summary: "Plan and apply in one step",
    details: `${SOURCE_HELP} Prints the plan, then applies it. Each secret is written to the store and read back before a container is touched.`,
    options: [...SCAN, ...TARGET, ...PLAN_PARTS, DRY_RUN, BREAK, YES, EACH_HOST],
    eachHost: true,
    examples: [
      ["unsprawl migrate docker:web --to local --dry-run", "The plan alone"],
      ["unsprawl migrate docker:web --to local --yes", "Move every secret of one container"],
    ],
    load: () => import("../commands/migrate.ts"),
  },
];
