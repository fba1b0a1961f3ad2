const MARK = "[secret]";
/** By the name that Node gives it (Node's documentation, util.inspect.custom): every start would wait for its module. */
const INSPECTED = Symbol.for("nodejs.util.inspect.custom");

/**
 * A secret value: bytes that leave only through `expose()`.
 *
 * It prints as `[secret]` in every way there is: templates, `+`, `String()`, JSON, `console.log`, errors.
 * The files that may call `expose()` are listed in `test/architecture.test.ts`.
 */
export class Secret {
  /** Bytes, or text that nobody has asked for as bytes yet: most values are looked at once and dropped. */
  #value: Buffer | string;

  private constructor(value: Buffer | string) {
    this.#value = value;
  }

  /** Text is held as UTF-8. Bytes are copied, so that the caller may wipe its own. */
  static of(value: string | Uint8Array): Secret {
    return new Secret(typeof value === "string" ? value : Buffer.from(value));
  }

  /** The value's length in bytes. */
  get length(): number {
    return typeof this.#value === "string" ? Buffer.byteLength(this.#value, "utf8") : this.#value.length;
  }

  /** The bytes themselves, not a copy. Only for detection, stores, delivery and proofs. */
  expose(): Buffer {
    if (typeof this.#value === "string") this.#value = Buffer.from(this.#value, "utf8");
    return this.#value;
  }

  /** The value as text, invalid UTF-8 replaced: for detection, which reads every value once. */
  exposeText(): string {
    return typeof this.#value === "string" ? this.#value : this.#value.toString("utf8");
  }

  /** Compares in constant time; only the lengths may be learnt from the time it takes. */
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
