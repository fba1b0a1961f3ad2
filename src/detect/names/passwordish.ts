import { looksRandom } from "../entropy.ts";

/** What the words around an argument say of it, where the program's own flags are not known. */

const USER_FLAG =
  /^(?:-u|-U|-l|-n|-r|-user|-username|-login|--user|--username|--user-name|--login|--login-user|--db-user|--db_user|\/user|\/ru|\/u)$/;
/** What runs a command as somebody: the user behind it logs in nowhere. */
const AS = /^(?:\/\S{1,80}\/)?(?:sudo|doas|runuser|exec|run|setpriv)$/;
const PASSWORD_FLAG = /^(?:-p|-P|-w|-W|-pw|-pass|-v|\/p|\/rp|\/pw|\/pass)$/;

/**
 * True when `value` behind the short flag `flag` is a password: a user name stands on the same line, or the value looks
 * like a password and like nothing else. Ports, paths, hosts and numbers are what such flags take else.
 */
export function shortPassword(flag: string, value: string, line: readonly string[]): boolean {
  if (!PASSWORD_FLAG.test(flag) || !plausible(value)) return false;
  if (humanPassword(value) || looksRandom(value, 12)) return flag !== "-v" || hasUser(line);
  return /^(?:-p|-P|-pw|-w|\/p|\/rp)$/.test(flag) && hasUser(line) && /[a-z]/i.test(value);
}

function hasUser(line: readonly string[]): boolean {
  return line.some((word, at) => {
    const equals = word.search(/[=:]/);
    const flag = equals > 0 ? word.slice(0, equals) : word;
    if (!USER_FLAG.test(flag) || AS.test(line[at - 1] ?? "")) return false;
    const value = equals > 0 ? word.slice(equals + 1) : (line[at + 1] ?? "");
    return /^[A-Za-z][\w.@\\/-]{1,80}$/.test(value);
  });
}

/** Not a number, a path, a host, a URL, a port mapping or an option. */
export function plausible(value: string): boolean {
  if (value.length < 3 || value.length > 200 || /\s/.test(value)) return false;
  if (/^[\d.,:/+-]+$/.test(value) || /^[-+/~.$@%<{]/.test(value)) return false;
  if (/:\/\/|^[\w.-]+:\d{1,5}(?:\/|$)|^\w+:\w+$|^[\w.-]+\/[\w./-]+$|=/.test(value)) return false;
  return !/^(?:[a-z0-9-]+\.)+[a-z]{2,}$|\.(?:ya?ml|json|conf|cfg|txt|ini|env|sql|sh|py|js|jar|pem|key|crt)$|\.svc$/i.test(
    value,
  );
}

/** A word with digits, or with digits and marks, as people make passwords; not a version, a release or an id. */
export function humanPassword(value: string): boolean {
  if (value.length < 6 || value.length > 64 || /[\s/:=]/.test(value)) return false;
  if (/^v?\d+(?:\.\d+)+|^(?:[a-z]+[-_.])+v?\d{1,3}$|^[a-z]{1,12}\d{1,2}$/.test(value)) return false;
  if (
    /^(?:ubuntu|debian|windows|rhel|fedora|alpine|centos|release|version|build|java|jdk|node|python|psk|php|postgres|mysql|redis|vs|sha|md)[-_]?\d/i.test(
      value,
    )
  )
    return false;
  return (
    /[A-Za-z]/.test(value) &&
    /\d/.test(value) &&
    (/[A-Z]/.test(value) || /[!@#$%^&*?+~]/.test(value) || /\d{3}/.test(value))
  );
}

/** `user:password` behind a flag for logins; `user:group`, `1000:1000` and `host:port` are none. */
export function isLogin(value: string): boolean {
  const match = /^([A-Za-z][\w.@\\+-]{0,63}):(\S{3,200})$/.exec(value);
  if (match === null) return false;
  const [, user = "", password = ""] = match;
  // `App::cpanminus`, a module of Perl's; `system:kube-scheduler`, a user of Kubernetes'.
  if (/^[/\\~$@{<%:]/.test(password) || password === user || user === "system") return false;
  return !/^[a-z_][a-z_-]{0,31}$/.test(password);
}

/** Words behind which a name and then a password stand, at these distances; any program. */
export const POSITIONS: ReadonlyMap<string, number> = new Map([
  ["users add", 2],
  ["user add", 2],
  ["add user", 2],
  ["user create", 2],
  ["users create", 2],
  ["addauth digest", 1],
  ["add_user", 2],
  ["adduser", 2],
  ["change_password", 2],
  ["set-initial-password", 1],
  ["set-single-user-credentials", 2],
  ["set-password", 1],
  ["reset-password", 1],
  ["reset-admin-password", 1],
  ["auth-pass", 2],
  ["secret_access_key", 1],
  ["add-user.sh", 2],
  ["+login", 2],
  ["isql", 3],
  ["using", 1],
  ["passwd", 1],
]);
