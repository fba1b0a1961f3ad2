/** Forms of values that contain no secret, one pattern per line; what tools write in place of a value is in a table. */
import rows from "./reference-tools.json" with { type: "json" };

/** A path to a file, by its first folder or by its ending. */
export const PATH = anyOf([
  String.raw`^(?:~|\.{0,2})/(?:run|etc|var|opt|home|app|apps|usr|tmp|mnt|secrets?|vault|data|root|srv|config|certs?|keys|path|dev|proc|sys|lib|bin|sbin|workspace|code|src|www|ssl|tls|private|conf|config|ssh|\.[a-z]{2,20})(?:/[^\s]{0,400})?$`,
  String.raw`^[A-Za-z]:\\[^\s]{1,400}$`,
  String.raw`^/?(?:[\w@.-]{1,80}/){0,12}[\w.-]{1,80}\.(?:pem|key|crt|cer|csr|jks|p12|pfx|json|ya?ml|toml|txt|env|conf|cnf|cfg|ini|properties|xml|html?|js|mjs|ts|py|sh|rb|php|go|jar|kdbx|asc|pub|gpg|keytab|kubeconfig|sql|lock|log|sock|db|sqlite|htpasswd)$`,
  String.raw`^/(?:[\w@.-]{1,80}/){0,12}[\w.-]{1,80}\.(?:hex|jwt|token|pass|passwd|pwd|secrets?|creds?|p8|der|ks|keystore)$`,
  String.raw`^(?:[\w@.-]{1,80}/){1,12}[\w.-]{1,80}\.(?:lua|tsx?|jsx|cjs|vue|java|kts?|cs|rs|swift|scala|exs?|cpp|hpp|[ch]|css|scss|svg|png)$`,
  String.raw`^(?:~|\.{1,2})/[\w./-]{1,300}$`,
  String.raw`^/[a-z][a-z0-9_.-]{0,11}$`,
  String.raw`^/[a-z][\w-]{1,30}(?:/[a-z.][\w.-]{0,40}){1,10}/?$`,
]);

/** A URL with a password in it, `vault://web:…@host`, is a login at that server, whatever its scheme is. */
const NO_LOGIN = String.raw`(?!//[^/?#@:]{0,100}:[^/?#@]{1,300}@)`;

/**
 * What a tool writes where a secret belongs: schemes before `://`, the beginnings of `vault:secret/web#KEY`, and other
 * forms. `example` is one, and `counterExample` a secret that merely begins alike.
 */
type ReferenceRow = {
  readonly urls?: readonly string[];
  readonly entries?: readonly string[];
  readonly forms?: readonly string[];
  readonly example: string;
  readonly counterExample: string;
};
const TOOLS: readonly (readonly [tool: string, row: ReferenceRow])[] = Object.entries<ReferenceRow>(rows);

/** The tools by whose references a value is not one itself; the first that matches names it. */
export const REFERENCE_TOOLS = TOOLS.map(([tool, row]) => ({ ...row, tool, pattern: whole(formsOf([row])) }));

