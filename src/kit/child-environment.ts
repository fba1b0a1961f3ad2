/**
 * The environment for a program that unsprawl starts: general settings (see `PLAIN`, including `COMPOSE_` and `DOCKER_`
 * settings), and the variables in `more`. Excludes every variable that gives access to a store or whose name looks like
 * a credential's, even if it is in `more`.
 */
export function childEnvironment(env: NodeJS.ProcessEnv, more: Iterable<string> = []): { [name: string]: string } {
  const asked = new Set(more);
  const found: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !isCredentialName(name) && (isPlain(name) || asked.has(name))) found[name] = value;
  return found;
}

/** Whether a variable gives access to a store, configures unsprawl, or is a credential by its name. */
export function isCredentialName(name: string): boolean {
  return !SAFE.has(name.toUpperCase()) && (STORES.test(name) || SECRET_WORD.test(name));
}

const isPlain = (name: string): boolean => PLAIN.has(name.toUpperCase()) || FAMILIES.test(name);

const PLAIN = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "TZ", "TMPDIR"],
  ...["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "GNUPGHOME"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
]);

/** The DOCKER_ variables are listed by name because `DOCKER_AUTH_CONFIG` holds logins. */
const FAMILIES =
  /^(LC_\w+|XDG_\w+|COMPOSE_\w+|DOCKER_(HOST|CONTEXT|CONFIG|CERT_PATH|TLS|TLS_VERIFY|API_VERSION|DEFAULT_PLATFORM))$/;

const STORES = /^(VAULT|BAO|AWS|AZURE|ARM|SOPS|UNSPRAWL|KEYWHIZ|GOOGLE|GCP|CLOUDSDK|DOCKER_AUTH)(_|$)/i;
const SECRET_WORD =
  /TOKEN|SECRET|PASS|PWD|CREDENTIAL|PRIVATE|KEY|(?:^|_)(?:AUTH|PAT|DSN|PW|PSK|PIN|OTP|TOTP|JWT|HMAC|SALT|SEED|CREDS?|COOKIE|WEBHOOK|LICEN[CS]E)(?:_|\d|$)/i;
/** Names that look like credentials but are not: the agent's socket, the working folder. */
const SAFE = new Set(["SSH_AUTH_SOCK", "XAUTHORITY", "PWD", "OLDPWD"]);
