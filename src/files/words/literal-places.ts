import { isNameLike, Secret } from "../../model/secret.ts";
import { literalName, wholeOption, type LiteralPlace } from "./literal-name.ts";
import { literal, type Word, type WordPart } from "./shell-text.ts";

/** A value that stands in a service's words as it is, and the variable that the words are filled from instead. */
export type WrittenValue = {
  readonly name: string;
  readonly value: string;
  /** Whether it was found there; one that is a variable's may stand there by coincidence. */
  readonly isOfWords: boolean;
};

/** A variable that a service is given, with its value. `isOfWords`: it was found in words, not in a variable. */
export type FilledVariable = { readonly name: string; readonly value: Secret; readonly isOfWords: boolean };

/**
 * The secret that words have where detection saw this part of it, and the name of a variable for it; null where it is only
 * a piece of what stands there. `command` is a list of words as JSON, or a text.
 */
export function literalIn(command: Secret, part: Secret): { readonly name: string; readonly value: Secret } | null {
  const words = wordsOf(command.exposeText());
  const text = wholeOption(words, part.exposeText());
  const name = literalName(words, text, (list) => literalPlaces(list, text)[0] ?? null);
  return name === null ? null : { name, value: Secret.of(text) };
}

/**
 * Whether a variable's value stands in these words, and this part of them in it: in a command, detection may see a piece.
 * False for a plain word, which may be the same by coincidence.
 */
export function holdsPart(command: Secret, value: Secret, part: Secret): boolean {
  const text = value.exposeText();
  return (
    !isNameLike(value) &&
    text.includes(part.exposeText()) &&
    literalPlaces(wordsOf(command.exposeText()), text).length > 0
  );
}

/** Those of a service's variables whose value is in one of these texts. */
export function writtenIn(texts: readonly string[], variables: readonly FilledVariable[]): readonly WrittenValue[] {
  return variables
    .map(({ name, value, isOfWords }) => ({ name, value: value.exposeText(), isOfWords }))
    .filter(({ value }) => value !== "" && texts.some((text) => text.includes(value)));
}

/** The words of a command; a text that Compose or a shell splits is one. */
function wordsOf(text: string): readonly string[] {
  if (!text.startsWith("[")) return [text];
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.map(String) : [];
}

/**
 * The places of a value in words; none if it is only a piece of what stands there. A plain word such as `admin`, or a name such as `my_app`, may be
 * anything: of it the one place counts that is all that an option takes, or a password's own place; none if there are
 * several.
 */
function literalPlaces(texts: readonly string[], value: string): readonly LiteralPlace[] {
  if (value === "") return [];
  const all = texts.flatMap((text, word) => startsOf(text, value).map((start) => ({ word, start })));
  if (!isNameLike(Secret.of(value))) return all.some((at) => isBounded(texts, at, value.length)) ? all : [];
  const taken = all.filter((at) => isTaken(texts, at, value.length));
  return taken.length === 1 ? taken : [];
}

/** The words with a filled-in part in each place of these values; those that a part of another kind overlaps stay. */
export function withoutLiterals(words: readonly Word[], values: readonly WrittenValue[]): readonly Word[] {
  const longest = values
    .filter(({ value, isOfWords }) => isOfWords || !isNameLike(Secret.of(value)))
    .toSorted((a, b) => b.value.length - a.value.length);
  return longest.reduce<readonly Word[]>((made, one) => {
    const places = literalPlaces(
      made.map((word) => word.map(literal).join("")),
      one.value,
    );
    return made.map((word, at) => {
      const starts = places.flatMap(({ word: of, start }) => (of === at ? start : []));
      return starts.length === 0 ? word : split(word, starts, one);
    });
  }, words);
}

function split(word: Word, starts: readonly number[], { name, value }: WrittenValue): Word {
  let from = 0;
  return word.flatMap((part): WordPart[] => {
    const [begin, text] = [from, literal(part)];
    from += text.length;
    if (typeof part !== "string") return [part];
    const pieces: WordPart[] = [];
    let done = 0;
    for (const start of starts) {
      const at = start - begin;
      if (at < done || at + value.length > text.length) continue;
      pieces.push(text.slice(done, at), { name, value });
      done = at + value.length;
    }
    return [...pieces, text.slice(done)].filter((piece) => piece !== "");
  });
}

function startsOf(text: string, value: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) found.push(at);
  return found;
}

/** Whether the value is whole here: what surrounds it could not belong to it. */
function isBounded(texts: readonly string[], { word, start }: LiteralPlace, length: number): boolean {
  const text = texts[word] ?? "";
  const before = text.slice(0, start);
  return (
    (/(?:^|[\s=:,;&|("'/])$/.test(before) || /(?:^|\s)-[A-Za-z]$/.test(before)) &&
    /^(?:$|[\s"'@,;&|)])/.test(text.slice(start + length))
  );
}

/** Whether what stands here is all that an option, a setting or a place takes, or the password of a URL. */
function isTaken(texts: readonly string[], at: LiteralPlace, length: number): boolean {
  const [text, { word, start }] = [texts[at.word] ?? "", at];
  const before = start === 0 ? `${texts[word - 1] ?? ""} ` : text.slice(0, start);
  if (IN_URL.test(before) && text[start + length] === "@") return true;
  if (!isBounded(texts, at, length)) return false;
  if (IN_ORACLE.test(before)) return true;
  if (IN_PLACE.test(start === 0 ? `${texts.slice(0, word).join(" ")} ` : before)) return true;
  return IN_LOGIN.test(before) || (BEHIND_OPTION.test(before) && !BEHIND_NAME.test(before));
}

/** `sqlplus USER/PASSWORD@…` */
const IN_ORACLE = /(?:^|[\s"'/])sqlplus(?:\s{1,8}-\w{1,20}){0,4}\s{1,8}["']?[\w.$#]{1,64}\/$/;
/** `mc alias set ALIAS URL USER PASSWORD`, `rabbitmqctl add_user USER PASSWORD` */
const IN_PLACE =
  /(?:^|[\s;&|("'/])(?:mc(?:li)?(?:\s{1,8}--?[\w-]{1,40}){0,4}\s{1,8}(?:alias\s{1,8}set|config\s{1,8}host\s{1,8}add)(?:\s{1,8}[^\s;&|]{1,200}){3}|rabbitmqctl\s{1,8}(?:add_user|change_password)\s{1,8}[^\s;&|]{1,200})\s{1,8}["']?$/;
const IN_URL = /:\/\/[^\s:@/"']{0,100}:$/;
/** `-u name:password`, `authCredentials=name:password` */
const IN_LOGIN =
  /(?:^|[\s"'])(?:-u\s?|-{0,2}[\w.-]{0,40}(?:auth|cred|login|user)[\w.-]{0,40}(?:=|\s{1,8}))["']?[\w.@-]{1,64}:$/i;
const BEHIND_OPTION = /(?:^|[\s;&|("'])(?:--?[A-Za-z][\w.-]{0,80}(?:=|\s{1,8})|-[A-Za-z]|[A-Za-z_]\w{0,80}=)["']?$/;
/** Options that take a name or a place. */
const BEHIND_NAME =
  /(?:^|[\s;&|("'])(?:-[uUdDhHPnNfcC]|--?(?:[\w.]{1,40}[.-])?(?:user|username|login|name|db|dbname|database|host|port|file|path|config|format|level|mode))(?:=|\s{1,8})?["']?$/;
