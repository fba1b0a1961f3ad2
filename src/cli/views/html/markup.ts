import { inHtml, jsonInHtml, printable } from "../../../kit/text/escape.ts";

/** HTML that may be put into a page. Only `markup` makes it, and it escapes every text it is given. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

type MarkupPart = Markup | string | number | readonly Markup[];

/** A template for HTML: inserted values are text, whatever they look like, unless they are markup themselves. */
export function markup(fixed: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return new Markup(fixed.map((text, at) => text + (at < parts.length ? inserted(parts[at] ?? "") : "")).join(""));
}

export const NOTHING: Markup = new Markup("");

function inserted(part: MarkupPart): string {
  if (part instanceof Markup) return part.html;
  if (typeof part === "object") return part.map(({ html }) => html).join("");
  return inHtml(printable(String(part)));
}

/** Data for the page's script. */
export function island(data: object): Markup {
  return new Markup(`<script type="application/json" id="data">${jsonInHtml(JSON.stringify(data))}</script>`);
}

/** The first items, the rest behind a disclosure that shows their number. */
export function capped(items: readonly Markup[], limit: number, what: string): Markup {
  // One more item is shown instead of a disclosure for one.
  if (items.length <= limit + 1) return markup`<ul>${items}</ul>`;
  return markup`<ul>${items.slice(0, limit)}</ul>
<details><summary>and ${number(items.length - limit)} more ${what}</summary><ul>${items.slice(limit)}</ul></details>`;
}

/** `20,000`. */
export function number(value: number): string {
  return value.toLocaleString("en-GB");
}

/** `1 secret`, `2 secrets`. */
export function counted(count: number, word: string, words = `${word}s`): string {
  return `${number(count)} ${count === 1 ? word : words}`;
}

/** `2026-01-31 18:25 UTC`; text that is not a time is shown as it is. */
export function when(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `2026-01-31`; nothing for what is not a time. */
export function day(time: number): string {
  return Number.isNaN(time) ? "" : new Date(time).toISOString().slice(0, 10);
}
