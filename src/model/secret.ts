import { isSecretsName } from "../kit/shell-names.ts";

const MARK = "[secret]";
/** `util.inspect.custom` by its registered name: importing node:util would slow down every start. */
const INSPECTED = Symbol.for("nodejs.util.inspect.custom");

/**
 * A secret value: bytes that leave only through `expose()`.
 *
 * It prints as `[secret]` in templates, `+`, `String()`, JSON, `console.log` and errors. The files that may call
 * `expose()` are listed in `test/architecture.test.ts`.
 */
export class Secret {
  /** Text stays a string until its bytes are needed: most values are classified once and dropped. */
  #value: Buffer | string;

  private constructor(value: Buffer | string) {
    this.#value = value;
  }

  /** Text is encoded as UTF-8. Bytes are copied, so the caller may wipe its buffer. */
  static of(value: string | Uint8Array): Secret {
    return new Secret(typeof value === "string" ? value : Buffer.from(value));
  }

  /** Length in bytes. */
  get length(): number {
    return typeof this.#value === "string" ? Buffer.byteLength(this.#value, "utf8") : this.#value.length;
  }

  /** The bytes themselves, not a copy. Only for detection, stores, delivery and verification. */
  expose(): Buffer {
    if (typeof this.#value === "string") this.#value = Buffer.from(this.#value, "utf8");
    return this.#value;
  }

  /** The value as text, invalid UTF-8 replaced. For detection, which reads every value once. */
  exposeText(): string {
    return typeof this.#value === "string" ? this.#value : this.#value.toString("utf8");
  }

  /** Constant-time; the timing reveals at most whether the lengths differ. */
  equals(other: Secret): boolean {
    const [mine, theirs] = [this.expose(), other.expose()];
    const { timingSafeEqual } = process.getBuiltinModule("node:crypto");
    return mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  toString(): string {
    return MARK;
  }

  toJSON(): string {
    return MARK;
  }

  [Symbol.toPrimitive](): string {
    return MARK;
  }

  [INSPECTED](): string {
    return MARK;
  }
}

/** Items by the value that they go with, found without a comparison with one value after the other. */
export class SecretIndex<T> {
  readonly #items = new Map<string, T[]>();

  add(value: Secret, item: T): void {
    const key = value.expose().toString("latin1");
    const items = this.#items.get(key);
    if (items === undefined) this.#items.set(key, [item]);
    else items.push(item);
  }

  get(value: Secret): readonly T[] {
    return this.#items.get(value.expose().toString("latin1")) ?? [];
  }
}

/**
 * Whether a value is so common that it may occur elsewhere by coincidence: up to four characters, a word, a number. Quotes
 * around it do not count: in a list, `- PASSWORD="admin"` makes them a part of the value.
 */
export function isPlain(value: Secret): boolean {
  const [, , text = ""] = /^(["']?)([^]*)\1$/.exec(value.expose().toString("utf8")) ?? [];
  return text.length < 5 || (text.length < 16 && /^([a-z]+|[A-Z]+|[A-Z][a-z]+|\d+)$/.test(text));
}

/**
 * Whether people also give a value to a user, a database or a network: a plain one, or words that dashes join, such as
 * `my_app`. In a container, it may stand elsewhere for that, and `ROOT_PASSWORD` in the name of a variable;
 * `ChangeMe` is what templates have in every place that is to be filled in.
 */
export function isNameLike(value: Secret): boolean {
  const [, , text = ""] = /^(["']?)([^]*)\1$/.exec(value.expose().toString("utf8")) ?? [];
  if (isPlain(value) || /^[A-Z]{2,12}(?:_[A-Z]{2,12}){1,3}$/.test(text) || isSecretsName(text)) return true;
  if (/^(?:[Cc]hange|[Rr]eplace|[Yy]our|[Mm]y|[Ss]ome|[Ee]nter)(?:[A-Z][a-z]{1,11}){1,2}$/.test(text)) return true;
  return text.length < 24 && /^[a-z]{2,16}(?:[-_](?:[a-z]{1,16}|\d{1,4})){1,3}$/.test(text);
}
