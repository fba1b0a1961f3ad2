/** How the lines of a file are written: it decides where a name ends, where a value does, and what a quote means. */
export type Language =
  | "dotenv"
  | "shell"
  | "docker"
  | "make"
  | "yaml"
  | "json"
  | "ini"
  | "xml"
  | "hcl"
  | "groovy"
  | "code"
  | "prose";

/** The last folders and the name of a file, or its ending; the first that fits counts. */
const LANGUAGES: readonly (readonly [Language, RegExp])[] = [
  [
    "docker",
    /(?:^|\/)(?:Dockerfile|Containerfile)(?!\.(?:[cm]?[jt]sx?|py|go|rb|java|rs)$)(?:[.-][\w.-]{1,40})?$|\.(?:dockerfile|containerfile)$/i,
  ],
  ["make", /(?:^|\/)(?:GNU)?Makefile(?:\.[\w.-]{1,40})?$|\.(?:mk|mak)$/i],
  ["groovy", /(?:^|\/)Jenkinsfile(?:[.-][\w.-]{1,40})?$|\.(?:jenkinsfile|groovy|gradle)$/i],
  [
    "dotenv",
    /(?:^|\/)\.?env(?:rc)?(?:\.[\w.-]{1,40})?$|\.env$|(?:^|\/)etc\/(?:environment|default\/[^/]{1,80}|sysconfig\/[^/]{1,80}|conf\.d\/[^/.]{1,80})$|(?:^|\/)environment\.d\/[^/]{1,80}\.conf$/i,
  ],
  [
    "shell",
    /\.(?:sh|bash|zsh|ksh|ash|csh|fish|command|envrc|bat|cmd)$|(?:^|\/)\.?(?:bash|zsh|ash|sh|ksh|mysql|psql|rediscli|python|node_repl|fish)_?(?:history|rc|profile|login|logout|aliases|env)$|(?:^|\/)\.(?:profile|history|zshenv|zprofile|zlogin)$|(?:^|\/)etc\/(?:profile|bash\.bashrc|rc\.local|crontab)$|(?:^|\/)(?:profile|cron|init|entrypoint|docker-entrypoint-init(?:db)?)\.d\/[^/.]{1,80}$|(?:^|\/)(?:docker-)?entrypoint$|(?:^|\/)cron(?:tabs)?\/[^/.]{1,80}$/i,
  ],
  [
    "yaml",
    /\.(?:ya?ml|eyaml)(?:\.[\w-]{1,20})?$|(?:^|\/)\.(?:yarnrc\.yml|clang-format)$|kubeconfig$|(?:^|\/)\.kube\/config$/i,
  ],
  ["json", /\.(?:json|jsonc|json5|tfstate|ipynb|avsc|har|dockercfg|dockerconfigjson)(?:\.backup)?$/i],
  [
    "xml",
    /\.(?:xml|config|csproj|vbproj|props|targets|plist|xsd|wsdl|resx|jnlp|kml|pubxml|xhtml|jsp|xaml|svg|html?)$/i,
  ],
  ["hcl", /\.(?:tf|tfvars|hcl|nomad)$/i],
  [
    "ini",
    /\.(?:properties|ini|cfg|conf|cnf|toml|inf|reg|service|socket|timer|container|pod|kube|network|volume|desktop|netdev|ovpn|pgpass|rc)$|(?:^|\/)(?:config|credentials|\.npmrc|\.pypirc|\.s3cfg|\.boto|\.my\.cnf|\.gitconfig|\.netrc|Caddyfile|\.pgpass|\.htpasswd)$/i,
  ],
];
const PROSE =
  /\.(?:md|markdown|mdx|rst|txt|adoc|log|out|po|pot|[1-8])$|(?:^|\/)(?:README|CHANGELOG|LICENSE|NOTES|log)(?:\/|$)/i;

/** By the path, or by the first line of a script that has no ending. */
export function languageOf(path: string, bytes: Uint8Array): Language {
  if (PROSE.test(path)) return "prose";
  const end = lastSegments(path);
  for (const [language, pattern] of LANGUAGES) if (pattern.test(end)) return language;
  return isShellScript(bytes) ? "shell" : "code";
}

/** The three that a pattern has at most: paths are long, and a search begins at each character. */
function lastSegments(path: string): string {
  let from = path.length;
  for (let count = 0; count < 3 && from > 0; count++) from = path.lastIndexOf("/", from - 1);
  return path.slice(from + 1);
}

function isShellScript(bytes: Uint8Array): boolean {
  if (bytes[0] !== 35 || bytes[1] !== 33) return false;
  const first = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 120)).toString("latin1");
  return /^#![^\n]{0,80}\b(?:ba|da|a|z|k)?sh\b/.test(first);
}

/** Files in which lines are commands of a shell. */
export function hasCommands(language: Language): boolean {
  return /^(?:shell|docker|make|yaml|groovy)$/.test(language);
}

/** Files of statements, of SQL's and of PowerShell's; all else in them is code. */
export function hasStatements(path: string): boolean {
  return /\.(?:p?sql|pgsql|mysql|ddl|cql|ps1|psm1)$/i.test(path);
}
