/** Files recognised by their path as holding secrets. */
export type SecretFile =
  | "env"
  | "npmrc"
  | "netrc"
  | "git-credentials"
  | "git-config"
  | "pgpass"
  | "htpasswd"
  | "userlist"
  | "sasl-passwd"
  | "docker-config"
  | "kubeconfig"
  | "terraform-state"
  | "credentials"
  | "private-key"
  | "keystore";

/** Patterns for the last one or two path segments. */
const FILES: readonly (readonly [SecretFile, string])[] = [
  ["env", String.raw`\.env(?:\.[\w.-]{1,40})?|[^/]{1,200}\.env`],
  ["npmrc", String.raw`\.npmrc|\.yarnrc(?:\.yml)?`],
  ["netrc", String.raw`[._]netrc`],
  ["git-credentials", String.raw`\.git-credentials|git/credentials`],
  ["git-config", String.raw`\.git/config|\.gitconfig`],
  ["pgpass", String.raw`\.pgpass`],
  ["htpasswd", String.raw`\.?htpasswd|mosquitto_passwd|mosquitto/(?:passwd|pwfile)`],
  ["userlist", String.raw`userlist\.txt`],
  ["sasl-passwd", String.raw`(?:sasl|smtp|relay)_?(?:passwd|password)s?`],
  ["docker-config", String.raw`\.docker/config\.json|\.dockercfg|\.dockerconfigjson`],
  ["kubeconfig", String.raw`\.kube/config|kubeconfig|[^/]{1,200}\.kubeconfig`],
  ["terraform-state", String.raw`[^/]{1,200}\.tfstate(?:\.backup)?`],
  ["credentials", String.raw`\.aws/credentials|credentials(?:\.json)?|\.pypirc|\.my\.cnf|\.s3cfg|\.boto`],
  ["private-key", String.raw`id_(?:rsa|dsa|ecdsa|ed25519)|[^/]{1,200}\.(?:pem|key)`],
  ["keystore", String.raw`[^/]{1,200}\.(?:p12|pfx|jks|jceks|keystore)`],
];

const END = /\.(?:example|sample|dist|template|tpl)$/;
const ANY = new RegExp(`(?:^|/)(?:${FILES.map(([, pattern]) => pattern).join("|")})$`);
const EACH = FILES.map(([kind, pattern]) => [kind, new RegExp(`(?:^|/)(?:${pattern})$`)] as const);

/** The kind of a secret-holding file, by its path; null for all other files and for example files. */
export function secretFileKind(path: string): SecretFile | null {
  const end = path.slice(path.lastIndexOf("/", path.lastIndexOf("/") - 1) + 1); // the last two segments
  if (!ANY.test(end) || END.test(end)) return null;
  return EACH.find(([, pattern]) => pattern.test(end))?.[0] ?? null;
}
