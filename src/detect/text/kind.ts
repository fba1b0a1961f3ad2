import { secretFileKind } from "../../model/secret-file.ts";
import { looksRandom } from "../entropy.ts";
import { MEDIUM, type Evidence } from "../evidence.ts";
import { FAMILY } from "../names/lexicon.ts";
import { readName } from "../names/names.ts";
import { splitWords } from "../names/words.ts";
import type { Language } from "./language.ts";
import { isNoise } from "./noise.ts";
import { isAlphabet } from "./sequence.ts";

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

/** Rules that only a name speaks for. */
const BY_NAME = /^(?:password|secret|key|user-password|high-entropy|assignment|url-password)$/;
/** The same of a command and of a header, as documents show them. */
const SHOWN = /^(?:header|command)$/;
/** What a person takes who means to change it: in a password's place these open the account. */
const WEAK =
  /^(?:admin|docker|vagrant|ubnt|foobar|default1|1{6}|123456|administrator|root|toor|guest|test|demo|user|postgres|mysql|mariadb|mongo|redis|rabbitmq|elastic|minio|oracle|grafana|jenkins|nexus|keycloak|minioadmin|minioroot|changeme|changeit|change-?this|letmein|welcome|qwerty|qwertyuiop|iloveyou|monkey|dragon|superuser|supersecret|topsecret|secretpassword|mysecretpassword|mypassword|adminpassword|rootpassword|testpassword)$/i;

/** Of applications that are installed with their name as the password. */
const INSTALLED =
  /^(?:wordpress|drupal|joomla|nextcloud|owncloud|odoo|zabbix|sonar|sonarqube|airflow|superset|metabase|clickhouse|cassandra|neo4j|couchdb|influxdb|hasura|directus|strapi|moodle|magento|prestashop|mattermost|gitea|harbor|rancher|portainer)$/;

/** In these languages programs are seldom written; whoever names a constant so has it for an account. */
const FOREIGN =
  /^(?:passwort|kennwort|motdepasse|mdp|senha|contrasena|wachtwoord|haslo|heslo|sifre|sifresi|salasana|lozinka|adgangskode|kodeord|passord|losenord|jelszo|katasandi|matkhau|parool)$/;

/** Words of forms and messages, which stand where a password would. */
const LABEL =
  /^(?:pass(?:wor[dt]|wd|phrase|code)?|secret|token|key|auth|creden|pwd|string|text|hidden|label|required|input|field|number|boolean|object|error|invalid|missing|forgot|reset|change|create|update|delete|remove|current|confirm|repeat|verif|valid|show|hide|weak|strong|match|hash|encrypt|crypt|plain|user|name|email|login|sign|type|value|default|none|null|true|false|enable|disable|optional|unknown|mock|fake|dummy|example|sample|placeholder)/;
const isLabel = (value: string): boolean => splitWords(value).some((word) => LABEL.test(word));
const TALKS =
  /^(?:label|labels|error|errors|err|msg|message|messages|text|title|hint|help|i18n|lang|placeholder|tooltip|forgot|confirm|invalid|wrong|validation|validate|description)$/;

