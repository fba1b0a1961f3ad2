import type { Secret } from "../model/secret.ts";
import { trimEndOf } from "../text/trim.ts";

/** The lines of a text that hold a value, as it is or in base64, as a word of its own. */
export function linesWith(text: string, value: Secret): number[] {
  const plain = value.exposeText();
  const forms = [plain, trimEndOf(value.expose().toString("base64"), "=")].filter((form) => form.trim() !== "");
  const found = new RegExp(forms.map((form) => `(?<![A-Za-z0-9])${literal(form)}(?![A-Za-z0-9])`).join("|"), "g");
  return forms.length === 0 ? [] : [...new Set([...text.matchAll(found)].map(({ index }) => lineAt(text, index)))];
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
