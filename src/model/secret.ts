import { timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

const MARK = "[secret]";

/**
 * A secret value: bytes that leave only through `expose()`.
 *
 * It prints as `[secret]` in every way there is: templates, `+`, `String()`, JSON, `console.log`, errors.
 * The files that may call `expose()` are listed in `test/architecture.test.ts`.
 */
export class Secret {
  readonly #value: Buffer;

  private constructor(value: Buffer) {
    this.#value = value;
  }

  /** Text is held as UTF-8. Bytes are copied, so that the caller may wipe its own. */
  static of(value: string | Uint8Array): Secret {
    return new Secret(typeof value === "string" ? Buffer.from(value, "utf8") : Buffer.from(value));
  }

  /** The value's length in bytes. */
  get length(): number {
    return this.#value.length;
  }

  /** The bytes themselves, not a copy. Only for detection, stores, delivery and proofs. */
  expose(): Buffer {
    return this.#value;
  }

  /** Compares in constant time; only the lengths may be learnt from the time it takes. */
  equals(other: Secret): boolean {
    return this.#value.length === other.#value.length && timingSafeEqual(this.#value, other.#value);
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

  [inspect.custom](): string {
    return MARK;
  }
}
