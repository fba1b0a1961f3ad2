import { FAMILY, KEY_ANY, SPECIAL_TOKENS, type WordFamily } from "./lexicon.ts";

/** What a noun promises, and how much the value must look like it. */
export type Noun = { readonly family: WordFamily; readonly need: "any" | "shaped" | "random" };

/** A word of a name with the words beside it, empty where there is none. */
type NounPlace = {
  readonly word: string;
  readonly before: string;
  readonly after: string;
  readonly isLast: boolean;
  readonly earlier: readonly string[];
  readonly words: readonly string[];
};

/** Erlang nodes trust whoever knows their cookie. */
const ERLANG = new Set(["erl", "erlang", "release", "rabbitmq", "emqx", "vernemq", "couchdb", "ejabberd", "elixir"]);
const REDIS = /^(?:redis|rediscli|valkey|keydb|dragonfly)$/;
const [PASSWORD, KEY] = [
  { family: "password", need: "any" },
  { family: "key", need: "random" },
] as const;

/** The first row that fits decides: `none` ends the search in a name, `next` leaves it to the word before. */
const NOUNS: readonly {
  readonly word?: string;
  readonly family?: WordFamily;
  readonly when?: (place: NounPlace) => boolean;
  readonly is: Noun | "none" | "next";
}[] = [
  // What SNMP before version 3 asks for a password is its community.
  {
    word: "community",
    when: ({ earlier }) => earlier.some((one) => /^snmp(?:v[12]c?|trap)?$/.test(one)),
    is: { family: "token", need: "any" },
  },
  // LobeChat and others let in whoever knows it.
  { word: "code", when: ({ before, isLast }) => before === "access" && isLast, is: PASSWORD },
  // `WEATHER_API`: some leave out the word key.
  { word: "api", when: ({ before, isLast }) => isLast && before !== "" && !FAMILY.has(before), is: KEY },
  { word: "encryption", when: ({ isLast }) => isLast, is: KEY },
  // A language model's tokens, unless the value looks like a credential: `INPUT_NPM_TOKEN` is an action's input.
  {
    ...{ word: "token", family: "token" },
    when: ({ earlier, words }) => earlier.some((one) => SPECIAL_TOKENS.has(one)) && !words.includes("cluster"),
    is: { family: "token", need: "shaped" },
  },
  { family: "token", when: ({ earlier }) => earlier.some((one) => SPECIAL_TOKENS.has(one)), is: "none" },
  {
    family: "cookie",
    when: ({ words }) => words.some((one) => ERLANG.has(one)),
    is: { family: "cookie", need: "any" },
  },
  { family: "cookie", is: { family: "cookie", need: "random" } },
  // Redis has no users by default: what it calls AUTH is the password.
  { family: "auth", when: ({ words }) => words.some((one) => REDIS.test(one)), is: PASSWORD },
  { family: "auth", when: ({ isLast }) => isLast, is: { family: "auth", need: "shaped" } },
  { family: "auth", is: { family: "auth", need: "random" } },
  // How passwords are hashed or must look: `PASSWORD_HASHING_ARGON2_MEMORY`.
  {
    family: "password",
    when: ({ after }) => /^(?:hashing|hasher|policy|policies|complexity|strength)$/.test(after),
    is: "none",
  },
  // Short nouns decide at the end only: `PW_TEST_REPORTER` is Playwright's.
  { when: ({ word, isLast }) => !isLast && /^(?:pw|psw|private|signing)$/.test(word), is: "next" },
  { family: "phrase", when: ({ before }) => before === "pass" || before === "secret", is: PASSWORD },
  // `CLE_API`, `CHAVE_SECRETA`: many languages put behind what English puts before.
  {
    family: "key",
    when: ({ before, after }) => KEY_ANY.has(before) || KEY_ANY.has(after),
    is: { family: "key", need: "any" },
  },
  { family: "key", is: KEY },
  { family: "phrase", is: { family: "phrase", need: "random" } },
  { family: "session", is: { family: "session", need: "random" } },
  { family: "pin", is: { family: "pin", need: "shaped" } },
];

/** What the word at `at` promises, which is not `key`. */
export function nounAt(words: readonly string[], at: number): Noun | "none" | "next" {
  const word = words[at] as string;
  const family = FAMILY.get(word);
  const place: NounPlace = {
    ...{ word, words, before: words[at - 1] ?? "", after: words[at + 1] ?? "" },
    ...{ isLast: at === words.length - 1, earlier: words.slice(0, at) },
  };
  const row = NOUNS.find(
    (one) =>
      (one.word === undefined || one.word === word) &&
      (one.family === undefined || one.family === family) &&
      one.when?.(place) !== false,
  );
  return row?.is ?? (family === undefined ? "next" : { family, need: "any" });
}
