import { looksRandom } from "../entropy.ts";
import type { Evidence } from "../evidence.ts";
import { FAMILY, type WordFamily } from "../names/lexicon.ts";
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
  return words.length >= least && words.length < 9 && words.every((word) => /^[a-z]{3,12}\d{0,4}$/.test(word));
}

type GivenLiteral = {
  readonly name: string;
  readonly value: string;
  readonly family: WordFamily | null;
  readonly words: readonly string[];
  /** The word of the name that says what the value is, and the same as it is meant: `password` of a login. */
  readonly noun: string;
  readonly last: string;
  /** Whether a constant has the name, or an account: what stands there is no label. */
  readonly own: boolean;
};

/** A constant of the code's own, or one that it puts into an environment, with a value that is no word of forms. */
function isGiven(name: string, value: string, rule: string): boolean {
  const { family, word } = readName(name);
  const words = splitWords(name);
  const noun = word.toLowerCase() || (words.at(-1) ?? "");
  const last = rule === "user-password" || /^[a-z]{2,6}(?:pass|pw)$/.test(noun) ? "password" : noun;
  const named = /^[A-Z][A-Z0-9]*(?:_{1,2}[A-Z0-9]+)+$/.test(name) || ACCOUNTS(words);
  const own = (words.length > 1 && (named || FOREIGN.test(last))) || (FOREIGN.test(last) && /^[A-Z]+$/.test(name));
  const literal = { name, value, family, words, noun, last, own };
  const row = GIVEN.find(({ when }) => when(literal));
  return row?.is === true || (row?.is !== false && row?.is(literal) === true);
}

const opensWith = ({ last }: GivenLiteral): boolean => PASSWORD.test(last);

/** The first that fits decides. */
const GIVEN: readonly {
  readonly when: (literal: GivenLiteral) => boolean;
  readonly is: boolean | ((literal: GivenLiteral) => boolean);
}[] = [
  { when: ({ value, family }) => WEAK.test(value) || (family === "password" && INSTALLED.test(value)), is: true },
  {
    when: (one) =>
      one.own && opensWith(one) && DATE_OR_WORD.test(one.value) && (/\d/.test(one.value) || one.words.length > 2),
    is: true,
  },
  { when: ({ own, value }) => own && isPassphrase(value, 2) && !isLabel(value), is: true },
  // `crimson-rainbow-cherry-falcon`, `bridge#golden`: words that only a person joins so.
  {
    when: (one) =>
      one.words.length > 1 &&
      opensWith(one) &&
      /^[a-z]{3,10}(?:[-.][a-z]{3,10}){2,7}(?:!|(?<=(?:[-.]\w{1,10}){3}))$/.test(one.value),
    is: ({ value }) => !isLabel(value),
  },
  {
    when: ({ last, value }) =>
      /^(?:password|secret)$/.test(FAMILY.get(last) ?? "") && /^[a-z]{3,12}[#!&+=~^][a-z]{3,12}$/.test(value),
    is: true,
  },
  { when: (one) => one.own && opensWith(one) && /^[a-z]{3,20}@[\w-]{2,30}\.[a-z]{2,6}$/.test(one.value), is: true },
  {
    when: ({ value }) => /^\d{4,12}$/.test(value),
    is: (one) =>
      one.words.some((word) => /^(?:pin|pincode)$/.test(word)) ||
      (opensWith(one) && (one.own || (one.words.length > 1 && one.value.length > 5))),
  },
  { when: ({ value }) => !/^[\x21-\x7e\u0080-\uffff]{4,60}$/.test(value) || /[(){}[\]|\\]/.test(value), is: false },
  {
    when: (one) =>
      (one.words.length > 1 || one.noun !== one.last) && opensWith(one) && /^[a-z]{3,20}\d{1,6}$/.test(one.value),
    is: true,
  },
  {
    when: ({ value }) => /\d/.test(value),
    is: ({ value }) => value.length > 5 && /[A-Za-z]/.test(value) && !TECHNICAL.test(value),
  },
  { when: ({ words, own }) => words.length < 2 && !own, is: false },
  {
    when: ({ value }) => /^\W|[<>/]|^[A-Z_]+$/.test(value),
    is: false,
  },
  // `my-cherry-secret`: three words that only a secret chosen by a person has.
  {
    when: ({ last, value }) =>
      /^(?:secret|key|base)$/.test(last) && /^[a-z]{2,20}(?:[-_][a-z]{2,20}){2,5}$/.test(value),
    is: true,
  },
  { when: ({ value }) => isLabel(value), is: false },
  // `appKey = "homepage"` says whose it is.
  { when: ({ own, family, value }) => own && (family !== "key" || /[^a-z]/.test(value)), is: true },
  // `secret.Key == "ca_chain"`: the key of an entry.
  {
    when: ({ last }) => /^(?:pass|password|passwd|pwd|passphrase|key)$/.test(last),
    is: ({ name, value }) => !/\.key$/i.test(name) && /[a-z][-_.#][a-z]/.test(value),
  },
];

/** A birthday, and the words that stand for every password. */
const DATE_OR_WORD = /^\d{1,2}\.\d{1,2}\.(?:19|20)\d\d$|^(?:password|secret)$/;
const PASSWORD = /^(?:pass|password|passwd|pwd|passphrase)s?$/;

/** Kinds, versions and ordinals, which have digits too. */
const TECHNICAL =
  /^(?:sha|md|utf|base|oauth|argon|http|ipv|aes|rsa|hs|rs|es|ps|ed|x|v|win|mp|h|p|k)-?\d{1,5}(?![A-Za-z0-9])|^[a-z]{1,40}[-_]?\d$|(?:field|input|label|step|test|page|item|form|row|col|section|option)[-_]?\d|^v?\d{1,5}\.\d/i;

const ACCOUNTS = (words: readonly string[]): boolean => words.slice(0, -1).some((word) => ACCOUNT.test(word));

/** What has passwords: `dbPassword`, `smtp_pass`. */
const ACCOUNT =
  /^(?:db|database|root|admin|administrator|mysql|mariadb|postgres|postgresql|pg|redis|mongo|mongodb|rabbitmq|kafka|elastic|ldap|smtp|imap|mail|ftp|sftp|ssh|vnc|proxy|minio|grafana|jenkins|keycloak|nexus|oracle|sa|superuser|service|backup|replication|nextauth|auth|jwt|session|cookie|signing|encryption|hmac|app|api)$/;
