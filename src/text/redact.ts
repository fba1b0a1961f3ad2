import type { Secret } from "../model/secret.ts";

const MARK = "[secret]";
/** Shorter values are common words and digits; they are redacted in foreign text only, from this length on. */
const SHORTEST = 3;
/** From this length on a value that is not a plain word is redacted in everything that leaves the process. */
const DISTINCTIVE = 8;

/**
 * Takes known secret values out of text, raw and as they come encoded (JSON, base64 at every offset, base64url, hex,
 * percent, shell quoting). `foreign` is for text that others wrote (engine and store messages): every known value goes.
 * `guard` is for our own output at the sink, where a value such as `postgres` is also the name of a container:
 * only values that cannot be a mere word go.
 */
export class Redactor {
  readonly #all = new Needles();
  readonly #distinctive = new Needles();

  know(value: Secret): void {
    if (value.length < SHORTEST) return;
    const text = value.expose().toString("utf8");
    const forms = encodedForms(value.expose(), text);
    this.#all.add(text, forms);
    if (value.length >= DISTINCTIVE && !/^[A-Za-z]+$/.test(text) && !/^[a-z]+([-_./ ][a-z]+)*$/.test(text)) {
      this.#distinctive.add(text, forms);
    }
  }

  foreign(text: string): string {
    return this.#all.replace(text);
  }

  guard(text: string): string {
    return this.#distinctive.replace(text);
  }
}

/** Every form in which a value may turn up inside other text, without the value itself. */
export function encodedForms(bytes: Uint8Array, text: string): string[] {
  const buffer = Buffer.from(bytes);
  const forms = new Set<string>([
    JSON.stringify(text).slice(1, -1),
    buffer.toString("hex"),
    buffer.toString("hex").toUpperCase(),
  ]);
  // Inside a longer base64 text a value starts at one of three bit offsets; its inner part is the same each time.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), buffer]);
    const from = offset === 0 ? 0 : offset + 1;
    const to = Math.floor((padded.length * 8) / 6);
    const core = padded.toString("base64").slice(from, to);
    if (core.length >= DISTINCTIVE) forms.add(core).add(core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const percent = encodeURIComponent(text.toWellFormed());
  forms.add(percent).add(percent.replaceAll("%20", "+"));
  // Multi-line values are quoted line by line in logs.
  for (const line of text.split(/\r?\n/)) if (line.length >= 16 && line !== text) forms.add(line);
  forms.add(text.replaceAll("'", `'\\''`)).delete(text);
  return [...forms].filter((form) => form.length >= SHORTEST);
}

/** A set of strings to find in text: looked up by their first three characters, longest first. */
class Needles {
  readonly #byStart = new Map<string, string[]>();
  readonly #known = new Set<string>();

  add(value: string, forms: readonly string[]): void {
    if (this.#known.has(value)) return;
    for (const needle of [value, ...forms]) {
      if (this.#known.has(needle)) continue;
      this.#known.add(needle);
      const start = needle.slice(0, SHORTEST);
      const list = this.#byStart.get(start) ?? [];
      list.push(needle);
      this.#byStart.set(
        start,
        list.sort((a, b) => b.length - a.length),
      );
    }
  }

  replace(text: string): string {
    if (this.#byStart.size === 0) return text;
    const out: string[] = [];
    let kept = 0;
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      const needle = this.#byStart.get(text.slice(at, at + SHORTEST))?.find((one) => text.startsWith(one, at));
      if (needle === undefined) continue;
      out.push(text.slice(kept, at), MARK);
      kept = at + needle.length;
      at = kept - 1;
    }
    return kept === 0 ? text : out.join("") + text.slice(kept);
  }
}
