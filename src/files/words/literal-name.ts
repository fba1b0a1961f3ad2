import { shellCommands } from "../../kit/text/shell-words.ts";

/** Where a value stands in words: in which, and from which offset. */
export type LiteralPlace = { readonly word: number; readonly start: number };

type PlaceIn = (words: readonly string[]) => LiteralPlace | null;

/**
 * A name for the variable that takes a value out of words, by the option before it: `--requirepass` gives REQUIREPASS,
 * `mysqladmin -p…` MYSQLADMIN_PASSWORD, `NAME=…` that name. Null if the value stands nowhere. `placeIn` gives its place.
 */
export function literalName(words: readonly string[], value: string, placeIn: PlaceIn, depth = 0): string | null {
  const place = placeIn(words);
  const word = place === null ? undefined : words[place.word];
  if (place === null || word === undefined) return null;
  const inner = word !== value && depth < DEEPEST ? innerCommand(word, placeIn) : undefined;
  if (inner !== undefined) return literalName(inner, value, placeIn, depth + 1);
  const before = word.slice(0, place.start);
  const setting = /^([A-Za-z_]\w{0,80})=/.exec(before)?.[1];
  if (setting !== undefined && before.length === setting.length + 1) return setting;
  const program = programOf(words.slice(0, place.word));
  if (/^-[A-Za-z]$/.test(before)) return nameOf("", program, true);
  const own = /^--?([A-Za-z][\w.-]{0,80}?)(?:=|$)/.exec(before)?.[1] ?? setting;
  const option = own ?? OPTION.exec(words[place.word - 1] ?? "")?.[1] ?? "";
  return nameOf(option, program, before === "" || before.endsWith(`${own ?? ""}=`));
}

/** The command in a word that has the value. */
function innerCommand(word: string, placeIn: PlaceIn): readonly string[] | undefined {
  return shellCommands(word)
    .map((command) => command.map(({ text }) => text))
    .find((command) => command.length > 1 && placeIn(command) !== null);
}

/**
 * All that an option takes whose name says secret, where detection saw its beginning: `--requirepass a$b`. The value itself
 * in other places.
 */
export function wholeOption(words: readonly string[], value: string): string {
  for (const [at, word] of words.entries()) {
    const own = /^--?([A-Za-z][\w.-]{0,80})=/.exec(word);
    const option = own?.[1] ?? (word.startsWith(value) ? OPTION.exec(words[at - 1] ?? "")?.[1] : undefined);
    const taken = word.slice(own?.[0].length ?? 0);
    if (option !== undefined && taken.startsWith(value) && SAYS_SECRET.test(upper(option))) return taken;
  }
  return value;
}

const DEEPEST = 3;
const OPTION = /^--?([A-Za-z][\w.-]{0,80})$/;
/** Too general for a variable that only one option is meant by: a program may read a PASSWORD or a TOKEN itself. */
const GENERAL = /^(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|TOKEN|SECRET|KEY|AUTH|APIKEY|API_KEY|CREDENTIALS?)$/;
const SAYS_SECRET = /PASS|PWD|SECRET|TOKEN|KEY|AUTH|CREDENTIAL|SALT/;

/** A name that says what it is, which names of the system, such as PATH, do not. */
function nameOf(option: string, program: string, isWhole: boolean): string {
  const base = option.length < 3 ? "" : upper(option);
  const said = base === "" ? "PASSWORD" : isWhole ? base : `${base}_PASSWORD`;
  const full = GENERAL.test(said) ? `${program}_${said}` : said;
  return SAYS_SECRET.test(full) ? full : `${full}_SECRET`;
}

/** The program that takes the option: the last word before it that is no option and no path's folder. */
function programOf(words: readonly string[]): string {
  const found = words.find(
    (word) => /^[\w./-]{1,200}$/.test(word) && !/^-|^(?:exec|env|sh|bash|CMD|CMD-SHELL)$/.test(word),
  );
  return upper(found?.slice(found.lastIndexOf("/") + 1).replace(/\.\w{1,4}$/, "") ?? "") || "COMMAND";
}

function upper(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .replaceAll(/^_|_$/g, "")
    .toUpperCase();
  return /^\d/.test(name) ? `_${name}` : name;
}

/** The name, or the next one that is not taken. */
export function freeName(name: string, isTaken: (name: string) => boolean): string | null {
  if (!isTaken(name)) return name;
  for (let nth = 2; nth < 10; nth++) if (!isTaken(`${name}_${nth}`)) return `${name}_${nth}`;
  return null;
}
