import { UnsprawlError } from "../../model/error.ts";
import { nearestWord } from "../../kit/text/nearest.ts";
import { listParts, weakFlag, weakNumber, weakText } from "./weak.ts";

/** A map of a configuration file. Each question throws `config`, naming file and key, when the answer is of a wrong kind. */
export type RuleConfigReader = {
  /** Where it stands, for messages. */
  readonly at: string;
  /** Null for absent and for empty. */
  text(key: string): string | null;
  /** One text counts as a list with commas. */
  texts(key: string): readonly string[];
  number(key: string): number | null;
  flag(key: string): boolean;
  oneOf<T extends string>(key: string, allowed: readonly T[]): T | null;
  value(key: string): unknown;
  /** The keys that are not among the known ones. */
  readonly unknown: readonly { readonly key: string; readonly near: string | null }[];
};

/** Reads a map of which these keys are known, as gitleaks reads it: `secretgroup` is `secretGroup`. */
export function reader(given: unknown, at: string, known: readonly string[]): RuleConfigReader {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw wrong(`${at} must be a map`);
  const plain = (key: string): string => key.toLowerCase();
  const values = new Map(Object.entries(given).map(([key, value]) => [plain(key), value as unknown]));
  const names = new Set(known.map(plain));
  const value = (key: string): unknown => values.get(plain(key)) ?? null;
  const must = (key: string, kind: string): UnsprawlError => wrong(`${at}: ${key} must be ${kind}`);
  const texts = (key: string): readonly string[] => {
    const found = value(key) ?? [];
    const list: readonly unknown[] = Array.isArray(found) ? found : listParts(found);
    const read = list.map(weakText);
    if (!read.every((one) => typeof one === "string")) throw must(key, "a list of texts");
    return read;
  };
  return {
    at,
    value,
    texts,
    text: (key) => {
      const found = weakText(value(key) ?? "");
      if (typeof found !== "string") throw must(key, "a text");
      return found === "" ? null : found;
    },
    number: (key) => {
      const found = weakNumber(value(key));
      if (found === null) return null;
      if (typeof found !== "number" || !(found >= 0)) throw must(key, "a number, 0 or more");
      return found;
    },
    flag: (key) => {
      const found = weakFlag(value(key) ?? false);
      if (typeof found !== "boolean") throw must(key, "true or false");
      return found;
    },
    oneOf: (key, allowed) => {
      const found = value(key);
      if (found === null) return null;
      const right = allowed.find((one) => one === found);
      if (right === undefined) throw must(key, `one of ${allowed.join(", ")}`);
      return right;
    },
    unknown: Object.keys(given)
      .filter((key) => !names.has(plain(key)))
      .map((key) => ({ key, near: nearestWord(key, known) })),
  };
}

export function wrong(message: string, hint = "see the README, Your own rules"): UnsprawlError {
  return new UnsprawlError("config", message, hint);
}
