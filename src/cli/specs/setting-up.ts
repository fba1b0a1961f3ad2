import { TOPICS } from "../reference.ts";
import { EACH_HOST, YES } from "./shared.ts";
import type { CommandSpec } from "./spec.ts";

/** Commands that set unsprawl up, and show what it knows. */
export const SETTING_UP: readonly CommandSpec[] = [
  {
    usage: "init",
    group: "setup",
    summary: "Choose a store and write unsprawl.yaml",
    details:
      "Asks which store to use and for its settings, writes them to unsprawl.yaml in this folder, trusts that file, and checks the store. Needs a terminal; nothing is overwritten.",
    options: [],
    examples: [["unsprawl init", "Set up this folder"]],
    load: () => import("../commands/init.ts"),
  },
  {
    usage: "config [action]",
    group: "setup",
    summary: "Show which configuration applies; `config check` validates it",
    details:
      "Validates unsprawl.yaml in this folder and your own config.yaml, or the file of --config; see unsprawl.yaml(5).",
    actions: ["check"],
    options: [],
    examples: [
      ["unsprawl config", "Which files are read, and what they set"],
      ["unsprawl config check", "Validate them; exit 2 at the first fault"],
    ],
    load: () => import("../commands/config.ts"),
  },
  {
    usage: "stores [action] [what]",
    group: "setup",
    summary: "List stores, check one, print its policies",
    details: `unsprawl stores check STORE tries every right that a migration needs, and prints a policy if one is missing. unsprawl stores policy SUBJECT --to STORE prints a policy that lets one application read its values and nothing else; without SUBJECT, one that lets whoever migrates move and restore every value of the store. unsprawl stores rewrap STORE re-wraps the data keys of SOPS files for the keys that their creation rule (.sops.yaml) or the store names, as sops updatekeys does; with --rotate-key it makes new data keys and encrypts every value again, as sops rotate does. It first shows who gains and who loses access.`,
    actions: ["check", "policy", "rewrap"],
    options: [
      ["--to <store>", "policy: the store"],
      ["--project <name>", "policy: the Compose project, if the store's path contains it"],
      ["--rotate-key", "rewrap: make new data keys, and encrypt every value again"],
      ["--dry-run", "rewrap: show who would gain and lose access to which file"],
      ["-y, --yes", "rewrap: do it without asking; needed where nobody can be asked"],
    ],
    examples: [
      ["unsprawl stores", "The configured stores"],
      ["unsprawl stores check local", "Can it be reached, read and written?"],
      ["unsprawl stores policy web --to local", "What the application web needs to read its values"],
      ["unsprawl stores policy --to vault", "What whoever migrates needs"],
      ["unsprawl stores rewrap local --dry-run", "Who would gain and lose access to its files"],
    ],
    load: () => import("../commands/stores.ts"),
  },
  {
    usage: "rules [action] [what]",
    group: "setup",
    summary: "List detection rules, show one, test a value",
    details:
      "unsprawl rules show ID explains one rule. unsprawl rules test reads a value from stdin and says whether it is a secret, and why.",
    actions: ["show", "test"],
    options: [["--name <name>", "test: the variable's name (default: VALUE)"]],
    examples: [
      ["unsprawl rules", "All rules"],
      ["unsprawl rules show url-password", "One rule, with how to rotate what it finds"],
      ["unsprawl rules test --name DB_PASSWORD < value.txt", "Is this a secret?"],
    ],
    load: () => import("../commands/rules.ts"),
  },
  {
    usage: "trust [folder]",
    group: "setup",
    summary: "Trust this folder's unsprawl.yaml",
    details:
      "Settings of unsprawl.yaml that name stores, hosts or channels, or that hide findings, apply only if the file and its folder are yours and you have trusted them, until one of them changes. All others always apply. A file of --config needs no trust.",
    options: [
      ["--print", "Print what would be trusted, and change nothing"],
      ["--always", "Trust the folder even if its file changes"],
      ["--remove", "Stop trusting it"],
      ["--list", "List trusted folders"],
      YES,
    ],
    examples: [
      ["unsprawl trust --print", "What this folder's file asks for"],
      ["unsprawl trust", "Trust it"],
      ["unsprawl trust --list", "Every trusted folder"],
    ],
    load: () => import("../commands/trust.ts"),
  },
  {
    usage: "doctor",
    group: "setup",
    reads: true,
    summary: "Check engine, stores, runtime and leftovers",
    details:
      "Also looks for places that still show migrated values. Exits 1 unless everything was checked and is well.",
    options: [
      ["--no-residue", "Do not look for places that still show migrated values"],
      [
        "--alive",
        "Only check the agent, watch or fleet member that runs here: exit 1 if it hangs (the HEALTHCHECK of the image)",
      ],
      EACH_HOST,
    ],
    eachHost: true,
    examples: [
      ["unsprawl doctor", "Check everything"],
      ["unsprawl doctor --no-residue", "Without the search for other copies"],
    ],
    load: () => import("../commands/doctor.ts"),
  },
  {
    usage: "uninstall",
    group: "setup",
    summary: "Remove what unsprawl installed on this host",
    details: `Refused while containers of this host would not start without unsprawl; they are listed. Otherwise it removes the OCI runtime and the agent. The state folder, stores and keys are kept; how to remove the program is printed.`,
    options: [["--check", "Only report whether containers need it: exit 1 if one does"], YES],
    examples: [
      ["unsprawl uninstall --check", "Does a container need unsprawl?"],
      ["unsprawl uninstall", "What would be removed"],
    ],
    load: () => import("../commands/uninstall.ts"),
  },
  {
    usage: "completion <shell>",
    group: "more",
    summary: "Print a completion script: bash, zsh or fish",
    actions: ["bash", "fish", "zsh"],
    options: [],
    examples: [
      ["unsprawl completion bash > ~/.local/share/bash-completion/completions/unsprawl", "bash"],
      ["unsprawl completion zsh > ~/.zsh/_unsprawl", "zsh, with ~/.zsh in fpath"],
      ["unsprawl completion fish > ~/.config/fish/completions/unsprawl.fish", "fish"],
    ],
    load: () => import("../commands/completion.ts"),
  },
  {
    usage: "help [topic]",
    group: "more",
    summary: "Show help for a command or a topic",
    details: `Topics: ${TOPICS.join(", ")}.`,
    options: [],
    examples: [
      ["unsprawl help migrate", "A command"],
      ["unsprawl help accept", "What each value of --accept means"],
    ],
    load: () => import("../commands/help.ts"),
  },
  {
    usage: "version",
    group: "more",
    summary: "Print the version",
    options: [],
    examples: [["unsprawl version --json", "With Node's version and the platform"]],
    load: () => import("../commands/version.ts"),
  },
];
