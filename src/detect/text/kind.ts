import { secretFileKind } from "../../model/secret-file.ts";
import type { Language } from "./language.ts";

/** What a text is for, by its path: how much a mere name says in it. */
export type TextKind = "settings" | "code" | "prose";

/** Besides the files that are known to hold secrets. */
const SETTINGS =
  /(?:^|\/)(?:\.?env(?:rc)?(?:\.[\w.-]{1,40})?|config|(?:GNU)?Makefile(?:\.[\w.-]{1,40})?|Jenkinsfile(?:[.-][\w.-]{1,40})?|etc\/(?:environment|default\/[^/]{1,80}|sysconfig\/[^/]{1,80}|profile|crontab)|(?:profile|environment|cron)\.d\/[^/]{1,80}|\.?\w{1,12}_history|\.(?:bash|zsh)(?:rc|_profile|env|_aliases)|\.z?profile|Dockerfile(?!\.[jt]s$)[\w.-]{0,40}|Containerfile|Caddyfile|[\w.-]{1,80}\.(?:env|properties|ini|cfg|conf|cnf|ya?ml|toml|tfvars|tfstate|json|jsonc|json5|xml|plist|service|container|config|pem|key|sh|bash|zsh|ksh|ash|mk|tf|hcl|nomad|gradle))$/i;
/** Settings that come with a system, of which all that look like secrets are examples. */
const SHIPPED = /(?:^|\/)nsswitch\.conf$|(?:^|\/)etc\/(?:debconf|ssl\/openssl)\.c(?:onf|nf)$/i;
const PROSE =
  /\.(?:md|markdown|rst|txt|html?|adoc|po|pot|d\.ts|map|svg|css|1|3|5|8)$|(?:^|\/)(?:README|CHANGELOG|LICENSE|docs?|man)(?:\/|$)/i;
/**
 * Where made-up secrets are the rule: a folder or a file with such a word in its name. A chart `shop-demo` is deployed as
 * it is; `demo/` shows something.
 */
const TESTS =
  /(?:^|\/)(?:(?:[\w.-]{0,80}[._-])?(?:tests?|__tests__|specs?|fixtures?|testdata|mocks?|examples?|samples?)|demo)(?:\/|\.\w{1,4}$|$)|(?:^|\/)(?:android|common|functional|integration|ios|jvm|native|unit)Test\/|(?:^|\/)test[_-][\w-]{1,80}\.\w{1,4}$|(?:^|\/)e2e\/|(?:^|\/)\.?ci\/[\w.-]{0,60}values[\w.-]{0,20}\.ya?ml$|[._-](?:tests?|specs?|fixtures?|factory|examples?|samples?|templates?|dist|tpl)(?:[._-][^/]{0,100})?$/i;

/** `below` is the path from the folder that is scanned. */
export function kindOf(path: string, below: string, language: Language): TextKind {
  if (PROSE.test(below) || SHIPPED.test(path)) return "prose";
  if (language === "ini" || language === "dotenv") return "settings";
  return SETTINGS.test(path) || secretFileKind(path) !== null ? "settings" : "code";
}

export function isTest(path: string): boolean {
  return TESTS.test(path);
}

/** Folders of texts in other languages, and files that are called by a language: `locales/`, `lang.de-de.json`, `pt-BR.yml`. */
const TRANSLATIONS =
  /(?:^|\/)(?:langs?|languages?|locales?|i18n|l10n|intl|nls|translations?)(?:\/|[._-][\w.-]{1,40}$|\.[a-z]{2,5}$)|[._-]strings\.(?:xml|json)$|(?:^|\/)values(?:-[A-Za-z0-9+-]{2,20})?\/(?:strings|arrays|plurals)[\w-]{0,40}\.xml$|\.lproj\//;
const IN_LANGUAGE =
  /(?:^|[/._-])(?:ar|bg|bn|ca|cs|da|de|el|en|es|et|eu|fa|fi|fr|gl|he|hi|hr|hu|it|ja|ka|ko|lt|lv|mk|ms|nb|nl|nn|no|pl|pt|ro|ru|sk|sl|sq|sr|sv|ta|te|th|tr|uk|ur|uz|vi|zh)(?:[-_](?:[A-Za-z]{2}|Hans|Hant))?\.(?:json|ya?ml|properties|php|po|xliff?|resx|arb|strings|[jt]s)$/;

/** A table of words for people in another language. */
export function isTranslation(path: string): boolean {
  return TRANSLATIONS.test(path) || IN_LANGUAGE.test(path);
}
