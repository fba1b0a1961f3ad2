import {
  KEY_ANY,
  KEY_CANCEL,
  KEY_OPENS,
  KEY_PUBLIC,
  KEY_SHAPED,
  NEUTRAL,
  PUBLIC_WORDS,
  DIGEST_WORDS,
  type WordFamily,
} from "./lexicon.ts";
import { nounAt, type Noun } from "./nouns.ts";
import { cancelledBy, splitWords } from "./words.ts";

/** What a name says of its value. */
export type NameInfo = {
  /** The words in lower case, joined by `_`. */
  readonly key: string;
  /** The kind of secret that the name promises; null when it promises none. */
  readonly family: WordFamily | null;
  /** How much the value itself must look like a secret: not at all, a little, or random. */
  readonly need: Noun["need"];
  /** The last word when it turns a secret's name into a setting about it (`_FILE`, `_TTL`), else null. */
  readonly setting: string | null;
  /** The name says checksum, digest, commit or fingerprint. */
  readonly digest: boolean;
  /** The name says that the value is made to be published. */
  readonly open: boolean;
  /** The word that decided, in capitals; empty when none did. */
  readonly word: string;
};

/** Whether a password may be empty, or is made up: `MYSQL_ALLOW_EMPTY_PASSWORD`, `MYSQL_RANDOM_ROOT_PASSWORD`. */
const SWITCHES = /(?:^|_)(?:allow_empty|random_root|allow_blank|onetime|no)_(?:root_)?pass(?:word)?$/;

/** Airflow's own way to say which entry of a secret store holds an option: the option's name with `_SECRET` behind it. */
const IN_BACKEND = /^airflow_(?:[a-z0-9]{1,30}_){1,8}(?:conn|key|url|backend|password|auth|dsn)_secret$/;

/** What etcd calls its cluster's token keeps clusters apart and opens nothing (etcd's documentation, `initial-cluster-token`); nor does the next page's, nor what AWS tells a repeated request by. */
const NO_TOKEN =
  /(?:^|_)etcd_(?:[a-z0-9]{1,20}_){0,2}cluster_token$|(?:^|_)(?:next|prev|previous)_(?:page_)?token$|(?:^|_)(?:continuation|pagination|idempotency)_token$|^(?:page|creation|client_request)_token$/;

/** Our own labels end in the name of the variable that was moved, which would make a password of their values. */
const DELIVERY_LABEL = /^(unsprawl\.(?:deliver|store))\.[A-Za-z_][\w.-]*$/;

/** Gossip keys of Consul, Nomad and Serf stand under the verb, alone in their own settings. */
const GOSSIP = /(?:^|_)(?:consul|nomad|serf)_(?:[a-z]{1,12}_){0,2}encrypt$|^encrypt$/;

const cache = new Map<string, NameInfo>();
const CACHED = 20_000;

/** Reads a variable's, flag's, key's or label's name; the last words decide. Same name, same object. */
export function readName(name: string): NameInfo {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const info = read(name.length > 200 ? name.slice(-200) : name);
  if (cache.size >= CACHED) cache.clear();
  cache.set(name, info);
  return info;
}

function read(name: string): NameInfo {
  const all = splitWords(name);
  const words = dropNeutral(all);
  const key = all.join("_");
  // Vault's development server takes its root token itself by this name.
  if (key.endsWith("root_token_id")) words.pop();
  const digest = all.some((word) => DIGEST_WORDS.has(word));
  const open = all.some((word) => PUBLIC_WORDS.has(word));
  const nothing: NameInfo = { key, family: null, need: "random", setting: null, digest, open, word: "" };
  const last = words.at(-1);
  if (last === undefined) return nothing;
  // AppRole's password; elsewhere the name of a secret, so that the value must look the part.
  if (key === "secret_id") return { ...nothing, family: "key", need: "random", word: "SECRET_ID" };
  // dbt masks whatever bears this prefix.
  if (key.startsWith("dbt_env_secret_")) return { ...nothing, family: "secret", need: "shaped", word: "SECRET" };
  if (last === "encrypt" && GOSSIP.test(key)) return { ...nothing, family: "key", need: "random", word: "ENCRYPT" };
  const delivery = DELIVERY_LABEL.exec(name)?.[1];
  if (delivery !== undefined) return { ...nothing, setting: delivery };
  // Helm charts write the digest of a Secret on its pods, so that they restart when it changes: `checksum/secret`.
  if (name.startsWith("checksum/")) return { ...nothing, setting: "CHECKSUM" };
  const setting = cancelledBy(words) ?? settingOf(key);
  if (setting !== null) return { ...nothing, setting };

  const found = headOf(words);
  if (found === null) return nothing;
  const { family, need, at } = found;
  const distance = words.length - 1 - at - (family === "key" && words[at] !== "key" && need === "any" ? 1 : 0);
  // The further the noun is from the end, the less it decides: `PASSWORD_ADMIN` does, `TOKEN_BUCKET_SOMETHING` needs help.
  const weaker = distance > 0 && family !== "password" ? "shaped" : need;
  return {
    ...nothing,
    family,
    need: need === "random" ? need : weaker,
    word: (words[at] ?? "").toUpperCase(),
  };
}

