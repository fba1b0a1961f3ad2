import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * `secret` opens or signs something where the file is used as it is, weak and default passwords too; `dummy` has the form of
 * one and opens nothing: of a test, a manual, a message; `false` is not even that.
 */
export type Answer = "secret" | "dummy" | "false";

/** What a person found at one place. Without a rule no rule finds it. */
export type Label = {
  readonly repository: string;
  readonly file: string;
  readonly line: number;
  /** See `fingerprintOf`. */
  readonly fingerprint: string;
  readonly rule: string | null;
  readonly answer: Answer;
};

const LABELS = new URL("labels.json", import.meta.url);

/**
 * The key is known to everybody, since everybody has to come to the same fingerprint. It gives nothing away: repository,
 * commit and line of a label lead to the value in public, and a fingerprint leads nowhere that they do not. It only tells
 * whether a finding is the text that was labelled.
 */
const KEY = "unsprawl: labels of public repositories";

export function fingerprintOf(part: Uint8Array): string {
  return createHmac("sha256", KEY).update(part).digest("hex").slice(0, 12);
}

/** By repository and file a line of text for each label: line, fingerprint, rule or `-`, answer. */
type Stored = { readonly [repository: string]: { readonly [file: string]: readonly string[] } };

export function labels(): readonly Label[] {
  const stored = JSON.parse(readFileSync(LABELS, "utf8")) as Stored;
  return Object.entries(stored).flatMap(([repository, files]) =>
    Object.entries(files).flatMap(([file, lines]) => lines.map((text) => parsed(repository, file, text))),
  );
}

export function writeLabels(all: readonly Label[]): void {
  const byRepository = Map.groupBy(all.toSorted(inOrder), ({ repository }) => repository);
  const stored = [...byRepository].map(([repository, own]) => [
    repository,
    Object.fromEntries([...Map.groupBy(own, ({ file }) => file)].map(([file, some]) => [file, some.map(textOf)])),
  ]);
  writeFileSync(LABELS, `${JSON.stringify(Object.fromEntries(stored), null, 1)}\n`);
}

/** One label a line, as `--unlabelled` prints it and `--label` reads it: tabs between, the answer last. */
export function labelLine(label: Omit<Label, "answer">, answer: Answer | "?"): string {
  return [label.repository, label.file, textOf({ ...label, answer })].join("\t");
}

/** The lines whose `?` somebody replaced by an answer. */
export function answeredIn(text: string): readonly Label[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith(" ?"))
    .map((line) => {
      const [repository = "", file = "", rest = ""] = line.split("\t");
      return parsed(repository, file, rest);
    });
}

export function keyOf({ repository, file, line, fingerprint }: Omit<Label, "answer" | "rule">): string {
  return `${repository}\n${file}\n${line}\n${fingerprint}`;
}

function textOf({ line, fingerprint, rule, answer }: Omit<Label, "answer"> & { readonly answer: string }): string {
  return [line, fingerprint, rule ?? "-", answer].join(" ");
}

function parsed(repository: string, file: string, text: string): Label {
  const [, line, fingerprint = "", rule, answer] = /^(\d+) ([0-9a-f]{12}) (\S+) (secret|dummy|false)$/.exec(text) ?? [];
  if (line === undefined) throw new Error(`not a label: ${repository} ${file} ${text}`);
  return {
    ...{ repository, file, fingerprint, line: Number(line) },
    rule: rule === "-" || rule === undefined ? null : rule,
    answer: answer as Answer,
  };
}

function inOrder(one: Label, other: Label): number {
  return (
    compare(one.repository, other.repository) ||
    compare(one.file, other.file) ||
    one.line - other.line ||
    compare(one.fingerprint, other.fingerprint)
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
