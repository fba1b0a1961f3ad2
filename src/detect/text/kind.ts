import { secretFileKind } from "../../model/secret-file.ts";

/** What a text is for, by its path: how much a mere name says in it. */
export type TextKind = "settings" | "code" | "prose";

/** Besides the files that are known to hold secrets. */
const SETTINGS =
  /(?:^|\/)(?:\.?env(?:\.[\w.-]{1,40})?|config|Dockerfile[\w.-]{0,40}|Containerfile|Caddyfile|[\w.-]{1,80}\.(?:env|properties|ini|cfg|conf|cnf|ya?ml|toml|tfvars|tfstate|json|jsonc|json5|xml|plist|service|container|config|pem|key))$/i;
/** Settings that come with a system too, of which all that look like secrets are examples. */
const PROSE =
  /(?:^|\/)etc\/(?:nsswitch|debconf|ssl\/openssl)\.c(?:onf|nf)$|\.(?:md|markdown|rst|txt|html?|adoc|po|pot|d\.ts|map|svg|css|1|3|5|8)$|(?:^|\/)(?:README|CHANGELOG|LICENSE|docs?|man)(?:\/|$)/i;
/** Where made-up secrets are the rule. */
const TESTS =
  /(?:^|\/)(?:tests?|__tests__|spec|specs|fixtures?|testdata|mocks?|examples?|samples?|demo)(?:\/|$)|[._-](?:test|spec|example|sample|template|dist|tpl)\.?/i;

export function kindOf(path: string): TextKind {
  if (PROSE.test(path)) return "prose";
  return SETTINGS.test(path) || secretFileKind(path) !== null ? "settings" : "code";
}

export function isTest(path: string): boolean {
  return TESTS.test(path);
}
