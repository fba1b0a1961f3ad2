import { looksRandom } from "../entropy.ts";
import type { Evidence } from "../evidence.ts";
import { FAMILY } from "../names/lexicon.ts";
import { readName } from "../names/names.ts";
import { splitWords } from "../names/words.ts";
import { isNoise } from "./noise.ts";

/** Whether a literal of code is a password or a key rather than a label, a key of a map or a default. */
export function standsInCode(name: string, value: string, found: Evidence): boolean {
  return isStrong(value) || isGiven(name, value, found.rule) || isInside(found, value);
}

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
