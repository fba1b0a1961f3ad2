import type { BaseIssue } from "valibot";
import { UnsprawlError } from "../../model/error.ts";
import { bare, cmd, shellWord } from "../shell.ts";
import { nearestWord } from "../text/nearest.ts";

type SchemaIssue = BaseIssue<unknown>;

/** A schema's message together with its hint. */
export function says(message: string, hint: string | null = null): string {
  return hint === null ? message : `${message}\n${hint}`;
}

/** Converts a schema issue to an error for people. Quotes no value. */
export function explain(issue: SchemaIssue, file: string, at = ""): UnsprawlError {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number);
  const [place, parent] = [pathOf(at, keys), pathOf(at, keys.slice(0, -1))];
  const wrong = (message: string, hint: string | null): UnsprawlError =>
    new UnsprawlError("config", file === "" ? message : `${file}: ${message}`, hint);
  if (issue.expected === "never" && issue.type === "strict_object") {
    const known = issue.message.split("\n");
    const near = nearestWord(String(keys.at(-1)), known);
    const hint =
      near === null
        ? cmd`known keys: ${bare(known.join(", "))}`
        : cmd`did you mean ${parent === "" ? near : `${parent}.${near}`}?`;
    return wrong(`unknown key ${place}`, hint);
  }
  const [message = "", hint = null] = issue.message.split("\n");
  const filled = (text: string, shown: (part: string) => string): string =>
    text.replace(/\{(at|in|key)\}/g, (_all, which) =>
      shown(
        which === "at"
          ? place
          : which === "in"
            ? parent
            : String(keys.findLast((key) => typeof key === "string") ?? at),
      ),
    );
  const whole = place === "" ? "the file" : place;
  return wrong(
    /\{(?:at|in)\}/.test(message) ? filled(message, String) : `${whole} ${message}`,
    hint === null ? null : filled(hint, shellWord),
  );
}

/** The default message. Never valibot's own, which quotes the value. */
export function defaultMessage({ expected }: SchemaIssue): string {
  return `must be ${KINDS[expected ?? ""] ?? "something else"}`;
}

const KINDS: { readonly [expected: string]: string } = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  Array: "a list",
  Object: "a map",
};

/** A path like `ignore[2].until`. */
function pathOf(at: string, keys: readonly (string | number)[]): string {
  return keys.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
    at,
  );
}
