import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { twelveSecrets } from "./secrets.ts";

/** A secret made for one test run, and the parts of it that may turn up nowhere: its public prefix or host name may. */
export type Canary = { readonly name: string; readonly value: string; readonly parts: readonly string[] };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Random characters; only ever generated, so that no scanner finds a literal. */
export function random(length: number, alphabet = LETTERS): string {
  return [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** The twelve kinds of `secrets.ts`, and weak ones: short, or one made-up word. */
export function variableCanaries(): readonly Canary[] {
  const strong = Object.entries(twelveSecrets()).map(([name, value]) => ({ name, value, parts: partsOf(name, value) }));
  const weak = {
    ROOT_PASSWORD: random(8, "abcdefghijkmnpqrstuvwxyz23456789"),
    MYSQL_PASSWORD: random(10, "abcdefghijklmnopqrstuvwxyz"),
    REDIS_PASSWORD: `${random(5)}!#`,
  };
  return [...strong, ...Object.entries(weak).map(([name, value]) => ({ name, value, parts: [value] }))];
}

function partsOf(name: string, value: string): readonly string[] {
  if (name === "TLS_PRIVATE_KEY") return [pemBody(value)];
  if (name === "STRIPE_SECRET_KEY") return [value.split("_")[2] ?? value];
  if (name === "GITHUB_TOKEN") return [value.slice(4)];
  if (name === "DATABASE_URL") return [decodeURIComponent(new URL(value).password)];
  if (name === "SERVICE_ACCOUNT_CREDENTIALS") {
    const { private_key, token } = JSON.parse(value) as { private_key: string; token: string };
    return [pemBody(private_key), token];
  }
  return [value];
}

/** Without its first lines: those begin alike in every key. */
function pemBody(pem: string): string {
  return pem.split("\n").slice(2, -2).join("\n");
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
  readonly #whole = new Map<string, string>();
  readonly #pieces = new Map<string, string>();

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
    for (const [whole, name] of this.#whole) if (text.includes(whole)) found.add(name);
    for (let at = 0; at + WINDOW <= text.length; at++) {
      const name = this.#pieces.get(text.slice(at, at + WINDOW));
      if (name !== undefined) found.add(`${name}, a piece at ${at}`);
    }
    return [...found];
  }

  /** All files below `dir`, their names too, as `path: what`. */
  findInFiles(dir: string, skip: (path: string) => boolean = () => false): string[] {
    return filesBelow(dir)
      .filter((path) => !skip(path))
      .flatMap((path) => this.find(`${path}\n${readFile(path)}`).map((what) => `${path}: ${what}`));
  }

  #add(text: string, name: string): void {
    const into = text.length < WHOLE_BELOW ? this.#whole : this.#pieces;
    const keys = into === this.#whole ? [text] : windows(text);
    for (const key of keys) if (!into.has(key)) into.set(key, name);
  }
}

function windows(text: string): string[] {
  const count = Math.floor((text.length - WINDOW) / STEP) + 1;
  return Array.from({ length: count }, (_, at) => text.slice(at * STEP, at * STEP + WINDOW));
}

/** Independent of the product's own list of encodings on purpose. */
function formsOf(part: string): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(part);
  const json = JSON.stringify(part).slice(1, -1);
  const percent = encodeURIComponent(part);
  const forms: [string, string][] = [
    ["raw", part],
    ["JSON", json],
    ["JSON twice", JSON.stringify(json).slice(1, -1)],
    ["URL", percent],
    ["URL, lower case", percent.replace(/%../g, (escape) => escape.toLowerCase())],
    ["form", percent.replaceAll("%20", "+")],
    ["hex", bytes.toString("hex")],
    ["HEX", bytes.toString("hex").toUpperCase()],
    ["shell", part.replaceAll("'", `'\\''`)],
    ["HTML", part.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)],
  ];
  for (const offset of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // What does not depend on the bytes around it.
    const own = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    forms.push([`base64 at ${offset}`, own], [`base64url at ${offset}`, own.replaceAll("+", "-").replaceAll("/", "_")]);
  }
  const lines = part.split("\n").filter((line) => line !== part && line.length >= 8);
  return [...forms, ...lines.map((line): [string, string] => ["line", line])];
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

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
