import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import type { ChannelSettings, ChannelTools } from "../contract/channel.ts";
import {
  either,
  formed,
  isText,
  map,
  mayBeNull,
  parse,
  says,
  type SchemaEntries,
  type EntryValues,
} from "../kit/schema/index.ts";
import { UnsprawlError } from "../model/error.ts";
import { Secret } from "../model/secret.ts";

/** A secret of a channel, read again each time: a rotated file counts from the next batch on. */
export type ReadChannelSecret = () => Promise<string>;

const LINE = /^[^\u0000-\u001f\u007f]+$/;
/** An argument may be empty. */
const LINES = /^[^\u0000-\u001f\u007f]*$/;
const SHARED = ["kind", "on", "minSeverity", "minConfidence"];

export const lineOfText = (): v.GenericSchema<string> => formed(LINE, "must be a line of text");

/** A key for a line of text. */
export function line(description: string): v.NullishSchema<v.GenericSchema<string>, undefined> {
  return mayBeNull(description, lineOfText());
}

/** A text, or a list of texts. */
export function oneOrMore(): v.GenericSchema<string | string[]> {
  const bad = says("must be a list of texts", "{key}: [one, two]");
  const list = v.array(formed(LINES, "must be a line of text"), bad);
  return either(isText, lineOfText(), v.pipe(list, v.nonEmpty(bad)));
}

/** The settings of one channel. Every method throws `config` that names the key. */
export class ChannelSettingsReader<E extends SchemaEntries = SchemaEntries> {
  readonly given: EntryValues<E>;
  readonly #settings: ChannelSettings;
  readonly #tools: ChannelTools;

  constructor(entries: E, settings: ChannelSettings, tools: ChannelTools) {
    this.#settings = settings;
    this.#tools = tools;
    // Keys that every channel has are read elsewhere: they are here so that a mistyped one is recognised.
    const shared = Object.fromEntries(SHARED.map((key) => [key, v.optional(v.unknown())]));
    const schema: v.GenericSchema<unknown, unknown> = map({ ...shared, ...entries });
    this.given = parse(schema, settings.keys, "", `notify.${settings.name}`) as EntryValues<E>;
  }

  /** A line of text; null if it is not set. */
  text(key: string): string | null {
    return ((this.given as { readonly [key: string]: unknown })[key] as string | null | undefined) ?? null;
  }

  /** A path, relative to the configuration file's folder; null if it is not set. */
  file(key: string): string | null {
    const value = this.text(key);
    return value === null ? null : resolve(this.#settings.dir, value);
  }

  get dir(): string {
    return this.#settings.dir;
  }

  /** The PEM text of `caFile`, read again each time; undefined if it is not set. */
  authority(): () => string | undefined {
    const file = this.file("caFile");
    return () => (file === null ? undefined : this.#read(file, "caFile"));
  }

  /**
   * `KEYFile: path` or `KEY: ref+…`; null if neither is set. Warns about a file that everybody on the machine may read.
   * The secret itself in the configuration is refused. `secretsIn` returns the parts by which it is recognised
   * elsewhere.
   */
  held(key: string, secretsIn: (text: string) => readonly string[] = (text) => [text]): ReadChannelSecret | null {
    const [given, file] = [this.text(key), this.file(`${key}File`)];
    if (given !== null && file !== null) throw this.wrong(key, `is set twice, also as ${key}File`, "keep one of them");
    if (given !== null && !given.startsWith("ref+"))
      throw this.wrong(key, "is a secret, which does not belong in the configuration", `${key}File: a file, 0600`);
    if (given === null && file === null) return null;
    if (file !== null) this.#warnIfOpen(file, `${key}File`);
    let known: Secret | null = null;
    return async () => {
      const secret = file === null ? await this.#resolved(given ?? "", key) : this.#secretFile(file, `${key}File`);
      // The redactor keeps all it is given: adding the same secret each time would fill it.
      const text = secret.exposeText();
      if (known === null || !known.equals(secret))
        for (const part of secretsIn(text)) this.#tools.know(Secret.of(part));
      known = secret;
      return text;
    };
  }

  wrong(key: string, message: string, hint: string | null = null): UnsprawlError {
    return new UnsprawlError("config", `notify.${this.#settings.name}.${key} ${message}`, hint);
  }

  async #resolved(reference: string, key: string): Promise<Secret> {
    const secret = await this.#tools.resolve(reference);
    if (secret !== null) return secret;
    throw this.wrong(key, "is a reference that no configured store can resolve", "unsprawl stores");
  }

  #secretFile(file: string, key: string): Secret {
    const text = this.#read(file, key).replace(/\r?\n$/, "");
    if (text === "") throw this.wrong(key, `names a file that is empty: ${file}`);
    return Secret.of(text);
  }

  #read(file: string, key: string): string {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === "ENOENT" ? "is not there" : code === "EACCES" ? "may not be read" : "cannot be read";
      throw this.wrong(key, `names a file that ${why}: ${file}`, "check its path and who may read it");
    }
  }

  #warnIfOpen(file: string, key: string): void {
    let mode = 0;
    try {
      ({ mode } = statSync(file));
    } catch {
      // An unreadable file is reported when it is read for sending.
    }
    if ((mode & 0o004) !== 0)
      this.#tools.warn(`notify.${this.#settings.name}.${key}: everyone on this machine may read ${file}: chmod 600`);
  }
}