/** References in the languages of shells, templates, deployment tools and secret stores. */
export const REFERENCE = whole([
  ...formsOf([
    ...TOOLS.map(([, row]) => row),
    // Of several tools.
    { urls: ["secret", "secrets", "secretref", "file", "env", "keyring"] },
    { entries: ["secret", "secrets", "secretref", "resolve", "keyring", "from", "from_file", "cmd"] },
  ]),
  String.raw`\\?\$\{[^}]{1,200}\}`,
  String.raw`#\{[A-Za-z][\w.-]{1,80}\}#`,
  String.raw`%%[A-Za-z_]{1,80}%%`,
  // systemd's folders, such as that of its credentials, and Postfix' tables.
  String.raw`%[dhtECSLT]/[\w.@/-]{1,200}`,
  String.raw`(?:proxy:)?(?:hash|lmdb|btree|dbm|cdb|texthash|regexp|pcre|mysql|pgsql|ldap|sqlite):/[\w.\x24{}-][\w./\x24{}-]{1,300}`,
  String.raw`%[A-Za-z_][\w.]{0,80}(?:\([\w.:]{1,120}\))?%(?:[/\\][\w./\\@-]{1,300})?`,
  // Telegraf's stores and Ant's parameters.
  String.raw`@\{[\w:.-]{1,100}\}`,
  String.raw`\{(?:env|file|secret|vault)[:.][A-Za-z0-9_./:#-]{1,200}\}`,
  String.raw`\{env\}[A-Za-z_]\w{1,99}`,
  String.raw`\{"?type"?:\s?"?(?:environment|env|file|secret)\b.{0,300}`,
  String.raw`@(?:[~.]{0,2}/|[\w.-]{1,80}/)[\w./-]{1,300}`,
  String.raw`@[\w-]{1,80}\.(?:txt|json|ya?ml|env|pem|key|secret)`,
  String.raw`%\{[^}]{1,200}\}\w?`,
  String.raw`\$\([^)]{1,400}\)`,
  // What Step Functions take from their input, and what a shell runs, of which a quote cut the rest off.
  String.raw`\${1,2}(?:\.[A-Za-z_]\w{0,60}){1,8}`,
  String.raw`\\?\$\([a-z][\w-]{0,30}\s.{0,2000}`,
  String.raw`%\([A-Za-z0-9_]{1,99}\)s`,
  String.raw`\{\{.{0,400}\}\}`,
  String.raw`<%.{0,400}%>`,
  String.raw`#\{[^}]{1,200}\}`,
  String.raw`\x60[^\x60]{1,400}\x60`,
  String.raw`!(?:Ref|Sub|GetAtt|ImportValue|var|vault|secret|env|env_var|reference)\b.{0,400}`,
  String.raw`(?:env|fromenv|from_env):[A-Za-z0-9_./#@:{}$-]{2,400}`,
  String.raw`(?:file|pass|classpath\*?):(?=[\w@-]{0,80}/|[\w@-]{1,80}\.[a-z][a-z0-9]{0,9}$)[A-Za-z0-9_./#@:{}$-]{2,400}`,
  String.raw`fd(?:_open)?:\d{1,3}`,
  String.raw`projects/[^/]{1,99}/locations/[^/]{1,60}/keyRings/.{1,300}`,
  String.raw`arn:aws[a-z-]{0,12}:[a-z0-9-]{2,40}:.{0,2000}`,
  String.raw`(?:process\.)?env\.\w{1,99}`,
  String.raw`\[\[ ?[^\[\]]{1,200} ?\]\]`,
  // Azure's resource templates.
  String.raw`\[[a-z]{3,30}\('[\w.-]{1,80}'\)[\w.]{0,100}\]`,
  String.raw`os\.environ.{0,120}`,
  String.raw`System\.getenv.{0,120}`,
  String.raw`File\.read\(.{1,300}`,
  String.raw`ENV(?:\.fetch\(|\[).{1,200}`,
  String.raw`(?:getenv|env|lookup|secret|file|var)\(.{1,200}\)`,
  String.raw`\(\(.{1,200}\)\)`,
  String.raw`\$\$?\{.{1,200}\}`,
  // CapRover's variables, and its functions.
  String.raw`(?:base64:)?(?:\${1,2}cap_[\w-]{1,80}(?:\(\d{0,4}\))?){1,4}={0,2}`,
  // `$ACTOR:${{ secrets.TOKEN }}`: nothing else than references, one of them in two brackets.
  String.raw`(?:\$[A-Za-z_]\w{0,60}[:/@])?\$\{\{[^{}]{1,100}\}\}(?:[:/@.-]\$\{\{[^{}]{1,100}\}\}){0,4}`,
  String.raw`\$secret\{.{1,200}\}`,
  String.raw`\$__(?:file|env|vault)\{.{1,200}\}`,
  // A function of a statement's parameter: `password = crypt($1, …)`.
  String.raw`[a-z_]{2,30}\((?:\$\d|:[a-z]|\?|@[a-z]|new\.)[^)]{0,80}\)?`,
  String.raw`valueFrom:.{0,400}`,
]);

/** Shell, Windows and build-tool variables, where case tells a variable from a password such as `$ecret`. */
export const VARIABLE =
  /^(?:\$[Ee][Nn][Vv]:\w{1,100}|\${1,2}[A-Z_][A-Z0-9_]{1,99}|\$\{?[\d@*]\}?|\$\{[A-Za-z_]\w{0,99}|\${1,2}[a-z][a-z0-9]{0,40}(?:_[a-z0-9]{1,40}){1,6}|%[A-Z_][A-Z0-9_]{1,99}%|__[A-Z][A-Z0-9_]{1,80}__|@{1,2}[A-Z][A-Z0-9_]{2,80}@{1,2})$/;

/** As few alternatives as there can be: nearly every value is compared with them. */
function formsOf(all: readonly Pick<ReferenceRow, "urls" | "entries" | "forms">[]): readonly string[] {
  const [urls, entries] = [all.flatMap((row) => row.urls ?? []), all.flatMap((row) => row.entries ?? [])];
  const tail = String.raw`(?!v\d:)(?=[a-z]{4,80}$|[a-z0-9]{0,80}[/#._:@{}$-])[A-Za-z0-9_./#@:{}$-]{2,400}`;
  return [
    ...(urls.length === 0 ? [] : [`(?:${urls.join("|")}):${NO_LOGIN}//.{1,1000}`]),
    ...(entries.length === 0 ? [] : [`(?:${entries.join("|")}):${NO_LOGIN}${tail}`]),
    ...all.flatMap((row) => row.forms ?? []),
  ];
}

function whole(patterns: readonly string[]): RegExp {
  return new RegExp(`^(?:${patterns.join("|")})$`, "i");
}

function anyOf(patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join("|"));
}
