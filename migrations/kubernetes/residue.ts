import type { Secret } from "../../src/model/secret.ts";
import { trimEndOf } from "../../src/kit/text/trim.ts";

/** The lines of a text that contain a value, raw or in base64, as a whole word. */
export function linesWith(text: string, value: Secret): number[] {
  const plain = value.exposeText();
  const forms = [plain, trimEndOf(value.expose().toString("base64"), "=")].filter((form) => form.trim() !== "");
  const lines = new Set<number>();
  for (const form of forms)
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
      if (!isWord(text[at - 1]) && !isWord(text[at + form.length])) lines.add(lineAt(text, at));
  return [...lines].sort((a, b) => a - b);
}

const isWord = (char = ""): boolean => /[A-Za-z0-9]/.test(char);

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
