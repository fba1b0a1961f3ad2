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

/** Folders of texts in other languages, and files that are called by a language: `locales/`, `lang.de-de.json`, `pt-BR.yml`. */
const TRANSLATIONS =
  /(?:^|\/)(?:langs?|languages?|locales?|i18n|l10n|nls|translations?)(?:\/|[._-][\w.-]{1,40}$|\.[a-z]{2,5}$)|[._-]strings\.(?:xml|json)$/;
const IN_LANGUAGE =
  /(?:^|[/._-])(?:ar|bg|bn|ca|cs|da|de|el|en|es|et|eu|fa|fi|fr|gl|he|hi|hr|hu|it|ja|ka|ko|lt|lv|mk|ms|nb|nl|nn|pl|pt|ro|ru|sk|sl|sq|sr|sv|ta|te|th|tr|uk|ur|uz|vi|zh)(?:[-_](?:[A-Za-z]{2}|Hans|Hant))?\.(?:json|ya?ml|properties|php|po|xliff?|resx|arb|strings|[jt]s)$/;

/** A table of words for people in another language. */
export function isTranslation(path: string): boolean {
  return TRANSLATIONS.test(path) || IN_LANGUAGE.test(path);
}
