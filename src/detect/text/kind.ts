/** What a text is for, by its path: how much a mere name says in it. */
export type TextKind = "settings" | "code" | "prose";

const SETTINGS =
  /(?:^|\/)(?:\.?env(?:\.[\w.-]{1,40})?|\.npmrc|\.yarnrc|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.s3cfg|\.boto|\.dockercfg|\.dockerconfigjson|\.pypirc|\.htpasswd|credentials|config|Dockerfile[\w.-]{0,40}|Containerfile|Caddyfile|[\w.-]{1,80}\.(?:env|properties|ini|cfg|conf|cnf|ya?ml|toml|tfvars|tfstate|json|jsonc|json5|xml|plist|service|container|config|pem|key))$/i;
const PROSE =
  /\.(?:md|markdown|rst|txt|html?|adoc|po|pot|d\.ts|map|svg|css|1|3|5|8)$|(?:^|\/)(?:README|CHANGELOG|LICENSE|docs?|man)(?:\/|$)/i;
/** Where made-up secrets are the rule. */
const TESTS =
  /(?:^|\/)(?:tests?|__tests__|spec|specs|fixtures?|testdata|mocks?|examples?|samples?|demo)(?:\/|$)|[._-](?:test|spec|example|sample|template|dist|tpl)\.?/i;

export function kindOf(path: string): TextKind {
  if (PROSE.test(path)) return "prose";
  return SETTINGS.test(path) ? "settings" : "code";
}

export function isTest(path: string): boolean {
  return TESTS.test(path);
}
