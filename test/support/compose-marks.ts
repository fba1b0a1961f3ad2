/*
 * Compose's own answer to where each text of a project comes from: it is asked once for a marked copy of the project. The
 * judge of our own reading, on cases and on real projects.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { markedEnvFile, type Marking } from "./marks/env-file.ts";
import { close, marksIn, open, PASSED, REACHES, SECOND, withoutMarks, type Mark } from "./marks/text.ts";
import { markedYaml, placesOf } from "./marks/yaml-file.ts";

export type { Mark } from "./marks/text.ts";

/** A text of a project as Compose resolves it. */
export type MarkedText = {
  /** As `config` prints it, with `$` doubled. */
  readonly value: string;
  readonly from: readonly Mark[];
  /** Of a variable: every place that sets it, overridden ones too. */
  readonly reached: readonly Mark[];
  /** Whether the marked copy came out the same but for the marks. */
  readonly isSure: boolean;
};

/** How Compose is called. */
export type MarkedCall = {
  readonly program: string;
  readonly dir: string;
  readonly files?: readonly string[];
  readonly envFiles?: readonly string[];
  readonly env: { readonly [name: string]: string };
};

/** By its keys, such as `services.web.environment.KEY` or `services.web.command[1]`; null for a project that Compose refuses. */
export function markedTexts(call: MarkedCall): ReadonlyMap<string, MarkedText> | { readonly refused: string } {
  const copy = new MarkedCopy(call);
  try {
    return copy.texts();
  } finally {
    copy.remove();
  }
}

const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES = NAMES.map((name) => name.replace(".y", ".override.y"));
const TOPS = ["services", "volumes", "networks", "configs", "secrets"];

class MarkedCopy {
  readonly #call: MarkedCall;
  readonly #dir: string;
  readonly #copy = mkdtempSync("/dev/shm/unsprawl-marks-");
  readonly #marks: Mark[] = [];
  readonly #done = new Set<string>();
  readonly #folders: Set<string>;
  readonly #marking: Marking = { names: new Set(), mark: (mark) => this.#marks.push(mark) - 1 };

  constructor(call: MarkedCall) {
    this.#call = call;
    this.#dir = resolve(call.dir);
    this.#folders = new Set([this.#dir]);
  }

