import { rules } from "../rules/index.ts";
import type { Rule } from "../rules/rule.ts";
import { TAKERS, type Taker } from "./call-table.ts";

/** What a keyword in a text may be the beginning of. */
export type Watch = {
  /** The keyword's bytes, in lower case unless `exact`. */
  readonly bytes: Uint8Array;
  /** Compared as it is written: a vendor's own prefix. */
  readonly exact: boolean;
  /** Nothing but a mark or a space may stand before it. */
  readonly starts: boolean;
  /** A token begins where the keyword does, and nowhere else. */
  readonly leads: boolean;
  /** Where in the keyword its rarest three characters stand, by which it is filed. */
  readonly rare: number;
  readonly kind: "token" | "name" | "value" | "url" | "call";
  readonly rule: Rule | null;
  /** What the function of a call takes. */
  readonly takers: readonly Taker[];
};

/** Words in names that promise a secret: where they stand, an assignment is looked for. */
const NAMES = `pass pwd secret token key auth cred salt cookie seed bearer senha contrase mdp haslo heslo clave parol wachtwoord
  kennwort losungswort sifre khau sandi salasana jelszo geslo lozinka login hmac pepper jwt session sessid signing psk webhook
  _pw pw= pw" bootstrap devops phrase private encrypt dsn conn header _pin pin= pincode pin" pin' pin: pin-code pin.code pin_code .pin opts args
  segredo secreto geheim schluessel chiave sleutel nyckel value= value: value" users oracle userpass b64 base64 encoded blob payload ci_vars civars data_gz datagz wallet _words _flags extraflags losenord lösenord
  pswd psw" psw' psw= pword pw' pw> pin> adgangskode kouling wagwoord pasahitza slaptazodis lykilord nenosiri kodeord parool cle_api cleapi cle-api chave
  llave schlussel klucz anahtar segreto segreta sekret tajem salaisuus hemlig rahasia
  secert sercet seceret toekn tokne crenden pssw api= api: api" api'`;
/** The same, with a space. */
const SPACED = ["api =", "pin =", "pin :=", "pin(", "pw =", "pw :=", "pw:", "pw is", "psw =", "psw :=", "psw: "];

/** What values begin with, or hold, that have secrets in them whatever their names are. */
const VALUES = "eyj h4si base64: jdbc: userdata shadow mnemonic machine identified curlopt_ @tcp( @unix(";

/** Letters of English and code from the most common on; what is not here is rarer. */
const COMMON = " etaoinsrlcdumpfhgbyvkwxjqz_.-:/=\"'";

/** Every keyword, filed under its rarest three characters. */
export function watched(): readonly Watch[] {
  return [
    ...rules.flatMap(ofRule),
    ...words([...NAMES.split(/\s+/), ...SPACED], "name"),
    ...words([...VALUES.split(" "), '"bearer ', "'bearer ", "mysql -u"], "value"),
    ...calls(),
    url(),
  ];
}

function ofRule(rule: Rule): Watch[] {
  // A pattern for the whole value only: it comes into play when the value is cut out of its assignment.
  if (rule.pattern === null || rule.names !== null || rule.publishable || rule.pattern.source.startsWith("^"))
    return [];
  const isFirst = beginsWithKeyword(rule);
  const lead = ALONE.test(rule.pattern.source) && isFirst;
  const leads = isFirst && (lead || BEHIND_MARK.test(rule.pattern.source));
  return (lead ? rule.prefixes : rule.keywords).map((keyword) => ({
    ...watch(keyword, lead, lead, "token", rule),
    leads,
  }));
}

/** Nothing that makes a prefix the end of something else may stand before the token: these and more characters. */
const ALONE = /^\(\?<!\[A-Za-z0-9[^\]]{0,4}_[^\]]{0,4}-\]\)/;

/** An instance of GitLab may put its own name before a prefix: a mark may stand there. */
const BEHIND_MARK = /^\(\?<!\[A-Za-z0-9\]\)\(\?<secret>/;

/** Its prefixes are its keywords: base64 has `eaa` on every line, and the vendor's `EAA` behind a mark on few. */
function beginsWithKeyword({ prefixes, keywords }: Rule): boolean {
  return (
    prefixes.length === keywords.length &&
    prefixes.every((prefix) => keywords.some((keyword) => prefix.toLowerCase().startsWith(keyword)))
  );
}

function words(list: readonly string[], kind: Watch["kind"]): Watch[] {
  return list.map((word) => watch(word, false, false, kind, null));
}

function calls(): Watch[] {
  const byCallee = Map.groupBy(TAKERS, ({ callee }) => callee);
  return [...byCallee].map(([callee, takers]) => ({ ...watch(callee, false, false, "call", null), takers }));
}

function url(): Watch {
  return { ...watch("://", true, false, "url", null) };
}

function watch(keyword: string, exact: boolean, starts: boolean, kind: Watch["kind"], rule: Rule | null): Watch {
  return {
    bytes: Buffer.from(keyword),
    exact,
    starts,
    leads: starts,
    rare: rarest(keyword.toLowerCase()),
    kind,
    rule,
    takers: [],
  };
}

/** Of rare letters, and yet in words that code is full of: in five bits `-` is `m`, and a quote is `g`. */
const WORDS_HAVE = new Set("nfi fig val alu key aut uth sql typ ype fil ify cod in' co- ord".split(" "));

function rarest(keyword: string): number {
  let best = 0;
  let most = -100;
  for (let at = 0; at + 3 <= keyword.length; at++) {
    let score = WORDS_HAVE.has(keyword.slice(at, at + 3)) || WORDS_HAVE.has(keyword.slice(at - 1, at + 2)) ? -30 : 0;
    for (const char of keyword.slice(at, at + 3))
      score += COMMON.includes(char) ? Math.min(COMMON.indexOf(char), 26) : 24;
    if (score > most) {
      most = score;
      best = at;
    }
  }
  return best;
}
