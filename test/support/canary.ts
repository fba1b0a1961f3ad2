import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formsOf } from "./forms.ts";
import { Needles } from "./needles.ts";
import { plant } from "./planted.ts";
import { secretParts, twelveSecrets } from "./secrets.ts";

/** A secret made for one test run, and the parts of it that may turn up nowhere: its public prefix or host name may. */
export type Canary = { readonly name: string; readonly value: string; readonly parts: readonly string[] };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Random characters; only ever generated, so that no scanner finds a literal. */
export function random(length: number, alphabet = LETTERS): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** The twelve kinds of `secrets.ts`, and weak ones: short, or one made-up word. */
export function variableCanaries(): readonly Canary[] {
  const strong = Object.entries(twelveSecrets()).map(([name, value]) => ({
    name,
    value,
    parts: secretParts(name, value),
  }));
  const weak = {
    ROOT_PASSWORD: random(8, "abcdefghijkmnpqrstuvwxyz23456789"),
    MYSQL_PASSWORD: random(10, "abcdefghijklmnopqrstuvwxyz"),
    REDIS_PASSWORD: `${random(5)}!#`,
  };
  for (const [name, value] of Object.entries(weak)) plant(name, value);
  return [...strong, ...Object.entries(weak).map(([name, value]) => ({ name, value, parts: [value] }))];
}

/** Secrets that stand elsewhere than in a variable, as arguments for `docker create` and its command. */
export function placedCanaries(): {
  readonly canaries: readonly Canary[];
  readonly options: readonly string[];
  readonly command: readonly string[];
} {
  const made = {
    label: random(36),
    basicAuth: random(20),
    health: random(40),
    logOpt: random(36),
    flag: random(32),
    url: random(24),
    annotation: random(40),
  };
  for (const [name, value] of Object.entries(made)) plant(`in ${name}`, value);
  return {
    canaries: Object.entries(made).map(([name, value]) => ({ name: `in ${name}`, value, parts: [value] })),
    options: [
      ...["--label", `com.example.github-token=ghp_${made.label}`],
      ...["--label", `com.example.proxy.password=${made.basicAuth}`],
      ...["--health-cmd", `wget -q --header 'Authorization: Bearer ${made.health}' -O- http://127.0.0.1/health`],
      ...[
        "--log-driver",
        "splunk",
        "--log-opt",
        `splunk-token=${made.logOpt}`,
        "--log-opt",
        "splunk-url=https://127.0.0.1:1",
      ],
      ...["--annotation", `com.example.api-token=${made.annotation}`],
    ],
    command: ["sleep", "100000", `--api-key=${made.flag}`, `--dsn=postgres://app:${made.url}@db.internal/app`],
  };
}

const WINDOW = 16;
const STEP = 8;
/** A text shorter than this is looked for whole; of a longer one every piece of this length is. */
const WHOLE_BELOW = WINDOW + STEP;

/** Finds canaries in text: whole, encoded, and pieces of 24 characters of either. */
export class Watch {
  readonly #needles = new Needles<{ readonly name: string; readonly whole: boolean }>();
  readonly #clean = new Map<string, string>();

  constructor(canaries: readonly Canary[]) {
    for (const { name, parts } of canaries) {
      for (const part of parts) {
        for (const [form, text] of formsOf(part)) this.#add(text, `${name} (${form})`);
      }
    }
  }

  /** What was found, as `NAME (form)`; never the value. */
  find(text: string): string[] {
    const found = new Set<string>();
    for (const { at, label } of this.#needles.find(text))
      found.add(label.whole ? label.name : `${label.name}, a piece at ${at}`);
    return [...found];
  }

  /** All files below `dir`, their names too, as `path: what`. A file in which nothing was is read again once it changes. */
  findInFiles(dir: string): string[] {
    return filesBelow(dir).flatMap((path) => {
      const version = versionOf(path);
      if (version !== null && this.#clean.get(path) === version) return [];
      const found = this.find(`${path}\n${readFile(path)}`);
      if (found.length === 0 && version !== null) this.#clean.set(path, version);
      return found.map((what) => `${path}: ${what}`);
    });
  }

  #add(text: string, name: string): void {
    const whole = text.length < WHOLE_BELOW;
    for (const needle of whole ? [text] : windows(text)) this.#needles.add(needle, { name, whole });
  }
}

function windows(text: string): string[] {
  const count = Math.floor((text.length - WINDOW) / STEP) + 1;
  return Array.from({ length: count }, (_, at) => text.slice(at * STEP, at * STEP + WINDOW));
}

/** Every regular file below a folder; none when there is no such folder. */
export function filesBelow(dir: string): string[] {
  const files: string[] = [];
  const walk = (at: string): void => {
    for (const entry of list(at)) {
      const path = join(at, entry);
      const kind = stat(path);
      if (kind === "folder") walk(path);
      else if (kind === "file") files.push(path);
    }
  };
  walk(dir);
  return files;
}

// Files come and go while an engine works.
function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function stat(path: string): "folder" | "file" | "other" {
  try {
    const found = lstatSync(path);
    return found.isDirectory() ? "folder" : found.isFile() ? "file" : "other";
  } catch {
    return "other";
  }
}

/** What changes with every write to a file; a program cannot set the time of the last change. */
function versionOf(path: string): string | null {
  try {
    const { ino, size, ctimeNs } = lstatSync(path, { bigint: true });
    return `${ino} ${size} ${ctimeNs}`;
  } catch {
    return null;
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