  remove(): void {
    rmSync(this.#copy, { recursive: true, force: true });
  }

  texts(): ReadonlyMap<string, MarkedText> | { readonly refused: string } {
    const { dir, files = null, envFiles = [], env } = { ...this.#call, dir: this.#dir };
    const dotenvs = envFiles.length > 0 ? envFiles.map((file) => resolve(dir, file)) : [join(dir, ".env")];
    for (const file of dotenvs) this.#envFile(file, false);
    for (const file of files ?? this.#defaultFiles(dotenvs[0] ?? "")) this.#yamlFile(resolve(dir, file));
    const args = (at: (path: string) => string): readonly string[] => [
      ...(files ?? []).flatMap((file) => ["-f", at(resolve(dir, file))]),
      ...envFiles.flatMap((file) => ["--env-file", at(resolve(dir, file))]),
    ];
    const plain = config(
      this.#call.program,
      dir,
      args((path) => path),
      env,
    );
    if (plain.document === null) return { refused: plain.why };
    for (let tries = 0; ; tries++) {
      mkdirSync(this.#inCopy(dir), { recursive: true });
      const marked = config(
        this.#call.program,
        this.#inCopy(dir),
        args((path) => this.#inCopy(path)),
        {
          ...env,
          ...this.#shell(env),
        },
      );
      if (marked.document !== null) return new Answer(this.#marks).texts(marked.document, plain.document);
      // A file by an interpolated path is not known before.
      const missed = /\/unsprawl-marks-\w+(\/[^\s:'"]+?)(?=:| not found|["']|\s|$)/.exec(marked.why)?.[1];
      if (missed === undefined || tries > 12 || this.#done.has(missed) || !isFile(missed))
        throw new Error(`Compose does not read the marked copy: ${marked.why.replaceAll(this.#copy, "")}`);
      if (/\.ya?ml$/.test(missed)) this.#yamlFile(missed);
      else this.#envFile(missed, false);
    }
  }

  /** The files that Compose finds by itself. */
  #defaultFiles(dotenv: string): readonly string[] {
    const written = isFile(dotenv) ? readFileSync(dotenv, "utf8") : "";
    const named = this.#call.env["COMPOSE_FILE"] ?? /^COMPOSE_FILE=["']?([^"'\r\n]+)/m.exec(written)?.[1];
    if (named !== undefined) return named.split(":");
    const there = (names: readonly string[]): readonly string[] =>
      names.filter((name) => isFile(join(this.#dir, name))).slice(0, 1);
    return [...there(NAMES), ...there(OVERRIDES)];
  }

  #inCopy(path: string): string {
    return join(this.#copy, path);
  }

  #put(file: string, text: string): void {
    mkdirSync(dirname(this.#inCopy(file)), { recursive: true });
    writeFileSync(this.#inCopy(file), text);
  }

  #envFile(file: string, isRaw: boolean): void {
    if (this.#done.has(file) || !isFile(file)) return;
    this.#done.add(file);
    this.#put(file, markedEnvFile(this.#marking, file, readFileSync(file, "utf8"), isRaw));
  }

  #yamlFile(file: string): void {
    if (this.#done.has(file) || !isFile(file)) return;
    this.#done.add(file);
    this.#folder(dirname(file));
    const named: Parameters<typeof markedYaml>[0]["named"] = ({ path, kind }) => {
      if (kind === "folder") this.#folder(resolve(this.#dir, path));
      for (const one of kind === "folder" ? [] : placesOf(path, this.#folders))
        if (kind === "yaml") this.#yamlFile(one);
        else this.#envFile(one, kind === "raw");
    };
    const copying = { ...this.#marking, inCopy: (path: string) => this.#inCopy(path), named };
    this.#put(file, markedYaml(copying, file, readFileSync(file, "utf8")));
  }

  #folder(folder: string): void {
    mkdirSync(this.#inCopy(folder), { recursive: true });
    this.#folders.add(folder);
    this.#envFile(join(folder, ".env"), false);
  }

  /** The second names of what the shell sets. */
  #shell(env: { readonly [name: string]: string }): { readonly [name: string]: string } {
    const set = [...this.#marking.names].filter((name) => env[name] !== undefined);
    return Object.fromEntries(
      set.map((name) => {
        const id = this.#marking.mark({ file: null, line: 0, start: 0, end: 0, kind: "shell" });
        return [name + SECOND, env[name] === "" ? "" : open(id) + (env[name] ?? "") + close(id)];
      }),
    );
  }
}

type Config = { readonly document: { readonly [top: string]: unknown } | null; readonly why: string };

/** A few bytes of aliases take Compose to all memory there is, and it does not end by SIGTERM. */
function config(program: string, cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const asked = [...args, "--profile", "*", "config", "--format", "json", "--no-consistency"];
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-c", 'ulimit -v 4000000; exec "$0" "$@"', program, ...asked],
    { cwd, env, encoding: "utf8", maxBuffer: 2 ** 28, timeout: 120_000, killSignal: "SIGKILL" },
  );
  const document = status === 0 ? (JSON.parse(stdout) as { readonly [top: string]: unknown }) : null;
  return { document, why: stderr };
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() === true;

type Value = { readonly [key: string]: unknown };
const isValue = (value: unknown): value is Value =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textAt = (of: Value | null, key: string): string | null => {
  const value = of?.[key];
  return typeof value === "string" ? value : null;
};

/** Reads what Compose made of the marked copy beside what it made of the project. */
class Answer {
  readonly #marks: readonly Mark[];
  readonly #texts = new Map<string, MarkedText>();
  readonly #reached = new Map<string, Mark[]>();

  constructor(marks: readonly Mark[]) {
    this.#marks = marks;
  }

  texts(marked: Value, plain: Value): ReadonlyMap<string, MarkedText> {
    for (const top of TOPS) this.#walk(marked[top], plain[top], top);
    for (const [at, reached] of this.#reached) {
      const text = this.#texts.get(at);
      if (text !== undefined) this.#texts.set(at, { ...text, reached });
    }
    return this.#texts;
  }

  #from(text: string): readonly Mark[] {
    return marksIn(text).flatMap((id) => this.#marks[id] ?? []);
  }

  #walk(marked: unknown, plain: unknown, at: string): void {
    if (typeof plain === "string") {
      const text = typeof marked === "string" ? marked : null;
      const isSure = text !== null && withoutMarks(text) === plain;
      this.#texts.set(at, { value: plain, from: text === null ? [] : this.#from(text), reached: [], isSure });
    } else if (Array.isArray(plain)) {
      const all: readonly unknown[] = Array.isArray(marked) ? marked : [];
      // A word that is empty is none, unless it has a mark.
      const own = all.length > plain.length ? all.filter((one) => withoutMarks(String(one)) !== "") : all;
      for (const [index, one] of plain.entries()) this.#walk(own[index], one, `${at}[${index}]`);
    } else if (isValue(plain)) this.#members(isValue(marked) ? marked : null, plain, at);
  }

  #members(marked: Value | null, plain: Value, at: string): void {
    for (const [key, value] of Object.entries(plain)) {
      const label = isValue(marked?.["labels"]) ? textAt(marked["labels"], "zqm") : null;
      if (key === "environment" && typeof value === "string" && label !== null) {
        this.#texts.set(`${at}.environment`, { value, from: this.#from(label), reached: [], isSure: true });
        continue;
      }
      if (key === "environment" && isValue(marked?.[key])) this.#reaching(marked[key], `${at}.${key}`);
      const own = `${at}.${key}`;
      this.#walk(typeof value === "string" ? textBeside(marked, key, value) : marked?.[key], value, own);
      if (typeof value === "string") this.#filledFromOwn(marked, key, own);
    }
  }

  /** A line of an env file that is filled from its service's variables: the line's own mark is in its second name. */
  #filledFromOwn(marked: Value | null, key: string, at: string): void {
    const text = this.#texts.get(at);
    const lines = this.#reached.get(at) ?? [];
    const last = text?.from.at(-1);
    if (text === undefined || last === undefined || last.kind !== "text" || lines.some(isSamePlace(last))) return;
    const more = this.#from(textAt(marked, key + SECOND) ?? "").filter((mark) => lines.some(isSamePlace(mark)));
    this.#texts.set(at, { ...text, from: [...text.from, ...more] });
  }

  #reaching(environment: Value, at: string): void {
    for (const name of Object.keys(environment)) {
      const [own = "", id] = name.split(REACHES);
      const mark = this.#marks[Number(id ?? Number.NaN)];
      if (mark !== undefined) this.#reached.set(`${at}.${own}`, [...(this.#reached.get(`${at}.${own}`) ?? []), mark]);
    }
  }
}

const isSamePlace =
  (mark: Mark) =>
  ({ file, line }: Mark): boolean =>
    file === mark.file && line === mark.line;

/** A text without a mark may have one beside it: in its second name, or the one of a variable that is passed on. */
function textBeside(marked: Value | null, key: string, plain: string): unknown {
  const own = textAt(marked, key);
  if (own === null || marksIn(own).length > 0) return own;
  const beside = [PASSED, SECOND].map((end) => textAt(marked, key + end));
  return beside.find((text) => text !== null && text !== "" && withoutMarks(text) === plain) ?? own;
}