/** What a hit counts in a file of this kind: in code and prose a name says less than in settings. */
export function inKind(kind: TextKind, found: Evidence, name: string, value: string): Evidence {
  if (found.score < MEDIUM || !(BY_NAME.test(found.rule) || (kind === "prose" && SHOWN.test(found.rule)))) return found;
  const weaker = (score: number): Evidence => ({ ...found, score: Math.min(found.score, score) });
  // `pass=0; fail=0` counts; what opens an account is longer.
  if (value.length < 3 || isTold(name, value) || namesObject(name, value)) return weaker(0.3);
  if (kind === "settings") return found;
  if (value.toLowerCase() === name.toLowerCase()) return weaker(0.3);
  if (/^#[0-9a-f]{3,8}$/i.test(value)) return weaker(0);
  if (kind === "prose") return weaker(isStrong(value) ? 0.55 : 0.4);
  // In code a weak literal under a secret's name is a label, a key of a map or a default as often as a password.
  return isStrong(value) || isGiven(name, value, found.rule) || isInside(found, value) ? found : weaker(0.45);
}

/** A part of what code never spells out for people: of a URL, a line of settings, or text that was encoded. */
function isInside({ rule, via = [] }: Evidence, value: string): boolean {
  if (via.some((step) => /^(?:base64|hex|gzip|zlib)\b/.test(step))) return true;
  if (rule !== "url-password" && via.length === 0) return false;
  return (
    value.length >= 5 && !WORDS_ONLY.test(value) && (rule === "url-password" || /\d|[a-z][-_.#][a-z]/i.test(value))
  );
}

const WORDS_ONLY =
  /^(?:my|your|the|some|test)?[-_. ]?(?:pass(?:wor[dt]|wd|phrase)?|pwd|secret|token|key|user(?:name)?|string|value|changeme|foo|bar|baz|xxx)$/i;

/** A message to people: `label.password=Password`, `error.password = The password is too short`, `password: Mot de passe`. */
function isTold(name: string, value: string): boolean {
  if (TALKS.test(splitWords(name)[0] ?? "")) return /^[A-Z\u0080-\uffff][^\d]{2,}$|\s/.test(value);
  if (/[^\p{L}\s.,:;!?'’…*()-]/u.test(value) || !/[a-z]/.test(name) || !/^\p{Lu}|\s/u.test(value)) return false;
  return splitWords(value).some((word) => FAMILY.get(word) === "password");
}

/** `secret: grafana-basic-auth`, Quadlet's `Secret=db_password,type=env`: the name of an object that holds the secret. */
function namesObject(name: string, value: string): boolean {
  if (/^v?\d{1,5}(?:\.\d{1,5}){0,2}\.[x*]$/.test(value)) return true;
  // `"login": "octocat"` is a user's name; a path with stars chooses files.
  if (/^[<>=^~|*v]{0,2}\d{1,5}(?:\.\d{1,5})?/.test(value) && name.includes("/")) return true;
  if (isAlphabet(value)) return true;
  if ((/^login$/i.test(name) && !value.includes(":")) || /^[\w.*/-]*\/\*/.test(value)) return true;
  if (/[a-z]SecretKey$|^secretKey$/.test(name)) return isEntryName(value);
  // `secretAccessKeyKey: awsSecretAccessKey`
  if (/[a-z]KeyKey$/.test(name)) return /^[A-Za-z][\w.-]{1,60}$/.test(value);
  if (isObjectsName(name, value) || (OBJECT.test(name) && /^[a-z][a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){1,6}$/.test(value)))
    return true;
  return (
    (/^secrets?$/i.test(name) || OBJECT.test(name) || isChartsName(name)) &&
    /^[a-z]{2,30}(?:[-_.][a-z]{2,30}){1,6}$|^[\w.-]{1,80},(?:type|target|uid|gid|mode)=/.test(value)
  );
}

/** `initdb_secret: barbican-initdb`: the name of the object repeats what it is for. */
function isObjectsName(name: string, value: string): boolean {
  // `postgres_password_secret: dagster-postgresql-secret`, `github_app_id_kvsecret = "github-app-id"`
  if (/_(?:password|credentials?|auth|tls|cert)_secret$/.test(name) && /^[a-z]{2,20}(?:-[a-z]{2,20}){1,6}$/.test(value))
    return true;
  if (
    value.includes("-") &&
    /^[a-z-]{5,60}$/.test(value) &&
    name.startsWith(value.replaceAll("-", "_")) &&
    /^_(?:kv|vault|k8s)_?secret(?:_name)?$/.test(name.slice(value.length))
  )
    return true;
  const purpose = /^([a-z]{4,20})_secret$/.exec(name)?.[1];
  return (
    purpose !== undefined &&
    !/^(?:client|shared|session|cookie|signing|webhook|master|token|consumer|encryption|hash|oauth|access)$/.test(
      purpose,
    ) &&
    value.split("-").includes(purpose)
  );
}

/** What charts call the object that holds the secret: `githubConfigSecret: pre-defined-secret`. */
const OBJECT =
  /^(?:ca|tls|credentials?|registry|cert|certificate|s3|db|external|existing)Secret(?:Name)?$|[a-z](?:Config|T[lL][sS]|Pull|Auth|Credentials?|Registry|C[aA]|Cert|Certificate|Password|Env|Existing|External|Repo|Git|S3|Smtp|Db|Database|Admin|Root|User)Secret(?:Name)?$/;

/** `initdbScriptsSecret`, `envFromSecret`: charts name objects so; of these words the secret itself is said as often. */
function isChartsName(name: string): boolean {
  return (
    /^[a-z]\w{1,40}[a-z]Secret(?:Name)?$/.test(name) &&
    !/(?:client|app|shared|jwt|session|cookie|signing|webhook|hook|api|master|token|consumer|encryption|hash|oauth|access|user|csrf|hmac|auth)Secret/i.test(
      name,
    )
  );
}

/** The name of an entry in a Secret, under what charts call it: `sshSecretKey: id_rsa`, `secretKey: github_app_id`. */
function isEntryName(value: string): boolean {
  if (
    /^(?:id_(?:rsa|dsa|ecdsa|ed25519)|key|value|data|connection[-_.]?string|uri|url|host|(?:tls|ca|ssh-private)[.-]\w{3,12})$/.test(
      value,
    )
  )
    return true;
  if (
    !/^[a-z]{2,20}(?:[-_.][a-z]{1,20}){0,4}$/.test(value) ||
    /^(?:my|your|some|super|test|dev|change)[-_.]/.test(value)
  )
    return false;
  const { family, setting } = readName(value);
  return setting !== null || (family !== null && !/^(?:secret|password|changeme)$/.test(value));
}

/** Made by a machine, or by a person who was asked for letters, digits and marks; not an expression of code. */
function isStrong(value: string): boolean {
  if (looksRandom(value, 12) || isPassphrase(value) || isNoise(value)) return true;
  if (
    /\s|\$\{|\{\{|%[sd]|^[\w.]{1,60}\([\w., "']{0,80}\)|=>|^<[^<>]{1,80}>$|^\^|\\[dwsb]|[[(][^\])]{1,20}[\])][+*?]/.test(
      value,
    )
  )
    return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^\w]/].filter((one) => one.test(value)).length;
  return (
    value.length >= 6 && /\d/.test(value) && classes >= (value.length >= 10 && /\d{2}|[^\w.-]/.test(value) ? 2 : 3)
  );
}

/** `cobalt winter tennis waffle`: words that make no sentence. */
function isPassphrase(value: string, least = 3): boolean {
  const words = value.replace(/[!.?]$/, "").split(" ");
  return (
    words.length >= least &&
    words.length < 9 &&
    words.every((word) => /^[a-z]{3,12}\d{0,4}$/.test(word)) &&
    !SENTENCE.test(value)
  );
}

const SENTENCE =
  /\b(?:the|and|you|your|for|not|are|was|has|have|with|from|that|this|must|should|can|cannot|when|while|into|please|enter|use|used|using|new|old|set|get|too|than|all|any|one|two|does|did|will|its|only)\b|(?<!\bspr)(?:ing|tion|ed)\b/;

/** A constant of the code's own, or one that it puts into an environment, with a value that is no word of forms. */
function isGiven(name: string, value: string, rule: string): boolean {
  const { family, word } = readName(name);
  if (WEAK.test(value) || (family === "password" && INSTALLED.test(value))) return true;
  const words = splitWords(name);
  // A login's password, and the word of the name that says what the value is.
  const noun = word.toLowerCase() || (words.at(-1) ?? "");
  const last = rule === "user-password" || /^[a-z]{2,6}(?:pass|pw)$/.test(noun) ? "password" : noun;
  const named = /^[A-Z][A-Z0-9]*(?:_{1,2}[A-Z0-9]+)+$/.test(name) || ACCOUNTS(words);
  const own = (words.length > 1 && (named || FOREIGN.test(last))) || (FOREIGN.test(last) && /^[A-Z]+$/.test(name));
  if (own && PASSWORD.test(last) && DATE_OR_WORD.test(value) && (/\d/.test(value) || words.length > 2)) return true;
  if (own && isPassphrase(value, 2) && !isLabel(value)) return true;
  // `crimson-rainbow-cherry-falcon`, `bridge#golden`: words that only a person joins so.
  if (
    words.length > 1 &&
    PASSWORD.test(last) &&
    /^[a-z]{3,10}(?:[-.][a-z]{3,10}){2,7}(?:!|(?<=(?:[-.]\w{1,10}){3}))$/.test(value)
  )
    return !isLabel(value);
  if (/^(?:password|secret)$/.test(FAMILY.get(last) ?? "") && /^[a-z]{3,12}[#!&+=~^][a-z]{3,12}$/.test(value))
    return true;
  if (own && PASSWORD.test(last) && /^[a-z]{3,20}@[\w-]{2,30}\.[a-z]{2,6}$/.test(value)) return true;
  if (/^\d{4,12}$/.test(value))
    return (
      words.some((word) => /^(?:pin|pincode)$/.test(word)) ||
      (PASSWORD.test(last) && (own || (words.length > 1 && value.length > 5)))
    );
  if (!/^[\x21-\x7e\u0080-\uffff]{4,60}$/.test(value) || /[(){}[\]|\\]/.test(value)) return false;
  if (
    (words.length > 1 || noun !== last) &&
    PASSWORD.test(last) &&
    /^[a-z]{3,20}\d{1,6}$/.test(value) &&
    !TECHNICAL_WORD.test(value)
  )
    return true;
  if (/\d/.test(value)) return value.length > 5 && /[A-Za-z]/.test(value) && !TECHNICAL.test(value);
  if (
    (words.length < 2 && !own) ||
    /^\W/.test(value) ||
    /[<>/]/.test(value) ||
    /^[A-Z_]+$/.test(value) ||
    words.join("") === splitWords(value).join("")
  )
    return false;
  // `my-cherry-secret`: three words that only a secret chosen by a person has.
  if (/^(?:secret|key|base)$/.test(last) && /^[a-z]{2,20}(?:[-_][a-z]{2,20}){2,5}$/.test(value)) return true;
  if (isLabel(value)) return false;
  // `appKey = "homepage"` says whose it is.
  if (own && (family !== "key" || /[^a-z]/.test(value))) return true;
  // `secret.Key == "ca_chain"`: the key of an entry.
  return (
    /^(?:pass|password|passwd|pwd|passphrase|key)$/.test(last) &&
    !/\.key$/i.test(name) &&
    /[a-z][-_.#][a-z]/.test(value)
  );
}

/** A birthday, and the words that stand for every password. */
const DATE_OR_WORD = /^\d{1,2}\.\d{1,2}\.(?:19|20)\d\d$|^(?:password|secret)$/;
const TECHNICAL_WORD =
  /^(?:sha|md|utf|base|oauth|argon|http|ipv|field|input|label|step|page|item|form|row|col|option)\d/;
const PASSWORD = /^(?:pass|password|passwd|pwd|passphrase)s?$/;

/** Kinds, versions and ordinals, which have digits too. */
const TECHNICAL =
  /^(?:sha|md|utf|base|oauth|argon|http|ipv|aes|rsa|hs|rs|es|ps|ed|x|v|win|mp|h|p|k)-?\d{1,5}(?![A-Za-z0-9])|^[a-z]{1,40}[-_]?\d$|(?:field|input|label|step|test|page|item|form|row|col|section|option)[-_]?\d|^v?\d{1,5}\.\d/i;

const ACCOUNTS = (words: readonly string[]): boolean => words.slice(0, -1).some((word) => ACCOUNT.test(word));

/** What has passwords: `dbPassword`, `smtp_pass`. */
const ACCOUNT =
  /^(?:db|database|root|admin|administrator|mysql|mariadb|postgres|postgresql|pg|redis|mongo|mongodb|rabbitmq|kafka|elastic|ldap|smtp|imap|mail|ftp|sftp|ssh|vnc|proxy|minio|grafana|jenkins|keycloak|nexus|oracle|sa|superuser|service|backup|replication|nextauth|auth|jwt|session|cookie|signing|encryption|hmac|app|api)$/;
