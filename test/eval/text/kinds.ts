import type { Random } from "../tools/random.ts";
import { ASSIGNED, type Writer } from "./assigned.ts";
import { COMMANDS } from "./commands.ts";
import { FILLERS } from "./fillers.ts";

/** A kind of file: how a row is written into it, and what stands around the rows. */
export type TextFile = {
  readonly kind: string;
  /** The path of a file of this kind, without a folder. */
  readonly path: (random: Random) => string;
  /** The lines of a variable; null where this kind of file cannot hold the value. */
  readonly assigned: Writer | null;
  /** The lines of a command; null where this kind has none. */
  readonly command: ((random: Random, line: string) => string | null) | null;
  readonly head: string;
  readonly tail: string;
  /** Ordinary lines, none of which is a secret. */
  readonly filler: readonly string[];
  /** The lowest confidence that counts: prose is reported at low confidence. */
  readonly floor: "low" | "medium";
  /** How many variables a file has; of a table one, under its own column. */
  readonly most: number;
};

const NAMED: { readonly [kind: string]: readonly string[] } = {
  dotenv: [".env", ".env.production", "app.env", "prod.env"],
  environment: ["etc/environment", "etc/default/app", "etc/sysconfig/app"],
  shell: ["entrypoint.sh", "deploy.sh", "etc/profile.d/app.sh", "root/.bashrc", "root/.profile"],
  history: ["root/.bash_history", "home/app/.zsh_history", "root/.ash_history"],
  makefile: ["Makefile", "build.mk"],
  dockerfile: ["Dockerfile", "Dockerfile.prod", "Containerfile"],
  php: ["config.php", "wp-config.php", "settings.inc.php"],
  python: ["settings.py", "config.py", "app.py"],
  javascript: ["config.js", "server.mjs", "index.ts"],
  properties: ["application.properties", "gradle.properties", "db.properties"],
  ini: ["app.ini", "my.cnf", "config.toml"],
  xml: ["settings.xml", "web.config", "context.xml"],
  yaml: ["values.yaml", "application.yml", "config.yml"],
  compose: ["docker-compose.yml", "compose.yaml"],
  go: ["config.go", "main.go"],
  ruby: ["database.rb", "secrets.rb", "config.rb"],
  terraform: ["main.tf", "prod.tfvars", "variables.tf"],
  kubernetes: ["deployment.yaml", "statefulset.yml"],
  ecs: ["task-definition.json", "containers.json"],
  json: ["config.json", "appsettings.json"],
  jenkinsfile: ["Jenkinsfile", "deploy.groovy"],
  java: ["Config.java", "Settings.kt", "Startup.cs"],
  rust: ["main.rs", "config.rs"],
  kotlin: ["Config.kts", "Settings.kt"],
  list: ["accounts", "settings.local", "app.conf.bak"],
  workflow: [".github/workflows/ci.yml", ".gitlab-ci.yml"],
  notebook: ["analysis.ipynb", "train.ipynb"],
  table: ["accounts.csv", "export.csv"],
  directives: ["etc/apache2/envvars.conf", "etc/nginx/fastcgi.conf"],
  rows: ["dump.sql", "seed.sql"],
  markdown: ["README.md", "docs/setup.md"],
};

export const TEXT_FILES: readonly TextFile[] = Object.entries(NAMED).map(([kind, names]) => ({
  kind,
  path: (random) => random.pick(names),
  assigned: ASSIGNED[kind] ?? null,
  command: COMMANDS[kind] ?? null,
  ...(FILLERS[kind] ?? { head: "", tail: "", filler: [] }),
  most: kind === "table" ? 1 : 12,
  floor: kind === "markdown" ? "low" : "medium",
}));
