import { CANCEL, CANCEL_PHRASES, FAMILY } from "./lexicon.ts";

/** Compounds that people write as one word: the part before, and the noun. */
const COMPOUND =
  /^([a-z0-9]{1,24}?)(basicauth|passwords?|passwd|passphrase|passcode|passwort|kennwort|apikey|authkey|secretkey|accesskey|privatekey|publickey|signingkey|encryptionkey|encryptkey|cryptkey|securitykey|hmackey|licensekey|masterkey|accountkey|sitekey|sshkey|authtoken|accesstoken|secrets?|tokens?|credentials?|creds|salt|pwd|pswd|pass)$/;
const COMPOUND_KEY =
  /^(api|secret|access|private|public|pub|signing|sign|encryption|encrypt|license|licence|master|auth|app|account|shared|storage|site|ssh|ssl|tls|session|service|consumer|client|preshared|registration|activation|jwt|hmac|aes|crypto|cookie|deploy|webhook|join|stream|cron)keys?$/;
/** Words that only happen to end like one. */
const NOT_COMPOUND =
  /^(?:[a-z]{0,16}com|by|tres|encom|sur|over|under|tow|ox|res|im|tu|ask|multi|single|first|two|high|low|band)pass$|^nopass(?:wd|word)?$|^(?:tik|g|be)tokens?$|^basalt$|^oldpwd$|^cwd$/;
const SHORT_PW =
  /^(rcon|vnc|wifi|web|sa|root|bind|user|db|my|admin|ldap|sql|ftp|smtp|mail|http|pg|redis|mongo|key|store|trust)(pw|pass)$/;
const IS_CAMEL = /[a-z]\d{0,4}[A-Z]/;

/** A name's words in lower case: cut at anything that is not a letter or digit, at case, and inside known compounds. */
export function splitWords(name: string): string[] {
  let text = name;
  if (IS_CAMEL.test(text)) {
    text = text.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  }
  const words: string[] = [];
  const lower = (ASCII.test(text) ? text : folded(text)).toLowerCase();
  // Most names have no other mark, and a text splits them faster than an expression.
  for (const raw of PLAIN.test(lower) ? lower.split("_") : lower.split(/[^a-z0-9\x80-\uffff]+/)) {
    if (raw === "") continue;
    for (const word of cutWord(raw)) words.push(word);
  }
  return words;
}

const ASCII = /^[\x20-\x7e]*$/;
const PLAIN = /^\w*$/;

/** `HASŁO`, `ŞİFRE`: Latin letters without their marks; other scripts stay as they are. */
function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/([A-Za-z])[\u0300-\u036f]{1,4}/g, "$1")
    .normalize("NFC")
    .replace(/[łŁıøØ]/g, (letter) => ({ ł: "l", Ł: "L", ı: "i", ø: "o", Ø: "O" })[letter] ?? letter);
}

const cut = new Map<string, readonly string[]>();
const CUT = 10_000;

/** Names are made of a few words. */
function cutWord(raw: string): readonly string[] {
  const known = cut.get(raw);
  if (known !== undefined) return known;
  const words: string[] = [];
  pushWord(words, raw);
  if (cut.size >= CUT) cut.clear();
  cut.set(raw, words);
  return words;
}

function pushWord(words: string[], raw: string): void {
  // `password1`, `token2`: the number is an ordinal, unlike the one in `sha256` or `oauth2`.
  const counted = /^([a-z]{3,20})(\d{1,2})$/.exec(raw);
  if (
    counted !== null &&
    !(counted[1] as string).endsWith("auth") &&
    (FAMILY.has(counted[1] as string) || counted[1] === "key")
  ) {
    words.push(counted[1] as string, counted[2] as string);
    return;
  }
  if (FAMILY.has(raw)) {
    words.push(raw);
    return;
  }
  // Scripts that put no mark between words.
  const unspaced = /[^\x00-\x7f]/.test(raw)
    ? /.(密码|密碼|口令|パスワード|비밀번호|密钥|密鑰|キー|シークレット|비밀|키)$/.exec(raw)
    : null;
  if (unspaced !== null) {
    words.push(raw.slice(0, -(unspaced[1] as string).length), unspaced[1] as string);
    return;
  }
  const key = COMPOUND_KEY.exec(raw);
  if (key !== null) {
    words.push(key[1] as string, "key");
    return;
  }
  const short = SHORT_PW.exec(raw);
  if (short !== null) {
    words.push(short[1] as string, short[2] as string);
    return;
  }
  const compound = NOT_COMPOUND.test(raw) ? null : COMPOUND.exec(raw);
  if (compound !== null) {
    const noun = (compound[2] as string).replace(/key$/, "_key").split("_");
    const front = compound[1] as string;
    pushWord(words, front);
    if (noun.length === 2 && noun[0] !== "") words.push(noun[0] as string, "key");
    else words.push(compound[2] as string);
    return;
  }
  words.push(raw === "keys" ? "key" : raw);
}

/** The word or phrase at the end that makes the name a setting about a secret, or null. */
export function cancelledBy(words: readonly string[]): string | null {
  const last = words.at(-1) as string;
  const phrase = words.slice(-2).join("_");
  // Vault's AppRole calls its password "secret id".
  if (phrase === "secret_id" && words.some((word) => word === "vault" || word === "approle" || word === "bao"))
    return null;
  // `OPENCART_ENCRYPTION` holds a key, if it looks like one; `PASSWORD_ENCRYPTION` says how.
  if (last === "encryption" && !words.some((word) => FAMILY.has(word))) return null;
  if (CANCEL.has(last)) return last.toUpperCase();
  if (CANCEL_PHRASES.has(phrase)) return phrase.toUpperCase();
  return null;
}
