import { findValue } from "../../engine/traces.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { DiffLine } from "../../model/plan.ts";
import { isPlain, type Secret } from "../../model/secret.ts";
import { parseExact, stringifyExact } from "../../kit/text/exact-json.ts";
import { encodedForms } from "../../kit/text/redact.ts";

/** A value to remove from an image: from a variable or label of this name, and from every text of the history. */
export type RemovedValue = {
  readonly name: string;
  readonly value: Secret;
  readonly reference: string;
};

/** What replaces a variable's value: its reference, for hosts that resolve it, or nothing. */
export type Stays = "reference" | "nothing";

export type Cleaned = {
  readonly bytes: Buffer;
  readonly diff: readonly DiffLine[];
  /** Places where a plain word also occurs alone, so that it is left there. */
  readonly tolerated: readonly { readonly name: string; readonly path: string }[];
};

type EditableConfig = { [key: string]: unknown };

/**
 * An image's config without the values: removed from its variables and labels, and from everything that shows how it
 * was built (history, and the `container_config` that older builders wrote). Everything else keeps its place, numbers
 * their digits. The document is that of the OCI image-spec, config.md, with Docker's additions.
 *
 * Throws `refused` if a value also occurs where it cannot be removed without changing what runs (a command, another
 * variable), and `malformed` if it is not a config.
 */
export function cleanConfig(bytes: Uint8Array, leaving: readonly RemovedValue[], stays: Stays): Cleaned {
  const document = parsed(bytes);
  const diff: DiffLine[] = [];
  for (const [at, told] of [
    ["config", true],
    ["container_config", false],
  ] as const) {
    const part = document[at];
    if (!isOpen(part)) continue;
    const lines = [...variables(part, leaving, stays), ...labels(part, leaving)];
    // People do not look at what the builder recorded about its container: one line summarises it.
    if (told) diff.push(...lines);
    else if (lines.length > 0)
      diff.push({ sign: "~", path: at, text: "the builder's records: the same values removed" });
  }
  const { history, container_config: builder } = document;
  for (const [index, line] of Array.isArray(history) ? history.entries() : []) {
    if (!isOpen(line)) continue;
    for (const name of ["created_by", "comment", "author"])
      for (const changed of written(line, name, leaving))
        diff.push({ sign: "~", path: `History[${index}].${HISTORY[name]}`, text: `${changed} → its reference` });
  }
  if (isOpen(builder)) for (const name of ["Cmd", "Entrypoint"]) written(builder, name, leaving);
  if (typeof document["comment"] === "string") written(document, "comment", leaving);
  return { bytes: Buffer.from(stringifyExact(document)), diff, tolerated: left(document, leaving) };
}

/** Puts references into the texts of a map (annotations) that nothing at run time depends on. */
export function cleanTexts(map: unknown, leaving: readonly RemovedValue[]): void {
  if (isOpen(map)) for (const name of Object.keys(map)) written(map, name, leaving);
}

const HISTORY: { readonly [name: string]: string } = { created_by: "CreatedBy", comment: "Comment", author: "Author" };

function parsed(bytes: Uint8Array): EditableConfig {
  try {
    const document = parseExact(Buffer.from(bytes).toString("utf8"));
    if (isOpen(document)) return document;
  } catch {
    // Reported below.
  }
  throw new UnsprawlError("malformed", "the image's config is not a JSON object", "pull or build the image again");
}

const isOpen = (value: unknown): value is EditableConfig =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function variables(config: EditableConfig, leaving: readonly RemovedValue[], stays: Stays): DiffLine[] {
  const { Env } = config;
  if (!Array.isArray(Env)) return [];
  const diff: DiffLine[] = [];
  config["Env"] = Env.flatMap((entry: unknown) => {
    const one = leaving.find(({ name, value }) => entry === `${name}=${value.exposeText()}`);
    if (one === undefined) return [entry];
    const path = `Config.Env.${one.name}`;
    diff.push({ sign: "-", path, text: "••••••••" });
    if (stays === "nothing") return [];
    diff.push({ sign: "+", path, text: one.reference });
    return [`${one.name}=${one.reference}`];
  });
  return diff;
}

function labels(config: EditableConfig, leaving: readonly RemovedValue[]): DiffLine[] {
  const { Labels } = config;
  if (!isOpen(Labels)) return [];
  return leaving.flatMap(({ name, value, reference }): DiffLine[] => {
    if (Labels[name] !== value.exposeText()) return [];
    Labels[name] = reference;
    const path = `Config.Labels[${JSON.stringify(name)}]`;
    return [
      { sign: "-", path, text: "••••••••" },
      { sign: "+", path, text: reference },
    ];
  });
}

/** Puts references into a text or a list of texts, for every form of a value; returns the names of the values found. */
function written(holder: EditableConfig, key: string, leaving: readonly RemovedValue[]): string[] {
  const names = new Set<string>();
  const clean = (text: unknown): unknown => {
    if (typeof text !== "string") return text;
    let now = text;
    for (const one of leaving) {
      const next = withReference(now, one);
      if (next !== now) names.add(one.name);
      now = next;
    }
    return now;
  };
  const held = holder[key];
  holder[key] = Array.isArray(held) ? held.map(clean) : clean(held);
  return [...names];
}

function withReference(text: string, { name, value, reference }: RemovedValue): string {
  const raw = value.exposeText();
  if (raw === "") return text;
  // A plain word is replaced only where it is this variable's value.
  if (isPlain(value))
    return [`${name}=${raw}`, `${name}="${raw}"`, `${name}='${raw}'`, `${name} ${raw}`].reduce(
      (now, form) => replaceWord(now, form, `${name}=${reference}`),
      text,
    );
  return [raw, ...encodedForms(value.expose(), raw)]
    .sort((a, b) => b.length - a.length)
    .reduce((now, form) => now.replaceAll(form, () => reference), text);
}

function replaceWord(text: string, form: string, by: string): string {
  const found = text.indexOf(form);
  if (found < 0 || /\w/.test(text[found - 1] ?? " ") || /\w/.test(text[found + form.length] ?? " ")) return text;
  return text.slice(0, found) + by + replaceWord(text.slice(found + form.length), form, by);
}

/** Throws `refused` if a value is still there. */
function left(document: EditableConfig, leaving: readonly RemovedValue[]): { name: string; path: string }[] {
  const { config, history, ...rest } = document;
  const tolerated: { name: string; path: string }[] = [];
  for (const { name, value } of leaving) {
    const paths = findValue({ Config: config, History: history, ...rest }, value);
    if (paths.length > 0 && !isPlain(value))
      throw new UnsprawlError(
        "refused",
        `the value of ${name} is also at ${paths.slice(0, 3).join(", ")}, which cannot be removed without changing what runs`,
        "build the image without it there; for a secret that only the build needs, use RUN --mount=type=secret",
      );
    tolerated.push(...paths.map((path) => ({ name, path })));
  }
  return tolerated;
}