/** What the name of a setting about a secret says; a name's end rules out most expressions, which take longer. */
function settingOf(key: string): string | null {
  if ((key.endsWith("pass") || key.endsWith("password")) && SWITCHES.test(key)) return "a switch";
  // Helm charts point to a secret that is there already: `auth.existingSecretPasswordKey`.
  if (key.includes("existing_secret")) return "EXISTING_SECRET";
  // Which secrets Cloud Run hands over, and MySQL's ways to check a password.
  if (/^(?:set|update)_secrets$|(?:^|_)(?:native|sha2|sha256)_password$|^mysql_(?:old|clear)_password$/.test(key))
    return "SECRETS";
  // Vault's agent: the path of what it puts into a file of this name.
  if (key.includes("agent_inject_")) return "AGENT_INJECT";
  if (key.includes("secret_") && IN_OBJECT.test(key)) return "SECRET_KEY";
  if (key.startsWith("airflow_") && IN_BACKEND.test(key)) return "SECRET";
  return key.endsWith("token") && NO_TOKEN.test(key) ? "TOKEN" : null;
}

/** Charts name the entry of a Secret that holds a password: `auth.passwordSecretKey`, `httpSecretPasswordKey`. */
const IN_OBJECT =
  /(?:^|_)(?:password|username|user|usernames|passwords)_secret_(?:key|ref|key_ref)$|(?:^|_)secret_(?:password|username|user)_key$/;

/** Finds the head noun, from the end. A key needs a modifier before it that says what it opens. */
function headOf(words: readonly string[]): (Noun & { readonly at: number }) | null {
  // `fs.azure.account.key.NAME.blob.core.windows.net`
  const from = words.includes("account") && words.at(-1) === "net" ? 0 : Math.max(0, words.length - 4);
  for (let at = words.length - 1; at >= from; at--) {
    const noun = words[at] === "key" ? keyAt(words, at) : nounAt(words, at);
    if (noun === "none") return null;
    if (noun !== "next") return { ...noun, at };
  }
  return null;
}

function keyAt(words: readonly string[], at: number): Noun | "none" | "next" {
  const need = keyOf(words, at);
  // `KEY_API`: some put behind it what others put before.
  if (need === "random" && KEY_ANY.has(words[at + 1] ?? "")) return { family: "key", need: "shaped" };
  if (need !== null) return { family: "key", need };
  return at === words.length - 1 ? "none" : "next";
}

/** `CACHE_ENCRYPTION_KEY` encrypts a cache; `PUBLIC_ENCRYPTION_KEY` and a GPG key's id are made to be seen. */
const OPEN_KEY = /^(?:pub|public|publishable|anon|anonymous|gpg|pgp|apt|rpm|verify|verifying|verification)$/;

/** `SECRET_KEY` holds whatever it is given; `STRIPE_KEY` must look like a key; `PUBLIC_KEY` and `SORT_KEY` are none. */
function keyOf(words: readonly string[], at: number): NameInfo["need"] | null {
  const before = words.slice(Math.max(0, at - 3), at);
  const close = before.at(-1);
  if (close === undefined) return "random";
  // What Python's social-auth calls KEY is the client's id; SECRET is the secret.
  if (words.includes("social") && words[words.indexOf("social") + 1] === "auth" && !KEY_ANY.has(close)) return null;
  const sealed = /^(?:secret|master|admin|private|encryption|decryption|encrypt|crypt|crypto|cipher|aes|hmac)$/.test(
    close,
  );
  if (sealed) {
    if (before.some((word) => OPEN_KEY.test(word))) return null;
  } else if (words[0] !== "rclone" && before.some((word) => KEY_CANCEL.has(word))) {
    // What rclone takes is called CONFIG throughout: `RCLONE_CONFIG_B2_KEY`.
    // `KAFKA_API_KEY`, `app.config.license_key`: the word beside the key decides, unless one says that it is public.
    const opens = KEY_ANY.has(close) || KEY_OPENS.has(close);
    return opens && !KEY_CANCEL.has(close) && !before.some((word) => KEY_PUBLIC.has(word)) ? "shaped" : null;
  }
  if (before.some((word) => KEY_ANY.has(word))) return "any";
  if (before.some((word) => KEY_SHAPED.has(word))) return "shaped";
  return "random";
}

/** Stage, order and encoding words at the end say nothing of what the value is: `API_KEY_PROD_2`, `JWT_SECRET_B64`. */
function dropNeutral(words: readonly string[]): string[] {
  let end = words.length;
  while (end > 1 && NEUTRAL.test(words[end - 1] as string)) end--;
  return words.slice(0, end);
}
