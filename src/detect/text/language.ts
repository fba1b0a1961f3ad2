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
    /(?:^|\/)\.?env(?:rc)?(?:\.(?![\w.-]{0,40}(?:json|ya?ml|xml|toml)$)[\w.-]{1,40})?$|\.env$|(?:^|\/)etc\/(?:environment|default\/[^/]{1,80}|sysconfig\/[^/]{1,80}|conf\.d\/[^/.]{1,80})$|(?:^|\/)environment\.d\/[^/]{1,80}\.conf$/i,
  ],
  [
    "shell",
    /\.(?:sh|bash|zsh|ksh|ash|csh|fish|command|envrc|bat|cmd|rsc)$|(?:^|\/)\.?(?:bash|zsh|ash|sh|ksh|mysql|psql|rediscli|python|node_repl|fish)_?(?:history|rc|profile|login|logout|aliases|env)$|(?:^|\/)\.(?:profile|history|zshenv|zprofile|zlogin)$|(?:^|\/)etc\/(?:profile|bash\.bashrc|rc\.local|crontab)$|(?:^|\/)(?:profile|cron|init|entrypoint|docker-entrypoint-init(?:db)?)\.d\/[^/.]{1,80}$|(?:^|\/)(?:docker-)?entrypoint$|(?:^|\/)cron(?:tabs)?\/[^/.]{1,80}$/i,
  ],
  [
    "yaml",
    /\.(?:ya?ml|eyaml|sls)(?:\.[\w-]{1,20})?$|(?:^|\/)\.(?:yarnrc\.yml|clang-format)$|kubeconfig$|(?:^|\/)\.kube\/config$/i,
  ],
  ["json", /\.(?:json|jsonc|json5|tfstate|ipynb|avsc|har|dockercfg|dockerconfigjson)(?:\.backup)?$/i],
  [
    "xml",
    /\.(?:xml|config|csproj|vbproj|props|targets|plist|xsd|wsdl|resx|jnlp|kml|pubxml|xhtml|jsp|xaml|svg|html?)$/i,
  ],
  ["hcl", /\.(?:tf|tfvars|hcl|nomad)$/i],
  [
    "ini",
    /\.(?:properties|ini|cfg|conf|cnf|toml|inf|reg|service|socket|timer|container|pod|kube|network|volume|desktop|netdev|ovpn|pgpass|rc|nmconnection|http|rest|ora)$|(?:^|\/)(?:inventory|inventories)\/(?:[^/]{1,80}\/)?[^/.]{1,80}$|(?:^|\/)(?:config|credentials|inventory|hosts|\.npmrc|\.pypirc|\.s3cfg|\.boto|\.my\.cnf|\.gitconfig|\.netrc|Caddyfile|\.pgpass|\.htpasswd)$/i,
  ],
];
const PROSE =
  /\.(?:md|markdown|mdx|rst|txt|adoc|log|out|po|pot|[1-8])$|(?:^|\/)(?:README|CHANGELOG|LICENSE|NOTES|log)(?:\/|$)/i;

/** What is put behind a name to keep a copy, or to say what a file is made from. */
const COPY =
  /(?:\.(?:old|bak|backup|orig|save|saved|copy|in|tmpl|template|tpl|j2|jinja2?|erb|epp|dist|sample|example|default)|~|[-_](?:old|bak|backup|copy))$/i;
/** Endings of code and of what programs make: how their lines look says nothing. */
const CODE = new Set(
  `c h cc hh cpp cxx hpp hxx ino m mm swift java kt kts scala sc clj cljs cljc edn cs csx fs fsx vb vbs go rs py pyi pyx pyw rb
  rake gemspec ru php php3 php4 php5 php7 phtml inc pl pm t lua dart ex exs eex heex erl hrl hs ml mli jl r rmd js jsx mjs cjs
  ts tsx mts cts vue svelte astro coffee sql psql ddl ps1 psm1 psd1 pp tcl exp asm s css scss sass less styl proto graphql gql
  thrift sol zig nim d pas f90 el lisp scm vim cmake bzl bazel star gd ejs hbs haml slim twig mustache pug jade liquid csv tsv
  lock sum snap diff patch tex bib ics vcf pem crt cer key pub asc`.split(/\s+/),
);

/** By the path; of a file without a known ending by how it begins. */
export function languageOf(path: string, bytes: Uint8Array): Language {
  if (PROSE.test(path)) return "prose";
  const end = lastSegments(path);
  if (CODE.has(end.slice(end.lastIndexOf(".") + 1).toLowerCase())) return isShellScript(bytes) ? "shell" : "code";
  const named = languageByName(end) ?? (COPY.test(end) ? languageOfCopy(end.replace(COPY, "")) : null);
  if (named !== null) return named;
  if (isShellScript(bytes)) return "shell";
  return isList(bytes) && !IGNORES.test(end) ? "ini" : "code";
}

function languageOfCopy(end: string): Language | null {
  if (PROSE.test(end)) return "prose";
  return CODE.has(end.slice(end.lastIndexOf(".") + 1).toLowerCase()) ? "code" : languageByName(end);
}

function languageByName(end: string): Language | null {
  for (const [language, pattern] of LANGUAGES) if (pattern.test(end)) return language;
  return null;
}

/** Lists of patterns and of findings: `.gitleaksignore` has `file:rule:line`. */
const IGNORES = /ignore$/i;
/** Of a list so much is looked at. */
const BEGINNING = 4096;
const ENTRY =
  /^\s{0,40}(?:-\s|@)?["']?[^\s"'#;:={}()<>,][^"'#;:={}()<>,]{0,60}?["']?\s{0,20}(?:=>?|:)(?!=)\s{0,20}(?:[^\s{([;][^;{}]{0,400})?$/;
const NO_ENTRY = /^\s{0,80}(?:#|;|\/\/|--|\[[\w .:-]{1,80}\]|$)/;

/** Whether most lines give a name a value, and nothing else: somebody's notes of accounts, a file of settings. */
function isList(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, BEGINNING)).toString("latin1");
  const lines = text.split("\n").map((line) => line.trimEnd());
  if (bytes.length > BEGINNING) lines.pop();
  const written = lines.filter((line) => !NO_ENTRY.test(line));
  const entries = written.filter((line) => ENTRY.test(line)).length;
  return entries > 0 && entries >= written.length * 0.7;
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
  return /^(?:shell|docker|make|yaml|groovy|hcl)$/.test(language);
}

/** Files of statements, of SQL's and of PowerShell's; all else in them is code. */
export function hasStatements(path: string): boolean {
  return /\.(?:p?sql|pgsql|mysql|ddl|cql|ps1|psm1)$/i.test(path);
}
